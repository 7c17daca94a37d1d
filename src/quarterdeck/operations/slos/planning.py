"""What is to be counted of an SLO, by all that was applied for a tenant. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction

from quarterdeck.kernel.errors import Invalid
from quarterdeck.operations.slos.model import burn
from quarterdeck.operations.slos.model.budget import allowed
from quarterdeck.operations.slos.model.burn import BurnRule, extra, least_events
from quarterdeck.operations.slos.model.measure import Measure, measure, step_of
from quarterdeck.operations.slos.model.openslo import (
    AlertCondition,
    AlertPolicy,
    Budgeting,
    DataSource,
    Object,
    Objective,
    Sli,
    Slo,
    UnusableSlo,
    kind_of,
)
from quarterdeck.operations.slos.model.policy import STEPS, Step, steps_of

LEAST, ENVIRONMENT = "quarterdeck/min-events", "quarterdeck/environment"
"""Annotations of an SLO: the fewest events that say something, and where its service runs."""

POLICY = "quarterdeck/budget-policy"
"""Another: what its spent budget demands, as ``features 10, emergency 25``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The objects of a tenant, by name."""

    slis: Mapping[str, Sli]
    sources: Mapping[str, DataSource]
    policies: Mapping[str, AlertPolicy]
    conditions: Mapping[str, AlertCondition]


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """An objective, and what is counted of it.

    Attributes:
        number: its place among those of the SLO, from 1 on.
        fault: why nothing can be counted; empty where it can.
        rules: of burn rates, that it is judged by.
    """

    slo: Slo
    objective: Objective
    number: str
    measure: Measure | None
    fault: str
    rules: tuple[BurnRule, ...]

    @property
    def title(self) -> str:
        """What people call the objective."""
        return self.objective.display_name or f"{percent(self.objective)} %"

    @property
    def reach(self) -> timedelta:
        """How far back its burn rates look: of a window by the calendar, to before it began."""
        return max((one.long for one in self.rules), default=timedelta(0))

    @property
    def environment(self) -> str:
        """Where the service runs; empty: not said."""
        return self.slo.metadata.annotations.get(ENVIRONMENT, "")

    def least(self, rate: Fraction) -> int:
        """How many events it takes to say something of ``rate``.

        By slices of time there need be none: a bad minute is a bad minute at night as well.
        """
        said = self.slo.metadata.annotations.get(LEAST)
        if said is not None:
            return whole(said)
        counting = self.measure is not None and self.measure.of_events
        if not counting or self.slo.budgeting is not Budgeting.OCCURRENCES:
            return 0
        return least_events(rate, allowed(self.objective.target))


def steps(slo: Slo) -> tuple[Step, ...]:
    """What a spent budget of an SLO demands: its own policy, or the usual one."""
    said = slo.metadata.annotations.get(POLICY)
    return STEPS if said is None else steps_of(said)


def percent(objective: Objective) -> str:
    """A target as people write it: 99.9."""
    words = f"{objective.target.scaleb(2):f}"
    return words.rstrip("0").rstrip(".") if "." in words else words


def known(objects: Iterable[Object]) -> Known:
    """The objects that others refer to, by kind and name."""
    every = list(objects)
    return Known(
        slis={one.metadata.name: one for one in every if isinstance(one, Sli)},
        sources={one.metadata.name: one for one in every if isinstance(one, DataSource)},
        policies={one.metadata.name: one for one in every if isinstance(one, AlertPolicy)},
        conditions={one.metadata.name: one for one in every if isinstance(one, AlertCondition)},
    )


def plan(tenant: str, slo: Slo, among: Known) -> list[Planned]:
    """Each objective of an SLO."""
    return [
        _planned(tenant, slo, objective, str(number), among)
        for number, objective in enumerate(slo.objectives, 1)
    ]


def _planned(tenant: str, slo: Slo, objective: Objective, number: str, among: Known) -> Planned:
    found, fault = None, ""
    try:
        found = measure(tenant, slo, objective, sli_of(slo, among), among.sources)
    except Invalid as error:
        fault = str(error)
    rules = (*burn.rules(slo.window, step_of(slo, objective)), *_extra(slo, among))
    return Planned(
        slo=slo, objective=objective, number=number, measure=found, fault=fault, rules=rules
    )


def sli_of(slo: Slo, among: Known) -> Sli:
    """What is measured.

    Raises:
        UnusableSlo: the SLI that it refers to is not there.
    """
    if isinstance(slo.indicator, Sli):
        return slo.indicator
    found = among.slis.get(slo.indicator)
    if found is None:
        raise UnusableSlo(f"no SLI {slo.indicator[:80]!r}: apply it first, or with the SLO")
    return found


def refers(one: Object) -> set[tuple[str, str]]:
    """Kind and name of each object that must be there so that ``one`` can be counted."""
    if isinstance(one, Slo):
        return {("SLI", one.indicator)} if isinstance(one.indicator, str) else refers(one.indicator)
    if not isinstance(one, Sli):
        return set()
    return {("DataSource", source.ref) for source in one.sources if source.ref}


def touched(objects: Iterable[Object], by: Iterable[Object]) -> list[Slo]:
    """The SLOs among ``objects`` of which something else may be counted by ``by``."""
    every = list(objects)
    names = {(kind_of(one), one.metadata.name) for one in by}
    slis = [one for one in every if isinstance(one, Sli) and refers(one) & names]
    names |= {("SLI", one.metadata.name) for one in slis}
    return [
        one
        for one in every
        if isinstance(one, Slo)
        and (refers(one) & names or (kind_of(one), one.metadata.name) in names)
    ]


def _extra(slo: Slo, among: Known) -> tuple[BurnRule, ...]:
    """What its alert policies ask for besides; a name that is not there asks for nothing yet."""
    policies = [among.policies.get(one) if isinstance(one, str) else one for one in slo.policies]
    found = [
        among.conditions.get(one) if isinstance(one, str) else one
        for policy in policies
        if policy is not None
        for one in policy.conditions
    ]
    return tuple(extra(one) for one in found if one is not None)


def check(slo: Slo) -> None:
    """Refuse annotations of ours that say nothing."""
    said = slo.metadata.annotations.get(LEAST)
    if said is not None:
        whole(said)
    steps(slo)


def whole(words: str) -> int:
    """A number from 0 on."""
    if not (words.isascii() and words.isdigit() and len(words) <= 12):  # noqa: PLR2004  digits
        raise UnusableSlo(f"{LEAST}: expected a whole number, got {words[:40]!r}")
    return int(words)
