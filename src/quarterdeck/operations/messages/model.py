"""A message: one thing to tell one address until it is taken. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from quarterdeck.kernel.errors import Conflict, NotFound

WAITING, SENDING, SENT, FAILED, DROPPED = "waiting", "sending", "sent", "failed", "dropped"
STATES = (WAITING, SENDING, SENT, FAILED, DROPPED)
OPEN = (WAITING, SENDING)
LONGEST_WAIT = timedelta(minutes=55)
"""That a message may wait for others: so that it is there within the hour (AG-030), tries too."""

GIVE_UP = timedelta(hours=24)
"""For how long a message is tried."""

AT_ONCE = 5
"""Prompt messages to one address that may wait together before they are bundled."""

IN_BUNDLE = 50

IN_ORDER = ("pagerduty", "jira", "slack-rooms")
"""Kinds that put together themselves what is about one thing: one by one, as it was posted."""

ONE_TIME = "Acknowledge"
"""The label of a link that is good once, for whoever is told: it is shown to nobody else."""


CONFIRM, UNSUBSCRIBE = "Confirm", "Unsubscribe"
"""Labels of links that speak for whoever has them: likewise."""

ROOM, TOPIC = "Room", "Topic"
"""Labels of facts that an incident's own channel is told: its name, and what it is about."""

PRIVATE = frozenset({ONE_TIME, CONFIRM, UNSUBSCRIBE})


class NoSuchMessage(NotFound):
    """There is no such message, or none that this actor may see."""


class MessageMoved(Conflict):
    """What was asked of the message cannot be done in the state that it is in now."""


class Urgency(StrEnum):
    """How soon it must be told."""

    PAGE = "page"  # never delayed: not by quiet hours, bundling or a limit a minute
    PROMPT = "prompt"  # at once
    BATCH = "batch"  # may wait, and be bundled, for an hour at most
    WHOLE = "whole"  # as prompt, and never bundled: it is kept, and what is bundled may be cut


class Where(StrEnum):
    """What kind of name an address has."""

    MAIL = "mail"  # an address
    CHANNEL = "channel"  # a channel's name in the tenant
    PERSON = "person"  # a person's word as on-call schedules have it: their methods say how


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Whom to tell."""

    where: Where
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What is told, in words that every channel can show.

    Attributes:
        title: one line.
        text: plain paragraphs.
        severity: ``critical``, ``error``, ``warning``, ``info``, or empty.
        state: ``firing``, ``acknowledged``, ``resolved`` or ``info``; ``closed``, of an
            incident whose postmortem is done, to its own channel alone.
        facts: pairs of a label and a value.
        links: pairs of a label and an address on the web.
        priority: of the ticket that it becomes: ``urgent``, ``backlog``; empty: as severe as it is.
    """

    title: str
    text: str = ""
    severity: str = ""
    state: str = "info"
    facts: tuple[tuple[str, str], ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    priority: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """What came of posting to one address by one way.

    Attributes:
        message: its id; empty where there is no way.
        why: why there is none.
    """

    address: Address
    message: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which messages are looked for; what is empty leaves them be."""

    states: Sequence[str] = ()
    about: str = ""
    channel: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One thing to tell one address, and what became of it.

    Attributes:
        seq: grows with each that is posted; 0: it is not posted yet.
        about: what it is about: ``page/ID``, ``incident/INC-2026-000001``, ``channel/NAME``.
        key: the same key to the same way within a tenant is the same message.
        way: where it goes: ``channel:NAME`` or ``mail:ADDRESS``.
        channel: the channel that it goes by; empty: it goes to a mail address of its own.
        kind: of that channel, or ``email``.
        address: where it goes, as people call it: ``#atp-incidents``.
        person: the word of the person who is told; empty: it is told nobody in person.
        attempts: how often sending was begun.
        fence: grows with each attempt; whoever holds an older one may write nothing.
        receipt: what the receiver calls it.
        due_at: when it is sent next; while it is sent, when another may take over.
        give_up_at: when it is tried no more.
    """

    id: str
    seq: int = 0
    tenant: str
    key: str
    about: str
    way: str
    channel: str
    kind: str
    address: str
    person: str
    urgency: Urgency
    content: Content
    state: str
    created_at: datetime
    due_at: datetime
    give_up_at: datetime
    attempts: int = 0
    fence: int = 0
    error: str = ""
    receipt: str = ""
    ended_at: datetime | None = field(default=None)

    @property
    def is_open(self) -> bool:
        """Whether it is yet to be told."""
        return self.state in OPEN
