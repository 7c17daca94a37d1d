"""Tries a rule on what is stored: what it would have said at an instant, and by which numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from quarterdeck.kernel.clock import EPOCH, MICROSECOND, micros
from quarterdeck.kernel.errors import Invalid, QuarterdeckError
from quarterdeck.kernel.work import Work
from quarterdeck.operations.metrics.model import STALE_AFTER
from quarterdeck.operations.metrics.opening import Metrics
from quarterdeck.operations.rules.instance import Instance, Seen
from quarterdeck.operations.rules.model import PromQL, Rule, Standing, State
from quarterdeck.operations.rules.outcome import (
    Facts,
    Known,
    Outcome,
    RuleFailed,
    failed,
    look,
    outcome,
    terms_of,
)
from quarterdeck.operations.rules.service import gathering

STEP = timedelta(seconds=15)
MOST_STEPS = 400
MOST_LOOKS = 100_000  # at one series each: about ten seconds
FIRST = datetime(1971, 1, 1, tzinfo=UTC)  # what is replayed before it is of 1970 at the earliest
TOO_MUCH = "not tried: so long a time, of so many series, would take too long to look through"
ELSEWHERE = "Prometheus evaluates it: its past is not known here"


class UnusableInstant(Invalid):
    """Nothing can have been recorded at such a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What a rule would say at an instant.

    Attributes:
        instances: what would be pending or fire.
        seen: every number that it would look at then.
    """

    at: datetime
    standing: Standing
    instances: Sequence[Instance]
    seen: Sequence[Seen]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """The numbers of one thing over time; None: not known then."""

    labels: Mapping[str, str]
    values: Sequence[float | None]


def tried(work: Work, metrics: Metrics, tenant: str, rule: Rule, at: datetime) -> Tried:
    """What ``rule`` would say at ``at``, from the samples stored by now; nothing changes.

    It is replayed from as long before as it takes to fire and to pass: every 15 seconds, and
    over more than an hour and a half less often, though never so that a look would be missed.

    Raises:
        UnusableInstant: nothing can have been recorded then.
    """
    work.require("alerts:read", tenant)
    at = _usable(at)
    if isinstance(rule.condition, PromQL):
        said = Standing(state=State.UNKNOWN, reason=ELSEWHERE, at=at)
        return Tried(at=at, standing=said, instances=[], seen=[])
    steps = _steps(rule, at)
    facts = gathering.gather(work, metrics, tenant, [rule], (steps[0], at))
    made, seen = _replayed(rule, facts, steps)
    order = sorted(seen, key=lambda one: sorted(one.labels.items()))
    return Tried(at=at, standing=made.standing, instances=[*made.live.values()], seen=order)


def seen_now(work: Work, metrics: Metrics, tenant: str, rule: Rule) -> Sequence[Seen]:
    """Every number that ``rule`` looks at now; none where nothing can be said."""
    work.require("alerts:read", tenant)
    facts = gathering.gather(work, metrics, tenant, [rule])
    try:
        return look(rule, facts, work.now)
    except (RuleFailed, QuarterdeckError):
        return []


def drawn(
    work: Work, metrics: Metrics, tenant: str, rules: Sequence[Rule], ats: Sequence[datetime]
) -> dict[str, list[Drawn]]:
    """The numbers that rules looked at, at some instants, ascending; by the rule's name."""
    work.require("alerts:read", tenant)
    facts = gathering.gather(work, metrics, tenant, rules, (ats[0], ats[-1]))
    return {rule.name: _drawn(rule, facts, ats) for rule in rules}


def _replayed(
    rule: Rule, facts: Facts, steps: Sequence[datetime]
) -> tuple[Outcome, Sequence[Seen]]:
    looks = len(steps) * sum(map(len, facts.series.values()))
    if len(steps) > MOST_STEPS and looks > MOST_LOOKS:
        _, seen = _step(rule, {}, facts, steps[-1])
        said = Standing(state=State.UNKNOWN, reason=TOO_MUCH, at=steps[-1])
        return Outcome(standing=said, live={}), seen
    made, seen = Outcome(standing=Standing(), live={}), []
    for step in steps:
        made, seen = _step(rule, made.live, facts, step)
    return made, seen


def _step(rule: Rule, live: Known, facts: Facts, at: datetime) -> tuple[Outcome, list[Seen]]:
    try:
        seen = look(rule, facts, at)
        return outcome(rule, live, seen, 0, at), seen
    except (RuleFailed, QuarterdeckError) as error:
        return failed(live, str(error), at), []


def _usable(at: datetime) -> datetime:
    try:
        found = at.astimezone(UTC)
    except OverflowError:
        found = EPOCH
    if found < FIRST:
        raise UnusableInstant(f"expected a time from 1971 to 9999, got {at.isoformat()}")
    return found


def _steps(rule: Rule, at: datetime) -> list[datetime]:
    span = rule.hold + rule.keep + STALE_AFTER
    seldom = terms_of(rule, 0).gap * MICROSECOND / 2  # the points of two looks are no gap apart
    step = min(max(STEP, span / MOST_STEPS), seldom)
    many = int(span / step)
    return [at - step * n for n in range(many, -1, -1)]


def _drawn(rule: Rule, facts: Facts, ats: Sequence[datetime]) -> list[Drawn]:
    values: dict[tuple[tuple[str, str], ...], dict[int, float]] = {}
    for at in ats:
        try:
            seen = look(rule, facts, at)
        except (RuleFailed, QuarterdeckError):
            return []
        for one in seen:
            line = values.setdefault(tuple(sorted(one.labels.items())), {})
            if one.value is not None:
                line[micros(at)] = one.value
    return [
        Drawn(labels=dict(labels), values=[line.get(micros(at)) for at in ats])
        for labels, line in sorted(values.items())
        if line
    ]
