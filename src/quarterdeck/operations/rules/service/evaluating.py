"""The worker's part: evaluates rules in rounds. Nothing in memory; one process a tenant's turn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from prometheus_client import Counter, Gauge, Histogram
from sqlalchemy import Engine

from quarterdeck.kernel.clock import MICROSECOND, Clock, instant, micros
from quarterdeck.kernel.db import BULK_ROWS, reading
from quarterdeck.kernel.errors import QuarterdeckError
from quarterdeck.kernel.work import ANY, Actor, Tenants, Work, begin, read
from quarterdeck.operations.alerts.labels import fingerprint
from quarterdeck.operations.alerts.service import pushing
from quarterdeck.operations.metrics.opening import Metrics
from quarterdeck.operations.rules import sign
from quarterdeck.operations.rules.instance import Instance
from quarterdeck.operations.rules.model import Kept, PromQL, State
from quarterdeck.operations.rules.outcome import (
    Facts,
    Known,
    Outcome,
    RuleFailed,
    failed,
    look,
    outcome,
)
from quarterdeck.operations.rules.ports import Attached, PrometheusAway, Remote
from quarterdeck.operations.rules.remote import NOT_ATTACHED
from quarterdeck.operations.rules.remote import standing as remote_standing
from quarterdeck.operations.rules.service import gathering
from quarterdeck.operations.rules.service.mailing import Mailing
from quarterdeck.operations.rules.store import standing, written

log = structlog.get_logger("alert rules")

EVERY = timedelta(seconds=15)
AGAIN = timedelta(minutes=1) // MICROSECOND  # what fires is said again so often
MOST = 5000
ITSELF = Actor(
    "quarterdeck",
    frozenset((right, ANY) for right in ("alerts:push", "alerts:read", "metrics:read")),
)

RULES = Gauge("quarterdeck_alert_rules", "Alert rules by what they say.", ["tenant", "state"])
ROUNDS = Histogram(
    "quarterdeck_alert_rules_round_seconds",
    "Time of one round over the rules of a tenant.",
    buckets=(0.01, 0.05, 0.2, 0.5, 1, 2, 5, 15),
)
FAULTS = Counter(
    "quarterdeck_alert_rule_faults_total", "Rules that could not be evaluated.", ["tenant"]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Round:
    """What one round has in hand."""

    tenant: str
    fence: int
    not_before: int
    at: datetime
    rules: Sequence[Kept]
    known: Mapping[str, Known]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluator:
    """One process's evaluator; several may run, and one of them has a tenant's turn.

    Attributes:
        url: where this installation is reached.
        attached: evaluates rules in PromQL of the tenant ``attached_to``; None: nobody does.
    """

    engine: Engine
    metrics: Metrics
    clock: Clock
    url: str = ""
    attached: Attached | None = None
    attached_to: str = ""

    def beat(self) -> int:
        """Evaluate the rules of the tenants whose turn has come. For a pulse.

        0: none has another turn at once.
        """
        every = EVERY // MICROSECOND
        with reading(self.engine) as db:
            tenants = standing.due(db, micros(self.clock()), every)
        for tenant in tenants:
            with ROUNDS.time():
                self._evaluate(tenant, every)
        if tenants:
            self._count()
        return 0

    def _evaluate(self, tenant: str, every: int) -> None:
        with begin(self.engine, ITSELF, self.clock) as work:
            turn = standing.claim(work.db, tenant, micros(work.now), every)
        if turn is None:
            return
        with read(self.engine, ITSELF, self.clock) as work:
            one = _read(work, tenant, turn)
            facts = gathering.gather(work, self.metrics, tenant, [k.rule for k in one.rules])
        remotes = self._remotes(one)
        found = [
            (kept, _outcome(kept, one, facts))
            if not isinstance(kept.rule.condition, PromQL)
            else (kept, _elsewhere(kept, remotes, one.at))
            for kept in one.rules
        ]
        with begin(self.engine, ITSELF, self.clock) as work:
            if standing.holds(work.db, tenant, one.fence):
                _write(work, one, found, self.url)

    def _remotes(self, one: _Round) -> Sequence[Remote] | str:
        """What Prometheus says, asked once a round; a text: why that is not known."""
        if not any(isinstance(kept.rule.condition, PromQL) for kept in one.rules):
            return ""
        if self.attached is None or one.tenant != self.attached_to:
            return NOT_ATTACHED
        try:
            return self.attached.rules()
        except PrometheusAway as error:
            return str(error)

    def _count(self) -> None:
        with reading(self.engine) as db:
            found = standing.counts(db)
        RULES.clear()
        for tenant, state, number in found:
            RULES.labels(tenant, state).set(number)


def _read(work: Work, tenant: str, turn: tuple[int, int]) -> _Round:
    own = Tenants(frozenset({tenant}))
    rules = written.listed(work.db, own, ("", ""), MOST)
    return _Round(
        tenant=tenant,
        fence=turn[0],
        not_before=turn[1],
        at=work.now,
        rules=[one for one in rules if one.rule.enabled],
        known=standing.known(work.db, own),
    )


def _outcome(kept: Kept, one: _Round, facts: Facts) -> Outcome:
    old = one.known.get(kept.rule.name, {})
    try:
        seen = look(kept.rule, facts, one.at)
        return outcome(kept.rule, old, seen, one.not_before, one.at)
    except (RuleFailed, QuarterdeckError) as error:
        FAULTS.labels(one.tenant).inc()
        return failed(old, str(error), one.at)


def _elsewhere(kept: Kept, remotes: Sequence[Remote] | str, at: datetime) -> Outcome:
    return Outcome(standing=remote_standing(kept.rule, remotes, at), live={})


def _write(work: Work, one: _Round, found: Sequence[tuple[Kept, Outcome]], url: str) -> None:
    own = Tenants(frozenset({one.tenant}))
    for kept, made in found:
        _say_pending(one, kept, made)
        name, old = kept.rule.name, one.known.get(kept.rule.name, {})
        if made.gone:
            standing.drop(work.db, own, name, [fingerprint(i.labels) for i in made.gone])
        standing.put(work.db, own, name, [i for i in made.changed if _matters(old, i)])
    _tell(work, one, found, url)
    if _is_minute(one.at):
        _forget(work, own, found)
    said = [(kept.rule.name, kept.version, made.standing) for kept, made in found]
    standing.tell(work.db, one.tenant, said)


def _say_pending(one: _Round, kept: Kept, made: Outcome) -> None:
    """Each look before anybody is told stands in the log, in one line a rule."""
    pending = [i for i in made.live.values() if i.state is State.PENDING and i.known]
    if pending:
        first = min(pending, key=lambda i: i.since)
        log.warning(
            "pending",
            rule=kept.rule.name,
            tenant=one.tenant,
            things=len(pending),
            labels=dict(first.labels),
            value=first.value,
            held_s=(first.true_at - first.since) // 1_000_000,
        )


def _matters(old: Known, now: Instance) -> bool:
    """Whether an instance must be written: a restart may lose a few seconds of its value."""
    then = old.get(fingerprint(now.labels))
    if then is None or (then.state, then.known) != (now.state, now.known):
        return True
    return now.state is State.PENDING or now.true_at - then.true_at >= AGAIN


def _tell(work: Work, one: _Round, found: Sequence[tuple[Kept, Outcome]], url: str) -> None:
    """Have alerts begin, be seen again, and end."""
    mailing, pushes = Mailing(work=work, tenant=one.tenant), []
    for kept, made in found:
        rule, old = kept.rule, one.known.get(kept.rule.name, {})
        where = f"{url}/alert-rules/{one.tenant}/{rule.name}"
        own = [
            sign.push(rule, i, instant(i.fired_at or i.since), None, where)
            for printed, i in made.live.items()
            if _is_told(i, old.get(printed), one.at)
        ]
        own += [
            sign.push(rule, i, instant(i.since), work.now, where)
            for i in made.gone
            if i.state is State.FIRING
        ]
        for push in own:
            mailing.tell(rule, push)
        pushes += own
    for at in range(0, len(pushes), BULK_ROWS):
        pushing.push(work, one.tenant, pushes[at : at + BULK_ROWS])


def _is_told(now: Instance, then: Instance | None, at: datetime) -> bool:
    if now.state is not State.FIRING or not now.known or now.why:
        return False
    fresh = then is None or then.state is not State.FIRING
    return fresh or _is_minute(at)


def _is_minute(at: datetime) -> bool:
    """Whether this is the first round of a minute."""
    return micros(at) % AGAIN < EVERY // MICROSECOND


def _forget(work: Work, own: Tenants, found: Sequence[tuple[Kept, Outcome]]) -> None:
    """Let go of what fires unseen, once somebody has resolved it."""
    (tenant,) = own.ids
    lost = {
        sign.key(kept.rule, tenant, one.labels): (kept.rule.name, printed)
        for kept, made in found
        for printed, one in made.live.items()
        if one.state is State.FIRING and not one.known
    }
    firing = pushing.firing(work, tenant, [*lost])
    for key, (rule, printed) in lost.items():
        if key not in firing:
            standing.drop(work.db, own, rule, [printed])
