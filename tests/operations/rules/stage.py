"""Where the tests of rules play: samples come in, rounds go by, alerts begin and end."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine

from quarterdeck.kernel import outbox
from quarterdeck.kernel.work import Actor, Work, begin
from quarterdeck.operations.alerts.model import Alert, AlertState, Filter
from quarterdeck.operations.alerts.service import lifecycle, looking
from quarterdeck.operations.metrics.model import Sample
from quarterdeck.operations.metrics.opening import Metrics
from quarterdeck.operations.metrics.service.recording import record
from quarterdeck.operations.rules.document import rule_of
from quarterdeck.operations.rules.instance import Instance
from quarterdeck.operations.rules.model import Kept, Standing, State
from quarterdeck.operations.rules.service import looking as rules
from quarterdeck.operations.rules.service import writing
from quarterdeck.operations.rules.service.evaluating import Evaluator

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
EVERY = timedelta(seconds=15)
RIGHTS = (
    *("alerts:read", "alerts:push", "alerts:acknowledge", "alerts:resolve", "rules:write"),
    *("metrics:read", "metrics:write"),
)
SRE = Actor("sre-1", frozenset((right, "acme") for right in RIGHTS))
CPU = {
    "name": "high-cpu",
    "threshold": {"of": "cpu", "is": ">", "value": 80},
    "for": "PT5M",
    "severity": "critical",
    "runbook": "https://wiki.example/cpu",
}


@dataclass
class Stage:
    """A tenant's series and rules, and a clock that is moved by hand."""

    engine: Engine
    metrics: Metrics
    now: datetime = NOON

    def clock(self) -> datetime:
        return self.now

    def work(self, actor: Actor = SRE) -> AbstractContextManager[Work]:
        return begin(self.engine, actor, self.clock)

    def apply(
        self,
        said: Mapping[str, object] | None = None,
        **more: Any,  # noqa: ANN401  JSON
    ) -> Kept:
        """A rule, the one about CPU if no other; ``hold`` is its ``for``."""
        wanted: dict[str, object] = {**(said or CPU), **more}
        wanted["for"] = wanted.pop("hold", wanted["for"])
        with self.work() as work:
            return writing.apply(work, "acme", rule_of(wanted))

    def record(self, name: str, value: float, at: datetime | None = None, **labels: str) -> None:
        with self.work() as work:
            record(work, self.metrics, "acme", [Sample(name, labels, at or self.now, value)])

    def round(self) -> None:
        Evaluator(engine=self.engine, metrics=self.metrics, clock=self.clock).beat()

    def feed(self, value: float | None, name: str = "cpu", *, minutes: float = 0.25) -> None:
        """A sample of one series each 15 s for ``minutes``, a round after each."""
        for _ in range(round(minutes * 4)):
            self.now += EVERY
            if value is not None:
                self.record(name, value, host="a")
            self.round()

    def standing(self, name: str = "high-cpu") -> Standing:
        with self.work() as work:
            return rules.one(work, "acme", name).kept.standing

    def instances(self, name: str = "high-cpu") -> Sequence[Instance]:
        with self.work() as work:
            return rules.one(work, "acme", name).instances

    def state(self, name: str = "high-cpu") -> State:
        return self.standing(name).state

    def alerts(self, *states: AlertState) -> list[Alert]:
        with self.work() as work:
            return looking.listed(work, Filter(states=states or (AlertState.FIRING,)))

    def resolve(self, alert: int) -> None:
        with self.work() as work:
            lifecycle.resolve(work, alert)

    def events(self) -> list[str]:
        with self.engine.connect() as db:
            return [fact.name for fact in outbox.after(db, "acme", 0, 1000)]
