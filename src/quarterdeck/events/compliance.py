"""What compliance and programmes tell the rest of the platform."""

from dataclasses import dataclass
from typing import ClassVar

from quarterdeck.kernel.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplianceChecked(Event):
    """A compliance check was made and kept.

    Attributes:
        result: ``pass``, ``fail`` or ``not_known``.
    """

    action: ClassVar[str] = "compliance:check"
    about: ClassVar[str] = "check"
    public: ClassVar[frozenset[str]] = frozenset({"check", "framework", "result"})
    check: str
    framework: str
    result: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgrammeDefined(Event):
    """A programme was defined, or its requirements changed.

    Attributes:
        digest: SHA-256, hex, of the definition as canonical JSON.
    """

    action: ClassVar[str] = "programmes:write"
    about: ClassVar[str] = "programme"
    public: ClassVar[frozenset[str]] = frozenset({"programme", "deadline", "digest"})
    programme: str
    deadline: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgrammeEnabled(Event):
    """A tenant takes part in a programme."""

    action: ClassVar[str] = "programmes:enable"
    about: ClassVar[str] = "programme"
    public: ClassVar[frozenset[str]] = frozenset({"programme"})
    programme: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgrammeDisabled(Event):
    """A tenant takes part in a programme no more; its evidence stays."""

    action: ClassVar[str] = "programmes:disable"
    about: ClassVar[str] = "programme"
    public: ClassVar[frozenset[str]] = frozenset({"programme"})
    programme: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRecorded(Event):
    """Somebody said how a requirement stands, and where that can be seen."""

    action: ClassVar[str] = "programmes:evidence"
    about: ClassVar[str] = "programme"
    public: ClassVar[frozenset[str]] = frozenset({"programme", "requirement", "state"})
    programme: str
    requirement: str
    state: str
    link: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgrammeSyncRequested(Event):
    """Somebody asked that a programme's requirements be judged now."""

    action: ClassVar[str] = "sync:trigger"
    about: ClassVar[str] = "job"
    public: ClassVar[frozenset[str]] = frozenset({"job", "programme"})
    job: str
    programme: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgrammeJudged(Event):
    """A programme's requirements were judged for a tenant."""

    action: ClassVar[str] = "programmes:judge"
    about: ClassVar[str] = "programme"
    public: ClassVar[frozenset[str]] = frozenset({"programme", "met", "unmet", "not_known"})
    programme: str
    met: int
    unmet: int
    not_known: int
