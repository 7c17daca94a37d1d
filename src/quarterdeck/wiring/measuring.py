"""What the platform measures of itself, and what keeps the measurements small."""

from __future__ import annotations

from collections.abc import Mapping
from socket import gethostname
from threading import Event

from prometheus_client import REGISTRY

from quarterdeck.kernel.cache import Stats
from quarterdeck.kernel.supervise import name_of
from quarterdeck.operations.metrics.own import CacheAnswers, OwnMetrics
from quarterdeck.operations.metrics.service.sealing import Keeper, Roller, Sealer
from quarterdeck.runtime import Runtime
from quarterdeck.worker.pulse import Pulse, Pulses

OWN_S = 15.0
SEAL_S = 60.0
KEEP_S = 3600.0
ROLL_S = 300.0


def own_metrics(runtime: Runtime, role: str, stopping: Event) -> Pulse:
    """Record what this process knows of itself: once, whatever roles it plays."""
    own = OwnMetrics(
        engine=runtime.engine,
        metrics=runtime.metrics,
        clock=runtime.clock,
        process=name_of(role),
        instance=gethostname(),
        region=runtime.settings.region,
    )
    return Pulse(name="own metrics", every_s=OWN_S, beat=own.beat, stop=stopping)


def count_caches(runtime: Runtime) -> None:
    """Have the caches of a process that answers counted among its metrics."""
    REGISTRY.register(CacheAnswers(lambda: _caches(runtime)))


def sample_pulses(runtime: Runtime) -> Pulses:
    """What a worker does for series: it seals them, and drops the oldest."""
    return {
        "seal samples": (SEAL_S, Sealer(metrics=runtime.metrics, clock=runtime.clock).beat),
        "roll samples": (ROLL_S, Roller(metrics=runtime.metrics, clock=runtime.clock).beat),
        "drop samples": (KEEP_S, Keeper(metrics=runtime.metrics, clock=runtime.clock).beat),
    }


def _caches(runtime: Runtime) -> Mapping[str, Stats]:
    return {**runtime.caches.each(), "query": runtime.explorer.cache.stats}
