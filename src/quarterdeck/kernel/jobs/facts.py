"""What people did about jobs."""

from dataclasses import dataclass
from typing import ClassVar

from quarterdeck.kernel.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class JobCancelled(Event):
    """Somebody asked a job to stop."""

    action: ClassVar[str] = "jobs:cancel"
    about: ClassVar[str] = "job"
    public: ClassVar[frozenset[str]] = frozenset({"job", "kind"})
    job: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobDecided(Event):
    """Somebody said what became of a step that left no outcome.

    Attributes:
        answer: ``again`` (it did not happen) or ``done``.
    """

    action: ClassVar[str] = "jobs:decide"
    about: ClassVar[str] = "job"
    public: ClassVar[frozenset[str]] = frozenset({"job", "kind", "step", "answer"})
    job: str
    kind: str
    step: str
    answer: str
