"""How an objective stands, by what was counted of it. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from quarterdeck.operations.slos.model.budget import Budget, Tally, budget
from quarterdeck.operations.slos.model.burn import Burn, BurnRule, burn
from quarterdeck.operations.slos.model.measure import Measure
from quarterdeck.operations.slos.model.policy import reached
from quarterdeck.operations.slos.model.standing import (
    Standing,
    Verdict,
    is_stale,
    number,
    shown,
    verdict,
)
from quarterdeck.operations.slos.planning import Planned, steps

Tallying = Callable[[datetime, datetime], Tally]
"""What the slices that end in (since, until] add up to."""

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """When it is judged.

    Attributes:
        now: by the clock.
        counted: to where slices are counted, or could not be.
    """

    now: datetime
    counted: datetime


def judge(
    tenant: str, planned: Planned, measure: Measure, tally: Tallying, at: Moment, reason: str
) -> Standing:
    """How an objective stands whose slices ``tally`` adds up; ``reason`` is why some lack."""
    slo, objective = planned.slo, planned.objective
    since, until = slo.window.around(at.counted)
    whole = tally(since, until)
    found = budget(objective.target, slo.budgeting, whole, measure.step)
    burns = [_burn(planned, rule, tally, at) for rule in planned.rules]
    demands, little = _demands(planned, found, whole)
    slices = (until - since) // measure.step
    stale = is_stale(whole.newest, at.now, measure.step)
    return Standing(
        tenant=tenant,
        slo=slo.metadata.name,
        objective=planned.number,
        title=planned.title,
        target=f"{objective.target:f}",
        measure=measure.key,
        at=at.now,
        verdict=verdict(found, burns, stale=stale),
        reason=reason,
        since=since,
        until=until,
        minutes=float(found.minutes),
        consumed_minutes=number(found.consumed),
        left_minutes=number(found.left),
        share=number(found.share),
        attained=number(found.attained),
        coverage=float(found.coverage),
        excluded_minutes=(slices - whole.expected) * measure.step / MINUTE,
        newest=whole.newest,
        burns=tuple(map(shown, burns)),
        demands=demands,
        little=little,
        stale=stale,
    )


def unknown(tenant: str, planned: Planned, now: datetime) -> Standing:
    """How an objective stands of which nothing can be counted."""
    since, until = planned.slo.window.around(now)
    may = 1 - planned.objective.target
    return Standing(
        tenant=tenant,
        slo=planned.slo.metadata.name,
        objective=planned.number,
        title=planned.title,
        target=f"{planned.objective.target:f}",
        measure="",
        at=now,
        verdict=Verdict.UNKNOWN,
        reason=planned.fault,
        since=since,
        until=until,
        minutes=float(may) * ((until - since) / MINUTE),
        consumed_minutes=None,
        left_minutes=None,
        share=None,
        attained=None,
        coverage=0.0,
        excluded_minutes=0.0,
        newest=None,
        burns=(),
        demands=(),
        stale=True,
    )


def _burn(planned: Planned, rule: BurnRule, tally: Tallying, at: Moment) -> Burn:
    tallies = [tally(at.counted - length, at.counted) for length in (rule.long, rule.short)]
    least = planned.least(rule.rate)
    return burn(rule, planned.objective, planned.slo.budgeting, tallies, least)


def _demands(planned: Planned, found: Budget, whole: Tally) -> tuple[tuple[str, ...], bool]:
    """What the policy demands; where events are too few, nothing, and that it is so."""
    policy = steps(planned.slo)
    due = frozenset() if found.share is None else reached(found.share, policy)
    passed = [one for one in policy if one.demand in due]
    meant = [one for one in passed if whole.total >= planned.least(one.share)]
    return tuple(one.demand.value for one in meant), len(meant) < len(passed)
