"""A turn at looking: which service, and what stood when it was taken. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from quarterdeck.operations.health.model.registry import Service
from quarterdeck.operations.health.model.state import Outcome, Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A service to look at, and what stood when it was taken.

    Attributes:
        version: of the entry; by it a look at an entry of before is told.
    """

    id: str
    version: int
    standing: Standing

    @property
    def service(self) -> Service:
        """What to look at."""
        return self.standing.service


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one look at a claimed service found, by probe."""

    claim: Claim
    outcomes: Mapping[str, Outcome]
    at: datetime
