"""Error-budget policies: what a spent budget demands, from which part of it on. Pure.

The usual one is that of runbook 004 (L396-401); an SLO may say its own.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise

from quarterdeck.operations.slos.model.openslo import UnusableSlo


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


WORDS = {
    Demand.FEATURES: "feature releases are frozen",
    Demand.EMERGENCY: "emergency freeze: stability only",
    Demand.INCIDENT: "an incident is declared, all hands",
    Demand.POSTMORTEM: "a postmortem and a review of the process",
}
STEPS = tuple(
    Step(percent=percent, demand=demand, words=WORDS[demand])
    for demand, percent in zip(Demand, (10, 25, 50, 100), strict=True)
)
"""The usual policy."""

NOTHING = "none"
SAID = re.compile(r"([a-z]+) ([0-9]{1,3})")


def steps_of(said: str) -> tuple[Step, ...]:
    """The policy that somebody wrote: ``features 10, emergency 25``; ``none`` demands nothing.

    Raises:
        UnusableSlo: a step is none, stands twice, or comes before a smaller one.
    """
    if said.strip() == NOTHING:
        return ()
    found = tuple(_step(one.strip()) for one in said.split(","))
    if len({one.demand for one in found}) < len(found):
        raise UnusableSlo(f"a budget policy demands each but once, got {said[:80]!r}")
    if any(near.percent >= far.percent for near, far in pairwise(found)):
        raise UnusableSlo(f"the steps of a budget policy ascend, got {said[:80]!r}")
    return found


def written(steps: Sequence[Step]) -> str:
    """What ``steps_of`` reads."""
    return ", ".join(f"{one.demand.value} {one.percent}" for one in steps) or NOTHING


def reached(share: Fraction, steps: Sequence[Step] = STEPS) -> frozenset[Demand]:
    """What a budget demands of which ``share`` is consumed; exactly a step's is enough."""
    return frozenset(one.demand for one in steps if share >= one.share)


def _step(said: str) -> Step:
    found = SAID.fullmatch(said)
    if found is None or found[1] not in {one.value for one in Demand}:
        raise UnusableSlo(
            f"{said[:40]!r} is no step of a budget policy; expected as: features 10; "
            f"there are {', '.join(Demand)}"
        )
    if not 1 <= int(found[2]) <= 100:  # noqa: PLR2004  percent
        raise UnusableSlo(f"a step of a budget policy is at 1 to 100 percent, got {said[:40]!r}")
    demand = Demand(found[1])
    return Step(percent=int(found[2]), demand=demand, words=WORDS[demand])
