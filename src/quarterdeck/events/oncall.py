"""What on-call tells: schedules that were written, shifts that changed hands."""

from dataclasses import dataclass
from typing import ClassVar

from quarterdeck.kernel.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class OncallScheduleApplied(Event):
    """Somebody said anew who is on call, put an earlier version back, or removed a schedule.

    Attributes:
        how: applied, put back to N, or deleted.
        digest: SHA-256 of its text, hexadecimal.
    """

    action: ClassVar[str] = "oncall:write"
    about: ClassVar[str] = "schedule"
    public: ClassVar[frozenset[str]] = frozenset({"schedule", "version", "how", "digest"})
    schedule: str
    version: str
    how: str
    why: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OncallShift(Event):
    """Something about a span of a schedule; no event by itself.

    Attributes:
        version: of the schedule, which this made.
    """

    action: ClassVar[str] = "oncall:override"
    about: ClassVar[str] = "schedule"
    schedule: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OncallOverridden(OncallShift):
    """A person takes a span, whoever else would have it.

    Attributes:
        start, end: RFC 3339, UTC.
    """

    public: ClassVar[frozenset[str]] = frozenset(
        {"schedule", "version", "override", "start", "end"}
    )
    override: str
    person: str
    start: str
    end: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OncallOverrideRemoved(OncallShift):
    """A span is again whose it would be without the override."""

    action: ClassVar[str] = "oncall:restore"
    public: ClassVar[frozenset[str]] = frozenset({"schedule", "version", "override"})
    override: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OncallSwapAsked(OncallShift):
    """Somebody asked somebody else to exchange spans."""

    action: ClassVar[str] = "oncall:ask"
    public: ClassVar[frozenset[str]] = frozenset({"schedule", "version", "swap"})
    swap: str
    person: str
    other: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OncallSwapAnswered(OncallShift):
    """A swap was accepted, and both spans changed hands; or it was refused."""

    action: ClassVar[str] = "oncall:answer"
    public: ClassVar[frozenset[str]] = frozenset({"schedule", "version", "swap", "answer"})
    swap: str
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OncallHandoffLeft(Event):
    """Whoever ends a shift left a note for whoever begins, or wrote it anew.

    Attributes:
        version: how often it was written.
        turn: when the shift changes hands; RFC 3339, UTC.
        digest: SHA-256 of the note, hexadecimal.
    """

    action: ClassVar[str] = "oncall:hand-off"
    about: ClassVar[str] = "schedule"
    public: ClassVar[frozenset[str]] = frozenset(
        {"schedule", "handoff", "version", "turn", "digest"}
    )
    schedule: str
    handoff: str
    version: str
    turn: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OncallHandoffTaken(Event):
    """Whoever begins a shift took it over."""

    action: ClassVar[str] = "oncall:take-over"
    about: ClassVar[str] = "schedule"
    public: ClassVar[frozenset[str]] = frozenset({"schedule", "handoff"})
    schedule: str
    handoff: str
