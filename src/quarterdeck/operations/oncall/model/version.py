"""A schedule as it is kept, and as it was. Pure."""

from dataclasses import dataclass
from datetime import datetime

from quarterdeck.operations.oncall.model.schedule import Schedule

APPLIED, DELETED = "applied", "deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What holds of a schedule: its newest version."""

    tenant: str
    version: int
    by: str
    at: datetime
    schedule: Schedule

    @property
    def name(self) -> str:
        """Of the schedule."""
        return self.schedule.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A schedule as it was from ``at`` on, until its next version.

    Attributes:
        how: ``applied``, ``overridden``, ``put back to N``, ``deleted`` and the like.
        why: in the words of whoever did it.
    """

    tenant: str
    version: int
    by: str
    at: datetime
    how: str
    why: str
    schedule: Schedule
