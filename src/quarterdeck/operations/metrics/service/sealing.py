"""Sealing: points that no longer change become chunks, a twentieth of their size.

Any number of workers may do it at once: one gets a point's row, and the chunk is there when
the row is gone. A crash loses nothing, for both are one transaction.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from prometheus_client import Counter

from quarterdeck.kernel.clock import Clock, micros
from quarterdeck.kernel.db import bulk
from quarterdeck.operations.metrics.opening import Metrics
from quarterdeck.operations.metrics.rollup import DAY
from quarterdeck.operations.metrics.store import chunking, names, points, rolling
from quarterdeck.operations.metrics.store.points import SLOT

SETTLED = timedelta(minutes=5)
"""After so long a slot gets no more points, save by backfill."""

OPEN = timedelta(minutes=30)
"""The oldest slot waits so long, so that chunks are worth their overhead."""

FEW = 20
"""Series whose day is down-sampled in one transaction."""

AT_ONCE = 250
"""Series sealed in one transaction, so that who records gets their turn."""

FORGOTTEN_AFTER = timedelta(days=3)
"""Of no points: who records looks a series up again each day (``recording.SEEN``)."""

SEALED = Counter("quarterdeck_points_sealed_total", "Points moved into chunks.")
EXPIRED = Counter("quarterdeck_chunks_expired_total", "Chunks dropped.")
EARLY = Counter(
    "quarterdeck_chunks_dropped_early_total", "Of those: before their time, for want of room."
)
FORGOTTEN = Counter("quarterdeck_series_forgotten_total", "Series dropped: no point was left.")
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Roller:
    """Down-samples days that are over and sealed."""

    metrics: Metrics
    clock: Clock

    def beat(self) -> int:
        """Down-sample some of what is due; how many days of series."""
        with self.metrics.reading() as db:
            before = rolling.horizon_of_open(db, micros(self.clock()) // DAY)
            waiting = rolling.due(db, before, AT_ONCE)
        days: dict[int, list[int]] = defaultdict(list)
        for day, series in waiting:
            days[day].append(series)
        done = 0
        for day, every in days.items():
            for first in range(0, len(every), FEW):
                with bulk(self.metrics.engine), self.metrics.writing() as db:
                    done += rolling.roll_day(db, day, every[first : first + FEW])
        return done


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeper:
    """Drops what is too old, the oldest points where all of it is too large, and empty series."""

    metrics: Metrics
    clock: Clock

    def beat(self) -> int:
        """Drop what is due; how many chunks that were."""
        limits, now = self.metrics.limits, self.clock()
        gone = self._drop(now - limits.raw)
        keep = limits.raw
        while keep > SETTLED and self._too_large():
            keep -= min(keep, timedelta(days=1))
            early = self._drop(now - max(keep, SETTLED))
            EARLY.inc(early)
            gone += early
        EXPIRED.inc(gone)
        return gone

    def _drop(self, before: datetime) -> int:
        now = self.clock()
        oldest = micros(now - self.metrics.limits.rolled)
        gone = 0
        for first, end in self._ranges():
            with bulk(self.metrics.engine), self.metrics.writing() as db:
                gone += points.expire(db, first, end, micros(before))
                rolling.expire(db, first, end, oldest)
                FORGOTTEN.inc(names.forget(db, first, end, now - FORGOTTEN_AFTER))
        return gone

    def _ranges(self) -> Iterator[tuple[int, int]]:
        """Numbers [first, end) of ``AT_ONCE`` series, however many were forgotten between them."""
        first = 0
        while found := self._from(first):
            yield first, found[-1] + 1
            first = found[-1] + 1

    def _from(self, first: int) -> list[int]:
        with self.metrics.reading() as db:
            return points.numbers(db, first, AT_ONCE)

    def _too_large(self) -> bool:
        with self.metrics.reading() as db:
            return points.size(db) > self.metrics.limits.size
