"""Sealing: points that no longer change become chunks, a twentieth of their size.

Any number of workers may do it at once: one gets a point's row, and the chunk is there when
the row is gone. A crash loses nothing, for both are one transaction.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from prometheus_client import Counter

from quarterdeck.kernel.clock import Clock, micros
from quarterdeck.kernel.db import bulk
from quarterdeck.operations.metrics.opening import Metrics
from quarterdeck.operations.metrics.store import chunking, points
from quarterdeck.operations.metrics.store.points import SLOT

SETTLED = timedelta(minutes=5)
"""After so long a slot gets no more points, save by backfill."""

OPEN = timedelta(minutes=30)
"""The oldest slot waits so long, so that chunks are worth their overhead."""

AT_ONCE = 250
"""Series sealed in one transaction, so that who records gets their turn."""

SEALED = Counter("quarterdeck_points_sealed_total", "Points moved into chunks.")
DROPPED = Counter(
    "quarterdeck_points_of_the_future_total", "Points dropped: the clock was set back behind them."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealer:
    """Seals what is due."""

    metrics: Metrics
    clock: Clock

    def beat(self) -> int:
        """Seal, if the oldest points wait for it; how many points were sealed."""
        now = self.clock()
        self._drop_future(now)
        with self.metrics.reading() as db:
            standing = points.slots(db)
        if not standing or (standing[0] + 1) * SLOT > micros(now - OPEN):
            return 0
        settled = micros(now - SETTLED) // SLOT
        return self.seal([slot for slot in standing if slot < settled])

    def seal(self, slots: Sequence[int]) -> int:
        """Seal every point of some slots; how many."""
        sealed = 0
        for series in self._series(slots):
            with bulk(self.metrics.engine), self.metrics.writing() as db:
                sealed += chunking.seal(db, slots, series)
        SEALED.inc(sealed)
        return sealed

    def _series(self, slots: Sequence[int]) -> Iterator[list[int]]:
        after = 0
        while True:
            with self.metrics.reading() as db:
                found = points.open_series(db, slots, after, AT_ONCE)
            if not found:
                return
            yield found
            after = found[-1]

    def _drop_future(self, now: datetime) -> None:
        latest = micros(now + 2 * self.metrics.limits.ahead) // SLOT
        with self.metrics.reading() as db:
            standing = points.slots(db)
        if standing and standing[-1] > latest:
            with self.metrics.writing() as db:
                DROPPED.inc(points.drop(db, latest))
