"""What is posted on a status page: incidents and maintenance, each with its updates. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from quarterdeck.kernel.clock import since
from quarterdeck.operations.statuspage.model.component import Status
from quarterdeck.operations.statuspage.model.faults import UnusableStatusPage
from quarterdeck.operations.statuspage.model.words import MAX_MANY, check_line, check_text

UPDATED_EVERY = timedelta(hours=1)
"""That customers hear of an incident that is not over (runbook 004, L806)."""


class PostKind(StrEnum):
    """What a post is about."""

    INCIDENT = "incident"
    MAINTENANCE = "maintenance"


class Stage(StrEnum):
    """Where a post is, in the words of Atlassian's status pages."""

    INVESTIGATING = "investigating"
    IDENTIFIED = "identified"
    MONITORING = "monitoring"
    RESOLVED = "resolved"
    POSTMORTEM = "postmortem"
    SCHEDULED = "scheduled"
    IN_PROGRESS = "in_progress"
    VERIFYING = "verifying"
    COMPLETED = "completed"


STAGES: Mapping[PostKind, tuple[Stage, ...]] = {
    PostKind.INCIDENT: (
        *(Stage.INVESTIGATING, Stage.IDENTIFIED, Stage.MONITORING),
        *(Stage.RESOLVED, Stage.POSTMORTEM),
    ),
    PostKind.MAINTENANCE: (
        *(Stage.SCHEDULED, Stage.IN_PROGRESS, Stage.VERIFYING, Stage.COMPLETED),
    ),
}
OVER = frozenset({Stage.RESOLVED, Stage.POSTMORTEM, Stage.COMPLETED})


class PostImpact(StrEnum):
    """How much customers feel of it."""

    NONE = "none"
    MINOR = "minor"
    MAJOR = "major"
    CRITICAL = "critical"
    MAINTENANCE = "maintenance"


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A post as it stands.

    Attributes:
        incident: the id of our own incident; strangers never see it. Empty: none.
        window: the maintenance window that it announces; empty: none.
        starts_at, ends_at: of maintenance: as planned.
        affected: how it says that components are.
        updated_at: of its last update.
    """

    id: str
    tenant: str
    version: int
    kind: PostKind
    title: str
    impact: PostImpact
    stage: Stage
    incident: str = ""
    window: str = ""
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    affected: Mapping[str, Status] = field(default_factory=dict)
    created_at: datetime
    updated_at: datetime
    monitoring_at: datetime | None = None
    resolved_at: datetime | None = None
    by: str = ""

    def __post_init__(self) -> None:
        check_line("a post's title", self.title, least=1)
        check_stage(self.kind, self.stage)
        if (self.kind is PostKind.MAINTENANCE) != (self.impact is PostImpact.MAINTENANCE):
            raise UnusableStatusPage(
                "maintenance has the impact maintenance, an incident any of the others"
            )
        if len(self.affected) > MAX_MANY:
            raise UnusableStatusPage(f"a post is about {MAX_MANY} components at most")

    @property
    def is_open(self) -> bool:
        """Whether it is not over."""
        return self.stage not in OVER

    @property
    def holds(self) -> bool:
        """Whether components are as it says now: a plan, and what a window covers, set nothing."""
        return self.is_open and not self.window and self.stage is not Stage.SCHEDULED

    @property
    def due_at(self) -> datetime | None:
        """When customers are to hear more; None: nothing more is awaited."""
        awaited = self.kind is PostKind.INCIDENT and self.is_open
        return self.updated_at + UPDATED_EVERY if awaited else None

    def is_overdue(self, now: datetime) -> bool:
        """Whether customers wait for longer than they were told to."""
        return self.due_at is not None and since(now, self.updated_at) > UPDATED_EVERY


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What an update says of one component; ``old`` None: that was not known."""

    component: str
    old: Status | None
    new: Status | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """One thing that was said, once."""

    id: str
    post: str
    stage: Stage
    text: str
    changes: tuple[Change, ...] = ()
    at: datetime
    by: str = ""

    def __post_init__(self) -> None:
        check_text("an update", self.text, least=1)


def check_stage(kind: PostKind, stage: Stage) -> None:
    """Refuse a word that is another kind's; raise UnusableStatusPage."""
    if stage not in STAGES[kind]:
        raise UnusableStatusPage(
            f"{stage} is no stage of {kind}; there are {', '.join(STAGES[kind])}"
        )
