"""Where the tests of metrics play."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine

from quarterdeck.kernel.work import Actor, Work, read
from quarterdeck.operations.metrics.model import Function, Recorded, Sample, Series, Value
from quarterdeck.operations.metrics.opening import Metrics
from quarterdeck.operations.metrics.selector import selector
from quarterdeck.operations.metrics.service import reading, recording
from quarterdeck.operations.metrics.service.sealing import Keeper, Roller, Sealer
from quarterdeck.operations.metrics.windows import Asked

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
BOTH = ("metrics:read", "metrics:write")
ADA = Actor("ada", frozenset((right, tenant) for right in BOTH for tenant in ("acme", "other")))


@dataclass
class Stage:
    """One installation's series, and whose turn it is: Ada's, at noon."""

    engine: Engine
    metrics: Metrics
    now: datetime = NOON
    actor: Actor = field(default=ADA)

    @contextmanager
    def work(self) -> Iterator[Work]:
        with read(self.engine, self.actor, lambda: self.now) as work:
            yield work

    def record(self, *samples: Sample, tenant: str = "acme", backfill: bool = False) -> Recorded:
        with self.work() as work:
            return recording.record(work, self.metrics, tenant, samples, backfill=backfill)

    def count(self, name: str, *values: float, every_s: float = 15, **labels: str) -> Recorded:
        """Record a value each ``every_s``, the last of them now."""
        first = self.now - timedelta(seconds=every_s * (len(values) - 1))
        return self.record(
            *(
                Sample(name, labels, first + timedelta(seconds=every_s * n), value)
                for n, value in enumerate(values)
            )
        )

    def select(self, words: str, *, back: timedelta = timedelta(hours=1)) -> list[Series]:
        with self.work() as work:
            return list(
                reading.select(
                    work, self.metrics, "acme", selector(words), self.now - back, self.now
                )
            )

    def values(self, words: str, *, back: timedelta = timedelta(hours=1)) -> list[list[float]]:
        return [list(series.values) for series in self.select(words, back=back)]

    def over(
        self, words: str, function: Function, minutes: float = 5, quantile: float = 0.5
    ) -> list[Value]:
        asked = Asked(function, timedelta(minutes=minutes), quantile)
        with self.work() as work:
            return reading.over(work, self.metrics, "acme", selector(words), self.now, asked)

    def pass_time(self, **span: float) -> None:
        self.now += timedelta(**span)

    def roll(self) -> int:
        return Roller(metrics=self.metrics, clock=lambda: self.now).beat()

    def drop(self) -> int:
        return Keeper(metrics=self.metrics, clock=lambda: self.now).beat()

    def seal(self) -> int:
        return Sealer(metrics=self.metrics, clock=lambda: self.now).beat()
