"""The platform's own metrics: each process records what it knows of itself."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from prometheus_client import REGISTRY, CollectorRegistry
from prometheus_client.core import CounterMetricFamily
from sqlalchemy import Engine

from quarterdeck.access.principals.model import installation
from quarterdeck.kernel.cache import Stats
from quarterdeck.kernel.clock import Clock
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.work import read
from quarterdeck.operations.metrics.model import Sample, stale_mark
from quarterdeck.operations.metrics.opening import Key, Metrics
from quarterdeck.operations.metrics.service.recording import record


@dataclass(slots=True, kw_only=True)
class OwnMetrics:
    """What one process says of itself, recorded as series of the platform.

    Attributes:
        process: its role; with ``instance`` it tells its series from those of the others.
            Two of one role on one machine would be told apart by nothing.
        region: stands in every series, where it is set.
    """

    engine: Engine
    metrics: Metrics
    clock: Clock
    process: str
    instance: str
    region: str = ""
    registry: CollectorRegistry = field(default=REGISTRY)
    _told: dict[Key, Sample] = field(default_factory=dict)

    def beat(self) -> None:
        """Record every series as it is now; end those that are there no more."""
        with read(self.engine, installation(), self.clock) as work:
            # A whole second: times at even steps take no room.
            now = {_key(s): s for s in self._samples(work.now.replace(microsecond=0))}
            gone = [_ended(s, work.now) for key, s in self._told.items() if key not in now]
            record(work, self.metrics, PLATFORM, [*now.values(), *gone])
        self._told = now

    def _samples(self, at: datetime) -> Iterator[Sample]:
        own = {"process": self.process, "instance": self.instance}
        if self.region:
            own["region"] = self.region
        for family in self.registry.collect():
            for sample in family.samples:
                if not sample.name.endswith("_created"):
                    yield Sample(sample.name, own | sample.labels, at, sample.value)


@dataclass(frozen=True, slots=True)
class CacheAnswers:
    """A collector: what each cache was good for, since the process began or forgot it."""

    caches: Callable[[], Mapping[str, Stats]]

    def collect(self) -> Iterator[CounterMetricFamily]:
        """Count hits and misses."""
        family = CounterMetricFamily(
            "quarterdeck_cache_answers", "Questions to caches.", labels=["cache", "answer"]
        )
        for name, stats in self.caches().items():
            family.add_metric([name, "hit"], stats.hits)
            family.add_metric([name, "miss"], stats.misses)
        yield family


def _key(sample: Sample) -> Key:
    return PLATFORM, sample.name, tuple(sorted(sample.labels.items()))


def _ended(sample: Sample, at: datetime) -> Sample:
    return Sample(sample.name, sample.labels, at.replace(microsecond=0), stale_mark())
