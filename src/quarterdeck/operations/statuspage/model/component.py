"""A component of a status page, and how it is: by hand, or as the service that it follows. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from quarterdeck.operations.health.model.state import State
from quarterdeck.operations.statuspage.model.faults import UnusableStatusPage
from quarterdeck.operations.statuspage.model.words import check_line, check_name, check_text

MAX_POSITION = 10_000


class Status(StrEnum):
    """How a component is, in the words of Atlassian's status pages; worse is later."""

    OPERATIONAL = "operational"
    MAINTENANCE = "under_maintenance"
    DEGRADED = "degraded_performance"
    PARTIAL = "partial_outage"
    MAJOR = "major_outage"


ORDER = list(Status)

BY_HEALTH: Mapping[State, Status] = {
    State.HEALTHY: Status.OPERATIONAL,
    State.DEGRADED: Status.DEGRADED,
    State.DOWN: Status.MAJOR,
}
"""What the state of a service means to who uses it; what is unknown means nothing."""

UNSAID = "nobody has said how it is"
UNWATCHED = "nothing watches it"
NEVER_SEEN = "it was never looked at"
OUT_OF_SIGHT = "it cannot be seen at the moment"
"""Why it is not known how a component is, for strangers: no words of a probe are among them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """What customers know by a name.

    Attributes:
        group: components of the same stand together; empty: it stands alone.
        position: lower stands higher.
        environment, service: the service of the registry that it follows; both or none.
    """

    name: str
    title: str
    group: str = ""
    description: str = ""
    position: int = 0
    environment: str = ""
    service: str = ""

    def __post_init__(self) -> None:
        check_name("component", self.name)
        check_line("a component's title", self.title, least=1)
        check_line("a component's group", self.group)
        check_text("a component's description", self.description)
        check_line("a component's environment", self.environment)
        check_line("a component's service", self.service)
        if not 0 <= self.position <= MAX_POSITION:
            raise UnusableStatusPage(f"a component's position is 0 to {MAX_POSITION}")
        if bool(self.environment) != bool(self.service):
            raise UnusableStatusPage("a component follows a service of an environment: name both")

    @property
    def follows(self) -> bool:
        """Whether it has a service to follow."""
        return bool(self.service)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptComponent:
    """A component as it stands.

    Attributes:
        said: how somebody said that it is; None: nobody did, it follows.
        post: the post that said so; empty: it was said apart from posts.
        status: how it is; None: that is not known.
        since: since when it is so; None: never known.
    """

    tenant: str
    version: int
    by: str
    at: datetime
    component: Component
    said: Status | None = None
    post: str = ""
    status: Status | None = None
    since: datetime | None = None


def status_of(said: Status | None, state: State | None, *, covered: bool) -> Status | None:
    """How a component is; None: that is not known.

    A person's word counts before a probe's. Maintenance covers both, except what a person said
    that is worse: then it is more than the maintenance.
    """
    if said is not None and not (covered and said is Status.OPERATIONAL):
        return said
    if covered:
        return Status.MAINTENANCE
    return BY_HEALTH.get(state) if state else None


def worst(statuses: Iterable[Status]) -> Status | None:
    """The worst of them; None of none."""
    return max(statuses, key=ORDER.index, default=None)
