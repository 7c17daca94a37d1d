"""How SLOs stand, as they were last judged; and how their budgets were spent."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from quarterdeck.kernel.clock import MICROSECOND
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.slos import drawing, rules
from quarterdeck.operations.slos.drawing import Left
from quarterdeck.operations.slos.model.openslo import Slo
from quarterdeck.operations.slos.model.policy import Demand
from quarterdeck.operations.slos.model.standing import (
    PENDING,
    Crossing,
    Standing,
    Verdict,
    aged,
    worst,
)
from quarterdeck.operations.slos.planning import Known, Planned, known, plan
from quarterdeck.operations.slos.service.applying import READ, SLO, NoSuchSlo, kept, objects_of
from quarterdeck.operations.slos.store import counting, objects, standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An SLO, and how its objectives stand; those that were not judged yet are left out."""

    tenant: str
    slo: Slo
    objectives: tuple[Standing, ...]
    holding: tuple[Crossing, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """Of all objectives the worst word."""
        return worst([one.verdict for one in self.objectives])

    def in_force(self, one: Standing) -> tuple[str, ...]:
        """What the policy demands of an objective now, and what goes on since before a silence."""
        held = {each.demand for each in self.holding if each.objective == one.objective}
        every = (demand.value for demand in Demand)
        return tuple(demand for demand in every if demand in held or demand in one.demands)

    @property
    def name(self) -> str:
        """Of the SLO."""
        return self.slo.metadata.name


def slos(work: Work, tenant: str = "") -> list[Shown]:
    """SLOs by tenant and name."""
    tenants = work.require(READ, tenant) if tenant else work.tenants(READ)
    found: dict[tuple[str, str], list[Standing]] = {}
    for one in every_standing(work, tenants):
        found.setdefault((one.tenant, one.slo), []).append(one)
    holding = standing.every_crossing(work.db, tenants)
    return [
        Shown(
            tenant=row.tenant,
            slo=_slo(row.text),
            objectives=tuple(found.get((row.tenant, row.name), ())),
            holding=_begun(holding.get((row.tenant, row.name), ())),
        )
        for row in objects.found(work.db, tenants, (SLO,))
    ]


def _begun(found: Iterable[Crossing]) -> tuple[Crossing, ...]:
    return tuple(one for one in found if not one.what.startswith(PENDING))


def slo_of(work: Work, tenant: str, name: str) -> Shown:
    """One SLO; raise NoSuchSlo."""
    own = work.require(READ, tenant)
    rows = objects.found(work.db, own, (SLO,), name)
    if not rows:
        raise NoSuchSlo(f"no SLO {name[:80]} of {tenant[:80]}")
    return Shown(
        tenant=tenant,
        slo=_slo(rows[0].text),
        objectives=tuple(aged(one, work.now) for one in standing.found(work.db, own, name)),
        holding=_begun(standing.open_crossings(work.db, own, name)),
    )


def every_standing(work: Work, tenants: Tenants) -> list[Standing]:
    """How every objective stands. For those who measure, in no person's name."""
    return [aged(one, work.now) for one in standing.found(work.db, tenants)]


def plans(work: Work, tenant: str) -> list[Planned]:
    """What is counted of each SLO of a tenant."""
    own = work.require(READ, tenant)
    every = kept(work, own)
    among: Known = known(every)
    return [one for slo in every if isinstance(slo, Slo) for one in plan(tenant, slo, among)]


def rules_of(work: Work, tenant: str) -> rules.Rules:
    """What a Prometheus would judge a tenant's SLOs by."""
    return rules.rules(tenant, plans(work, tenant))


def burn_down(work: Work, tenant: str, name: str, objective: str = "1") -> list[Left]:
    """How the budget of the current window was spent, from its beginning to now.

    It is empty where nothing was judged yet, or nothing can be.

    Raises:
        NoSuchSlo: there is no such SLO, or it has no such objective.
    """
    own = work.require(READ, tenant)
    every = [one for one in plans(work, tenant) if one.slo.metadata.name == name]
    planned = next((one for one in every if one.number == objective), None)
    if planned is None:
        raise NoSuchSlo(f"no objective {objective[:20]} of an SLO {name[:80]} of {tenant[:80]}")
    judged = standing.found(work.db, own, name)
    found = next((one for one in judged if one.objective == objective), None)
    if found is None or planned.measure is None:
        return []
    step = planned.measure.step
    long = drawing.every(found, step) // MICROSECOND
    until = min(found.at, found.until)
    parts = counting.along(work.db, own, found.measure, found.since, until, long)
    return drawing.burn_down(planned, found, parts, step)


def _slo(text: str) -> Slo:
    [one] = [one for one in objects_of(text) if isinstance(one, Slo)]
    return one


def verdicts(found: Sequence[Shown]) -> dict[Verdict, int]:
    """How many SLOs there are of each word."""
    return {word: sum(one.verdict is word for one in found) for word in Verdict}
