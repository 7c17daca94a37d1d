"""How all of a status page is, in a word. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from quarterdeck.operations.statuspage.model.component import Status
from quarterdeck.operations.statuspage.model.post import Post

NONE, MINOR, MAJOR, CRITICAL, MAINTENANCE = "none", "minor", "major", "critical", "maintenance"
LEVELS = (NONE, MAINTENANCE, MINOR, MAJOR, CRITICAL)
WORDS = {
    NONE: "All Systems Operational",
    MAINTENANCE: "Service Under Maintenance",
    MINOR: "Minor Service Outage",
    MAJOR: "Partial System Outage",
    CRITICAL: "Major Service Outage",
}
"""In the words of Atlassian's status pages."""

LEVEL_OF = {
    Status.OPERATIONAL: NONE,
    Status.MAINTENANCE: MAINTENANCE,
    Status.DEGRADED: MINOR,
    Status.PARTIAL: MAJOR,
    Status.MAJOR: CRITICAL,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Overall:
    """How all of it is.

    Attributes:
        indicator: none, maintenance, minor, major or critical; None: that is not known.
    """

    indicator: str | None
    description: str


def overall(statuses: Sequence[Status | None], waiting: Iterable[Post]) -> Overall:
    """The worst of components and of posts that are not over.

    All is well only where all of it is known to be.
    """
    known = [status for status in statuses if status is not None]
    levels = [LEVEL_OF[status] for status in known]
    levels += [post.impact.value for post in waiting]
    level = max(levels, key=LEVELS.index, default=NONE)
    if level == NONE and len(known) < max(len(statuses), 1):
        return Overall(indicator=None, description=_dark(len(statuses) - len(known)))
    return Overall(indicator=level, description=WORDS[level])


def _dark(many: int) -> str:
    if not many:
        return "Nothing Is Shown Here Yet"
    return f"Status of {many} Component{'s' if many > 1 else ''} Not Known"
