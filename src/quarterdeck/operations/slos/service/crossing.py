"""What begins and ends of an SLO: demands of the policy, and burns. Each is told once."""

from collections.abc import Iterable, Mapping
from datetime import timedelta

from quarterdeck.events.slos import (
    BudgetStepLeft,
    BudgetStepReached,
    SloBurnEased,
    SloBurning,
)
from quarterdeck.kernel.ids import TenantId
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.slos.model.burn import BurnState
from quarterdeck.operations.slos.model.figures import percent
from quarterdeck.operations.slos.model.openslo import Slo
from quarterdeck.operations.slos.model.policy import STEPS, Step
from quarterdeck.operations.slos.model.standing import (
    BURN,
    DEMAND,
    PENDING,
    BurnShown,
    Crossing,
    Standing,
    Verdict,
)
from quarterdeck.operations.slos.planning import ENVIRONMENT, steps
from quarterdeck.operations.slos.store import standing as store

HOLDING = (BurnState.BURNING.value, BurnState.UNKNOWN.value)


def tell(work: Work, own: Tenants, slo: Slo, now: Standing) -> None:
    """Tell what begins and what ends by how an objective stands.

    What is not known ends nothing, and begins nothing.
    """
    held = {
        one.what: one
        for one in store.open_crossings(work.db, own, slo.metadata.name)
        if one.objective == now.objective
    }
    for burn in now.burns:
        if burn.state == BurnState.BURNING and _lasts(work, now, burn, held):
            _begin_burn(work, slo, now, burn)
    for demand in now.demands:
        _begin_demand(work, slo, now, demand)
    for what, one in held.items():
        if _over(what, now):
            _end(work, own, slo, now.tenant, one)


def release(work: Work, own: Tenants, tenant: str, slo: Slo, keep: Iterable[str] = ()) -> None:
    """End whatever holds of an SLO, but for the objectives to ``keep``."""
    kept = set(keep)
    for one in store.open_crossings(work.db, own, slo.metadata.name):
        if one.objective not in kept:
            _end(work, own, slo, tenant, one)


def _over(what: str, now: Standing) -> bool:
    if now.reason or now.stale:  # a source is silent: what it would say now nobody knows
        return False
    if not what.startswith(DEMAND):
        states = {one.name: one.state for one in now.burns}
        return states.get(what.removeprefix(BURN).removeprefix(PENDING)) not in HOLDING
    known = now.verdict is not Verdict.UNKNOWN
    return known and what.removeprefix(DEMAND) not in now.demands


def _lasts(work: Work, now: Standing, burn: BurnShown, held: Mapping[str, Crossing]) -> bool:
    """Whether a rate is too much for as long as it must be; the first time, remember when."""
    if not burn.after_s:
        return True
    pending = held.get(PENDING + burn.name)
    if pending is None:
        _cross(work, now, PENDING + burn.name)
        return False
    return work.now - pending.since >= timedelta(seconds=burn.after_s)


def _begin_burn(work: Work, slo: Slo, now: Standing, burn: BurnShown) -> None:
    if _cross(work, now, BURN + burn.name):
        work.publish(
            SloBurning(
                **_about(now.tenant, slo, now.objective),
                rule=burn.name,
                severity=burn.severity,
                reason=_words(now, burn),
            )
        )


def _begin_demand(work: Work, slo: Slo, now: Standing, demand: str) -> None:
    step = _step(slo, demand)
    if _cross(work, now, DEMAND + demand):
        reason = (
            f"SLO {now.slo}, {now.title}: {percent(now.share)} of the error budget is "
            f"consumed (step {step.percent} %): {step.words}"
        )
        work.publish(
            BudgetStepReached(
                **_about(now.tenant, slo, now.objective),
                percent=step.percent,
                demand=demand,
                reason=reason,
            )
        )


def _end(work: Work, own: Tenants, slo: Slo, tenant: str, one: Crossing) -> None:
    if not store.uncross(work.db, own, slo.metadata.name, one):
        return
    if one.what.startswith(PENDING):
        return
    about = _about(tenant, slo, one.objective)
    if one.what.startswith(BURN):
        work.publish(SloBurnEased(**about, rule=one.what.removeprefix(BURN)))
        return
    step = _step(slo, one.demand)
    work.publish(BudgetStepLeft(**about, percent=step.percent, demand=step.demand.value))


def _step(slo: Slo, demand: str) -> Step:
    """The step of a demand; the usual one where the policy has it no more."""
    return next(one for one in (*steps(slo), *STEPS) if one.demand.value == demand)


def _cross(work: Work, now: Standing, what: str) -> bool:
    row = {"tenant": now.tenant, "slo": now.slo, "objective": now.objective, "what": what}
    return store.cross(work.db, row, work.now)


def _about(tenant: str, slo: Slo, objective: str) -> dict[str, str]:
    return {
        "tenant": TenantId(tenant),
        "slo": slo.metadata.name,
        "objective": objective,
        "service": slo.service,
        "environment": slo.metadata.annotations.get(ENVIRONMENT, ""),
    }


def _words(now: Standing, burn: BurnShown) -> str:
    rate = "more than it may" if burn.long_rate is None else f"{burn.long_rate:.1f} times as fast"
    return (
        f"SLO {now.slo}, {now.title}: the error budget is spent {rate} "
        f"over {burn.long}, and {burn.rate:g} is too fast"
    )
