"""Records what is usual of a rule's numbers, and says how far off they are now."""

from datetime import datetime

from quarterdeck.events.rules import BaselineRecorded
from quarterdeck.kernel.work import Work
from quarterdeck.operations.metrics.opening import Metrics
from quarterdeck.operations.rules.baseline import (
    FEWEST,
    LONGEST,
    SHORTEST,
    Baseline,
    Deviation,
    NoBaseline,
    UnusableBaseline,
    deviations,
    usual,
)
from quarterdeck.operations.rules.model import Kept, PromQL
from quarterdeck.operations.rules.service import looking, trying
from quarterdeck.operations.rules.store import baselines

MANY = 300
ELSEWHERE = "Prometheus has the numbers of this rule: no baseline of them can be recorded here"


def record(
    work: Work, metrics: Metrics, tenant: str, rule: str, since: datetime, until: datetime
) -> Baseline:
    """Call usual what the numbers of a rule were in a period; it takes the place of the last.

    Raises:
        UnusableBaseline: the period is too short or too long, or too little is known of it.
    """
    own = work.require("rules:write", tenant)
    if not SHORTEST <= until - since <= LONGEST or until > work.now:
        raise UnusableBaseline("a baseline is of 10 minutes to 31 days that have passed")
    kept = _of_numbers(looking.one(work, tenant, rule).kept)
    step = (until - since) / MANY
    ats = [since + step * n for n in range(MANY)]
    drawn = trying.drawn(work, metrics, tenant, [kept.rule], ats)[rule]
    known = [(one.labels, [v for v in one.values if v is not None]) for one in drawn]
    found = tuple(usual(labels, values) for labels, values in known if len(values) >= FEWEST)
    if not found:
        raise UnusableBaseline(
            f"nothing of the rule has {FEWEST} numbers in that time; they are there from its "
            "first samples on, and for as long as samples are kept"
        )
    made = Baseline(since=since, until=until, by=work.actor.id, at=work.now, usual=found)
    baselines.put(work.db, own, rule, made)
    work.publish(BaselineRecorded(tenant=tenant, rule=rule, things=len(found)))
    return made


def compared(
    work: Work, metrics: Metrics, tenant: str, rule: str
) -> tuple[Baseline, list[Deviation]]:
    """What is usual of a rule's numbers, and what they are now beside it; raise NoBaseline."""
    own = work.require("alerts:read", tenant)
    kept = _of_numbers(looking.one(work, tenant, rule).kept)
    found = baselines.of_rule(work.db, own, rule)
    if found is None:
        raise NoBaseline(f"nobody recorded what is usual of {rule[:80]}")
    seen = trying.seen_now(work, metrics, tenant, kept.rule)
    return found, deviations(found, [(one.labels, one.value) for one in seen])


def _of_numbers(kept: Kept) -> Kept:
    if isinstance(kept.rule.condition, PromQL):
        raise UnusableBaseline(ELSEWHERE)
    return kept
