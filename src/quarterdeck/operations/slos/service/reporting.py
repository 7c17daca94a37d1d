"""What was attained of each promise over a period that has passed, or passes: the SLA report."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from quarterdeck.kernel.errors import Invalid
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.slos.model.budget import MINUTE, budget
from quarterdeck.operations.slos.model.openslo import Slo
from quarterdeck.operations.slos.model.standing import number
from quarterdeck.operations.slos.planning import Planned, known, plan
from quarterdeck.operations.slos.service.applying import READ, SLO, kept
from quarterdeck.operations.slos.service.evaluating import LAG, floored, tallied
from quarterdeck.operations.slos.store import objects

LONGEST = timedelta(days=366)


class UnusablePeriod(Invalid):
    """Nothing can be reported of such a period."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attainment:
    """What was attained of one objective.

    Attributes:
        attained: the part that was good of what is known, 0 to 1; None: nothing is known.
        met: whether that reaches the target; None: not known.
        allowed_minutes: that could be lost in the period; ``lost_minutes`` were.
        coverage: how much of what has passed is known, 0 to 1.
        excluded_minutes: spent in maintenance, which counts for nothing.
        reason: why nothing can be counted; empty where it can.
    """

    tenant: str
    service: str
    slo: str
    title: str
    objective: str
    target: str
    attained: float | None
    met: bool | None
    allowed_minutes: float
    lost_minutes: float | None
    coverage: float
    excluded_minutes: float
    reason: str = ""


def report(work: Work, since: datetime, until: datetime, tenant: str = "") -> list[Attainment]:
    """Each objective by tenant, service and SLO, over [since, until).

    What was counted is kept for as long as a window reaches back: of what is older, the
    coverage says that it is not known.

    Raises:
        UnusablePeriod: it ends before it begins, or is longer than a leap year.
    """
    asked = work.require(READ, tenant) if tenant else work.tenants(READ)
    if not timedelta(0) < until - since <= LONGEST:
        raise UnusablePeriod(f"a period ends after it begins, at most {LONGEST.days} days later")
    found = [
        _attained(work, one, planned, (since, until))
        for one in {row.tenant for row in objects.found(work.db, asked, (SLO,))}
        for planned in _plans(work, one)
    ]
    return sorted(found, key=lambda one: (one.tenant, one.service, one.slo, one.objective))


def _plans(work: Work, tenant: str) -> list[Planned]:
    every = kept(work, Tenants(frozenset({tenant})))
    among = known(every)
    return [one for slo in every if isinstance(slo, Slo) for one in plan(tenant, slo, among)]


def _attained(
    work: Work, tenant: str, planned: Planned, period: tuple[datetime, datetime]
) -> Attainment:
    slo, target, measure = planned.slo, planned.objective.target, planned.measure
    own = Tenants(frozenset({tenant}))
    if measure is None:
        found, excluded = None, 0.0
    else:
        since, until = (floored(at, measure.step) for at in period)
        counted = min(floored(work.now - LAG, measure.step), until)
        tally = tallied(work, own, measure, since, until, counted)
        found = budget(target, slo.budgeting, tally, measure.step)
        excluded = ((until - since) // measure.step - tally.expected) * measure.step / MINUTE
    attained = found.attained if found else None
    return Attainment(
        tenant=tenant,
        service=slo.service,
        slo=slo.metadata.name,
        title=slo.metadata.title,
        objective=planned.title,
        target=f"{target:f}",
        attained=number(attained),
        met=None if attained is None else attained >= target,
        allowed_minutes=float(found.minutes) if found else 0.0,
        lost_minutes=number(found.consumed) if found else None,
        coverage=float(found.coverage) if found else 0.0,
        excluded_minutes=excluded,
        reason=planned.fault,
    )
