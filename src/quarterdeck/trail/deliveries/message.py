"""A message that was not received at once, and how people ask for those."""

import json
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from quarterdeck.trail.deliveries.model import Failure, Limits, Reason, State, pause_after

MAX_ID = 100


class Kind(StrEnum):
    """What kind of failure it is; it says what to do next (runbook 004, topic 19)."""

    SCHEMA = "schema"
    AUTH = "auth"
    TRANSIENT = "transient"
    LOGIC = "logic"
    MALICIOUS = "malicious"


USUAL_KIND = {
    Reason.DELIVERY_COUNT: Kind.LOGIC,
    Reason.TTL: Kind.TRANSIENT,
    Reason.LOCK_LOST: Kind.TRANSIENT,
    Reason.UNAUTHORIZED: Kind.AUTH,
    Reason.SERIALIZATION: Kind.SCHEMA,
}
"""The kind of a dead letter by its reason, until a person says otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One record on its way to one consumer.

    Attributes:
        index: of the record in its log; for a fact of the platform, its sequence.
        id: the record's; where it cannot be read, log and index.
        enqueued_at: when the record was received.
        first_at: when its delivery first failed.
        lock: what a person who received the dead letter was given; good until ``locked_until``.
        note: why it was quarantined.
        replay: the replay that it is part of; empty: none.
    """

    consumer: str
    log: str
    index: int
    id: str
    state: State
    deliveries: int
    due_at: datetime
    failure: Failure
    kind: Kind
    enqueued_at: datetime
    first_at: datetime
    dead_at: datetime | None = None
    locked_until: datetime | None = None
    lock: str = ""
    note: str = ""
    noted_by: str = ""
    replay: str = ""

    def failed(self, failure: Failure, limits: Limits, now: datetime) -> "Message":
        """As it is after one more delivery failed: scheduled again, or a dead letter."""
        tries = self.deliveries + 1
        # A replay is one try: whoever ordered it waits for the outcome.
        over = failure.final or tries >= limits.deliveries or bool(self.replay)
        return replace(
            self,
            state=State.DEAD if over else State.SCHEDULED,
            deliveries=tries,
            due_at=now + pause_after(tries),
            failure=failure,
            kind=USUAL_KIND[failure.reason],
            dead_at=now if over else None,
            replay="",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which dead letters are meant; what is empty does not narrow.

    Attributes:
        since, until: when the record was received: from, and before.
        dead_since: when it became a dead letter: from.
        unlocked_at: only those that nobody has received then.
        quarantined: those too.
    """

    consumer: str
    reason: str = ""
    kind: str = ""
    tenant: str = ""
    message: str = ""
    since: datetime | None = None
    until: datetime | None = None
    dead_since: datetime | None = None
    unlocked_at: datetime | None = None
    quarantined: bool = False


def id_of(log: str, index: int, entry: bytes) -> str:
    """The id of a message: its record's; where that cannot be read, log and index."""
    try:
        found = json.loads(entry)["id"]
    except (ValueError, TypeError, KeyError):
        found = None
    if isinstance(found, str) and 0 < len(found) <= MAX_ID and found.isprintable():
        return found
    return f"{log}:{index}"
