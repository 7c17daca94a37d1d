"""How questions do: their time by shape, and how the slow ones were answered."""

from collections.abc import Callable
from dataclasses import replace
from threading import Lock

from prometheus_client import Histogram

from quarterdeck.trail.query.model import Timing

MAX_SHAPES = 500
SECONDS = Histogram(
    "quarterdeck_query_seconds",
    "Time that questions to the trail took in the read model.",
    buckets=(0.001, 0.003, 0.01, 0.03, 0.1, 0.2, 0.5, 2),
)


class Watch:
    """Remembers how each shape of question did. Any thread may tell it.

    ``slow_ms``: what takes so long is slow, and its plan is kept.
    """

    def __init__(self, slow_ms: float) -> None:
        self.slow_ms = slow_ms
        self._lock = Lock()
        self._known: dict[str, Timing] = {}

    def tell(self, shape: str, took_ms: float, at: int, plan: Callable[[], list[str]]) -> None:
        """A question was answered. ``plan`` is asked for only where nothing slower is known."""
        SECONDS.observe(took_ms / 1000)
        known = self._known.get(shape)
        slow = took_ms >= self.slow_ms
        wanted = known is None or (slow and took_ms > known.slowest_ms)
        explained = plan() if wanted else None
        with self._lock:
            known = self._known.get(shape) or _first(shape)
            if shape not in self._known and len(self._known) >= MAX_SHAPES:
                return
            self._known[shape] = replace(
                known,
                count=known.count + 1,
                last_ms=took_ms,
                mean_ms=known.mean_ms + (took_ms - known.mean_ms) / (known.count + 1),
                slowest_ms=max(known.slowest_ms, took_ms),
                slow=known.slow + slow,
                plan=known.plan if explained is None else explained,
                at=at,
            )

    def timings(self) -> list[Timing]:
        """Of each shape, the slowest first."""
        with self._lock:
            return sorted(self._known.values(), key=lambda one: -one.slowest_ms)


def _first(shape: str) -> Timing:
    return Timing(shape=shape, count=0, last_ms=0, mean_ms=0, slowest_ms=0, slow=0, plan=(), at=0)
