"""A page: what was promised, what was kept of it, and who answered. Pure."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from quarterdeck.kernel.text import is_storable
from quarterdeck.operations.escalation.model.faults import UnusablePage
from quarterdeck.operations.escalation.model.plan import StepKind
from quarterdeck.operations.escalation.model.policy import NOTHING, WORD

MOST_FACTS, LONGEST_TEXT, LONGEST_KEY = 50, 500, 2000

Pairs = tuple[tuple[str, str], ...]


class PageState(StrEnum):
    """Where a page is."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class StepState(StrEnum):
    """Where a step of a page is.

    ``held`` waits while somebody looks after the page; ``failed``: nobody could be told;
    ``void``: it is not due any more.
    """

    WAITING = "waiting"
    HELD = "held"
    TOLD = "told"
    FAILED = "failed"
    VOID = "void"


OPEN_STEPS = (StepState.WAITING, StepState.HELD)
DONE_STEPS = (StepState.TOLD, StepState.FAILED)


@dataclass(frozen=True, slots=True, kw_only=True)
class What:
    """What a page is about.

    Attributes:
        severity: a word of the ladder; one that nobody knows is taken for the worst.
        about: ``alert/12``, ``incident/INC-2026-000001``.
        flags: ``customer-impact``, ``major-outage``, ``security``.
    """

    title: str
    severity: str = ""
    about: str = ""
    facts: Pairs = ()
    links: Pairs = ()
    flags: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        _check_line("a title", self.title, least=1)
        for text in (self.severity, self.about):
            _check_line("a severity, or what it is about,", text)
        if max(len(self.facts), len(self.links)) > MOST_FACTS:
            raise UnusablePage(f"a page has at most {MOST_FACTS} facts, and links")
        for pair in (*self.facts, *self.links):
            if not is_storable("".join(pair)):
                raise UnusablePage("facts and links must have no NUL and no lone surrogate")
        check_flags(self.flags)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A page that is to be open.

    Attributes:
        policy: by its name.
        key: one page a key is open at a time.
        alerts: what it is about; whoever answers the page looks after these, and the other way
            round.
    """

    policy: str
    what: What
    key: str
    alerts: Collection[int] = ()

    def __post_init__(self) -> None:
        if not 1 <= len(self.key) <= LONGEST_KEY or not is_storable(self.key):
            raise UnusablePage(f"a key has 1 to {LONGEST_KEY} characters, without NUL")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page as it stands.

    Attributes:
        key: one page a key is open at a time.
        document: the whole policy, as it was when the page was opened.
        severity: by its name in the ladder.
        held: for how long somebody looked after it who then did not resolve it.
        means: by which somebody acknowledged it: ``link``, ``console``, ``api``, ``alerts``.
        holds_until: when an acknowledged page wants somebody again; None: never.
    """

    id: str
    tenant: str
    key: str
    policy: str
    version: int
    document: str
    what: What
    severity: str
    state: PageState
    opened_at: datetime
    held: timedelta = NOTHING
    acknowledged_at: datetime | None = None
    acknowledged_by: str = ""
    means: str = ""
    holds_until: datetime | None = None
    resolved_at: datetime | None = None
    resolved_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One way in which somebody was told, or why they were not.

    Attributes:
        target: as the policy has it; ``who``: whom it came to at that time.
        by: the means; ``message``: its id in the outbox; ``why``: why there is none, or why
            it was refused.
        where, address: as the outbox has it, to tell them again.
    """

    target: str
    who: str = ""
    by: str = ""
    where: str = ""
    address: str = ""
    message: str = ""
    why: str = ""

    @property
    def stands(self) -> bool:
        """Whether something was sent, and not refused."""
        return bool(self.message) and not self.why


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A step of a page in the ledger.

    Attributes:
        at: when it was told, or failed, or became void.
        told: who was told, by what.
        why: why nobody was, or why it is not due any more.
    """

    page: str
    tenant: str
    level: str
    kind: StepKind
    number: int
    due_at: datetime
    lasting: bool = False
    state: StepState = StepState.WAITING
    at: datetime | None = None
    told: tuple[Told, ...] = ()
    why: str = ""

    @property
    def key(self) -> str:
        """Its own within the page."""
        return f"{self.level}/{self.kind.value}/{self.number}"

    @property
    def messages(self) -> tuple[str, ...]:
        """The ids of what was sent for it, and not refused."""
        return tuple(one.message for one in self.told if one.stands)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change of a page.

    Attributes:
        what: opened, acknowledged, wanted again, changed, resolved.
        severity, flags: that hold from then on.
        words: why, or by what means.
    """

    at: datetime
    what: str
    by: str = ""
    words: str = ""
    severity: str = ""
    flags: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True, kw_only=True)
class Late:
    """A step that was not kept as it was promised, as the auditor found it."""

    page: str
    tenant: str
    step: str
    at: datetime
    why: str


def check_flags(flags: frozenset[str]) -> None:
    """Refuse what cannot be a flag."""
    for flag in flags:
        if not WORD.fullmatch(flag):
            raise UnusablePage(f"{flag[:80]!r} is no flag; as customer-impact")


def _check_line(what: str, text: str, *, least: int = 0) -> None:
    if not least <= len(text.strip()) or len(text) > LONGEST_TEXT:
        raise UnusablePage(f"{what} has {least} to {LONGEST_TEXT} characters")
    if not is_storable(text) or "\n" in text:
        raise UnusablePage(f"{what} must be one line, without NUL and lone surrogates")
