"""Days of series, down-sampled."""

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import Connection, delete, func, insert, select

from quarterdeck.operations.metrics.model import Series
from quarterdeck.operations.metrics.rollup import (
    DAY,
    SECOND,
    STALE,
    STEPS_S,
    Rolled,
    Tally,
    pack,
    roll,
    unpack,
)
from quarterdeck.operations.metrics.store import points
from quarterdeck.operations.metrics.tables import rollups, unrolled


def due(db: Connection, before: int, limit: int) -> list[tuple[int, int]]:
    """Days before day ``before`` (since 1970), and series, that wait to be down-sampled."""
    query = select(unrolled.c.day, unrolled.c.series).where(unrolled.c.day < before)
    found = db.execute(query.order_by(unrolled.c.day, unrolled.c.series).limit(limit))
    return [(day, series) for day, series in found]


def roll_day(db: Connection, day: int, series: Sequence[int]) -> int:
    """Down-sample a day of some series that wait for it; how many did. Of two who do, one does."""
    mine = (unrolled.c.day == day, unrolled.c.series.in_(series))
    waiting = list(db.scalars(delete(unrolled).where(*mine).returning(unrolled.c.series)))
    if not waiting:
        return 0
    start, end = day * DAY, (day + 1) * DAY
    # (start, end]: the point at midnight is of the day before.
    found = points.between(db, waiting, start - STALE, end)
    old = (rollups.c.series.in_(waiting), rollups.c.start == start)
    db.execute(delete(rollups).where(*old))
    rows = []
    for number, (times, values) in found.items():
        for step_s in STEPS_S:
            rolled = roll(Series("", {}, times, values), start, end, step_s * SECOND)
            if rolled.tallies:
                rows.append(_row(number, step_s, start, end, pack(rolled)))
    if rows:
        db.execute(insert(rollups), rows)
    return len(waiting)


def between(
    db: Connection, series: Sequence[int], step_s: int, start: int, end: int
) -> dict[int, Rolled]:
    """The buckets of series whose days touch [start, end].

    Raises:
        DamagedChunk: what is stored cannot be read.
    """
    query = (
        select(rollups.c.series, rollups.c.data)
        .where(
            rollups.c.series.in_(series),
            rollups.c.step_s == step_s,
            rollups.c.start <= end,
            rollups.c.end >= start,
        )
        .order_by(rollups.c.series, rollups.c.start)
    )
    found: dict[int, list[Tally]] = defaultdict(list)
    for number, data in db.execute(query):
        found[number] += unpack(data, step_s * SECOND).tallies
    return {number: Rolled(step_s * SECOND, tallies) for number, tallies in found.items()}


def expire(db: Connection, first: int, end: int, before: int) -> int:
    """Remove days of series in [first, end) that ended before an instant; how many there were."""
    mine = (rollups.c.series >= first, rollups.c.series < end, rollups.c.end < before)
    return db.execute(delete(rollups).where(*mine)).rowcount


def _row(series: int, step_s: int, start: int, end: int, data: bytes) -> dict[str, object]:
    return {"series": series, "step_s": step_s, "start": start, "end": end, "data": data}


def horizon_of_open(db: Connection, today: int) -> int:
    """The first day that is not over, or of which points are not sealed yet."""
    standing = points.slots(db)
    return min([today, *((slot * points.SLOT - 1) // DAY for slot in standing[:1])])


def horizon(db: Connection, today: int) -> int:
    """Until when buckets say all that there is (microseconds, a midnight): later on, points do."""
    waiting = db.scalar(select(func.min(unrolled.c.day)))
    sealed = horizon_of_open(db, today)
    return (sealed if waiting is None else min(sealed, waiting)) * DAY
