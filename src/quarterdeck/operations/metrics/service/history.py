"""Long and old windows, answered by buckets instead of by points.

Such a window, of two days or more or reaching back beyond the points that are kept, begins at
whole five minutes (or hours), and ends so where it ends before the last midnights. Both are
rounded down: so windows that meet still add up.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from quarterdeck.kernel.clock import MICROSECOND, instant, micros
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.metrics.model import Series, Value
from quarterdeck.operations.metrics.opening import Metrics
from quarterdeck.operations.metrics.rollup import (
    DAY,
    SECOND,
    STALE,
    STEPS_S,
    Rolled,
    Tally,
    added,
    answer,
    tally,
)
from quarterdeck.operations.metrics.selector import Selector
from quarterdeck.operations.metrics.service.meant import batches, meant
from quarterdeck.operations.metrics.store import points, rolling
from quarterdeck.operations.metrics.windows import Asked, cut

LONG = timedelta(days=2)
AT_ONCE = 200_000
"""Buckets that are read at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """A series as buckets and, from ``since`` on, as points."""

    name: str
    labels: dict[str, str]
    rolled: Rolled
    recent: Series
    since: int

    def evaluate(self, at: datetime, asked: Asked) -> Value | None:
        """What ``asked`` makes of the window that ends ``at``; None: no data."""
        end = micros(at)
        start = self._whole(end - asked.window // MICROSECOND)
        found = added(self._parts(start, end))
        if found is None:
            return None
        told = end if end > self.since else self._whole(end)
        value = answer(found, asked.function, told - start, end)
        if value is None:
            return None
        return Value(
            name=self.name,
            labels=self.labels,
            value=value,
            points=round(found.count),
            newest=instant(found.newest),
        )

    def _parts(self, start: int, end: int) -> Iterator[Tally]:
        until = min(self._whole(end), self.since)
        yield from self.rolled.inside(start, until)
        if end > self.since:
            found = tally(cut(self.recent, max(start, self.since), end))
            if found is not None:
                yield found

    def _whole(self, at: int) -> int:
        """Where the bucket of an instant begins."""
        return at - at % self.rolled.step


def is_old(work: Work, metrics: Metrics, first: datetime, asked: Asked) -> bool:
    """Whether the window that ends ``first`` needs buckets."""
    return asked.window >= LONG or first - asked.window < work.now - metrics.limits.raw


def past(
    work: Work,
    metrics: Metrics,
    own: Tenants,
    selector: Selector,
    ats: Sequence[datetime],
    asked: Asked,
) -> Iterator[Past]:
    """The series that are meant, as far back as windows that end at ``ats`` reach.

    They are read while they are taken.
    """
    step_s = _step_s(ats, asked)
    start, end = micros(ats[0] - asked.window), micros(ats[-1])
    with metrics.reading() as db:
        since = rolling.horizon(db, micros(work.now) // DAY)
    each = (end - start) // (step_s * SECOND)
    for some in batches(meant(metrics, own, selector), each, AT_ONCE):
        ids = [one.id for one in some]
        with metrics.reading() as db:
            rolled = rolling.between(db, ids, step_s, start - step_s * SECOND, end)
            tracks = points.between(db, ids, since - STALE, end)
        for one in some:
            if one.id in rolled or one.id in tracks:
                yield Past(
                    name=one.name,
                    labels=dict(one.labels),
                    rolled=rolled.get(one.id, Rolled(step_s * SECOND, [])),
                    recent=Series(one.name, one.labels, *tracks.get(one.id, ([], []))),
                    since=since,
                )


def _step_s(ats: Sequence[datetime], asked: Asked) -> int:
    """The longest buckets of which each window is made whole."""
    fine, coarse = STEPS_S
    hour = timedelta(seconds=coarse)
    whole = not asked.window % hour and all(not micros(at) % (coarse * SECOND) for at in ats)
    return coarse if whole else fine
