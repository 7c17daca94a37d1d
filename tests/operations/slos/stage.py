"""Where the tests of SLOs play: series that one records, a clock that one sets."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine

from quarterdeck.access.principals.model import installation
from quarterdeck.access.tenants import service as tenants
from quarterdeck.kernel import outbox
from quarterdeck.kernel.outbox import Fact
from quarterdeck.kernel.work import Actor, Work, begin, read
from quarterdeck.operations.metrics.model import Sample
from quarterdeck.operations.metrics.opening import Metrics
from quarterdeck.operations.metrics.service.recording import record
from quarterdeck.operations.slos.model.standing import Standing
from quarterdeck.operations.slos.own import TYPE, OwnNumbers
from quarterdeck.operations.slos.ports import Numbers
from quarterdeck.operations.slos.service import applying
from quarterdeck.operations.slos.service.evaluating import Evaluating

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ROOT = installation()
MINUTE = timedelta(minutes=1)

UP = """\
apiVersion: openslo/v1
kind: SLO
metadata:
  name: availability
  displayName: Availability
spec:
  service: web
  indicator:
    metadata: {name: up}
    spec:
      thresholdMetric:
        metricSource: {type: Quarterdeck, spec: {query: up}}
  timeWindow: [{duration: 30d, isRolling: true}]
  budgetingMethod: Timeslices
  objectives:
    - {op: gte, value: 1, target: 0.999, timeSliceTarget: 1, timeSliceWindow: 1m}
"""

REQUESTS = """\
apiVersion: openslo/v1
kind: SLO
metadata: {name: answers}
spec:
  service: web
  indicator:
    metadata: {name: answered}
    spec:
      ratioMetric:
        counter: true
        bad: {metricSource: {type: Quarterdeck, spec: {query: 'requests{code="500"}'}}}
        total: {metricSource: {type: Quarterdeck, spec: {query: requests}}}
  timeWindow: [{duration: 30d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives:
    - {target: 0.999}
"""


@dataclass
class Stage:
    """An installation whose SLOs are evaluated when told to."""

    engine: Engine
    metrics: Metrics
    now: datetime = NOON
    others: dict[str, Numbers] = field(default_factory=dict)

    def __post_init__(self) -> None:
        with self.work() as work:
            tenants.create(work, "acme", "Acme")
            tenants.create(work, "other", "Other")

    def clock(self) -> datetime:
        return self.now

    @contextmanager
    def work(self, actor: Actor = ROOT) -> Iterator[Work]:
        with begin(self.engine, actor, self.clock) as work:
            yield work

    @contextmanager
    def look(self, actor: Actor = ROOT) -> Iterator[Work]:
        with read(self.engine, actor, self.clock) as work:
            yield work

    def pass_time(self, **span: float) -> None:
        self.now += timedelta(**span)

    def apply(self, text: str, tenant: str = "acme") -> applying.Applied:
        with self.work() as work:
            return applying.apply(work, tenant, text)

    def gauge(self, name: str, values: Sequence[float | None], **labels: str) -> None:
        """A value at each whole minute up to now, the last of them now; None is a gap."""
        first = self.now - MINUTE * (len(values) - 1)
        self._record(
            Sample(name, labels, first + MINUTE * n, value)
            for n, value in enumerate(values)
            if value is not None
        )

    def counter(self, name: str, steps: Sequence[float | None], **labels: str) -> None:
        """A counter that rises by each of ``steps``, a minute apart, the last of them now."""
        total, first = 0.0, self.now - MINUTE * len(steps)
        samples = [Sample(name, labels, first, total)]
        for n, step in enumerate(steps, 1):
            if step is not None:
                total += step
                samples.append(Sample(name, labels, first + MINUTE * n, total))
        self._record(samples)

    def keep(self, lines: Iterable[tuple[str, datetime, float]]) -> None:
        """Samples of series that are written with their labels."""
        for series, at, value in lines:
            name, _, rest = series.partition("{")
            pairs = [one.partition("=") for one in rest.rstrip("}").split(",") if one]
            labels = {label: words.strip('"') for label, _, words in pairs}
            self._record([Sample(name, labels, at, value)])

    def evaluate(self, tenant: str = "acme") -> list[Standing]:
        own = OwnNumbers(engine=self.engine, metrics=self.metrics, clock=self.clock)
        return Evaluating(
            tenant=tenant,
            engine=self.engine,
            clock=self.clock,
            working=self.work,
            numbers={TYPE: own, **self.others},
        ).round()

    def told(self, *names: str) -> list[Fact]:
        with self.engine.connect() as db:
            facts = outbox.after(db, "acme", 0, 1000)
        return [fact for fact in facts if fact.name in names]

    def _record(self, samples: Iterable[Sample]) -> None:
        with self.look() as work:
            found = record(work, self.metrics, "acme", samples, backfill=True)
        assert not found.refused
