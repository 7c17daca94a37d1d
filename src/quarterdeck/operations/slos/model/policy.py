"""The error-budget policy of runbook 004 (L396-401): what a spent budget demands. Pure."""

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction


class Demand(StrEnum):
    """What must happen."""

    FEATURES = "features"
    EMERGENCY = "emergency"
    INCIDENT = "incident"
    POSTMORTEM = "postmortem"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """From ``percent`` of the budget on, ``demand`` holds."""

    percent: int
    demand: Demand
    words: str

    @property
    def share(self) -> Fraction:
        """The part of the budget."""
        return Fraction(self.percent, 100)


STEPS = (
    Step(percent=10, demand=Demand.FEATURES, words="feature releases are frozen"),
    Step(percent=25, demand=Demand.EMERGENCY, words="emergency freeze: stability only"),
    Step(percent=50, demand=Demand.INCIDENT, words="an incident is declared, all hands"),
    Step(percent=100, demand=Demand.POSTMORTEM, words="a postmortem and a review of the process"),
)


def reached(share: Fraction) -> frozenset[Demand]:
    """What a budget demands of which ``share`` is consumed; exactly a step's is enough."""
    return frozenset(one.demand for one in STEPS if share >= one.share)
