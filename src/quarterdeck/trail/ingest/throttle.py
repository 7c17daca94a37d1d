"""How many events a tenant may send: one bucket each, in this process."""

from collections.abc import Callable
from math import ceil
from time import monotonic

from quarterdeck.access.limits.model import RateLimited
from quarterdeck.trail.policy.model import IngestRate

MOST = 10_000


class Throttle:
    """Buckets by tenant. One thread calls it. Two processes let twice as many through."""

    def __init__(self, seconds: Callable[[], float] = monotonic) -> None:
        self._seconds = seconds
        self._buckets: dict[str, tuple[IngestRate, float, float]] = {}

    def take(self, tenant: str, rate: IngestRate | None, events: int) -> None:
        """Let so many events of the tenant come. A batch may be larger than the bucket: it owes.

        Raises:
            RateLimited: not now; ``retry_after_s`` says when.
        """
        if rate is None:
            return
        now = self._seconds()
        known, left, at = self._buckets.get(tenant, (rate, float(rate.burst), now))
        if known != rate:
            left, at = float(rate.burst), now
        left = min(rate.burst, left + (now - at) * rate.events_per_s)
        if left >= min(events, rate.burst):
            self._keep(tenant, (rate, left - events, now))
            return
        self._keep(tenant, (rate, left, now))
        wait_s = (min(events, rate.burst) - left) / rate.events_per_s
        raise RateLimited(
            f"tenant {tenant} may send {rate.events_per_s:g} events a second, {rate.burst} at "
            "once; slow down, or ask for another ingest-rate policy",
            max(1, min(3600, ceil(wait_s))),
        )

    def _keep(self, tenant: str, bucket: tuple[IngestRate, float, float]) -> None:
        if len(self._buckets) > MOST:
            self._buckets = {}
        self._buckets[tenant] = bucket
