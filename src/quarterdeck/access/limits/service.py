"""How often a tenant may ask: the bucket of each, and changing its rate while all runs."""

from collections.abc import Callable
from threading import Lock
from time import monotonic, perf_counter

from prometheus_client import Counter
from sqlalchemy import Engine

from quarterdeck.access.epoch import service as epoch
from quarterdeck.access.limits import store
from quarterdeck.access.limits.model import Rate, RateLimited
from quarterdeck.access.tenants import service as tenants
from quarterdeck.events.access import LimitSet
from quarterdeck.kernel.checks import asking
from quarterdeck.kernel.db import reading
from quarterdeck.kernel.health import Entry, healthy
from quarterdeck.kernel.work import Work

MOST_BUCKETS = 10_000

LIMITED = Counter("quarterdeck_rate_limited_total", "Requests refused for coming too often.")


class Limits:
    """A bucket for each tenant, in this process alone: two processes let twice as many through.

    Any thread may call it.

    Args:
        seconds: a clock that never steps back.
    """

    def __init__(
        self, engine: Engine, default: Rate, seconds: Callable[[], float] = monotonic
    ) -> None:
        self._engine = engine
        self.default = default
        self._seconds = seconds
        self._watch = epoch.watch(engine)
        self._rates: tuple[int, dict[str, Rate]] = (-1, {})
        self._buckets: dict[str, tuple[float, float]] = {}
        self._lock = Lock()

    def take(self, tenant: str) -> None:
        """Let one request of ``tenant`` through.

        Raises:
            RateLimited: not now; ``retry_after_s`` says when.
            DatabaseUnavailable
        """
        rate = self._rate(tenant)
        with self._lock:
            now = self._seconds()
            left, at = self._buckets.get(tenant, (float(rate.burst), now))
            left = rate.refilled(left, now - at)
            allowed = left >= 1
            self._buckets[tenant] = (left - 1 if allowed else left, now)
            if len(self._buckets) > MOST_BUCKETS:
                self._buckets.clear()
        if not allowed:
            LIMITED.inc()
            raise RateLimited(
                f"tenant {tenant} may ask {rate.per_minute} times a minute; slow down",
                rate.wait_s(left),
            )

    def _rate(self, tenant: str) -> Rate:
        now = self._watch.epoch()
        at, rates = self._rates
        if at != now:
            with reading(self._engine) as db:
                rates = store.rates(db)
            self._rates = (now, rates)
        return rates.get(tenant, self.default)


def limiter_ready(engine: Engine) -> Entry:
    """The rates of tenants can be read, by which this process counts."""
    started = perf_counter()
    with asking(engine) as db:
        rates = store.rates(db)
    took_ms = (perf_counter() - started) * 1000
    return healthy(f"{len(rates)} tenants have a rate of their own, read in {took_ms:.1f} ms")


def rate_of(work: Work, tenant: str) -> Rate | None:
    """The tenant's own rate; None where the setting holds."""
    return store.rate_of(work.db, work.require("limits:read", tenant), tenant)


def set_rate(work: Work, tenant: str, rate: Rate | None) -> None:
    """Give a tenant its own rate, from the next request on; None: as the setting says."""
    among = work.require("limits:write", tenant)
    epoch.advance(work)
    tenants.require_open(work, tenant)
    store.put(work.db, among, tenant, rate)
    per_minute, burst = (0, 0) if rate is None else (rate.per_minute, rate.burst)
    work.publish(LimitSet(tenant=tenant, per_minute=per_minute, burst=burst))
