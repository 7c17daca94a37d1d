"""The points of series: rows until they are sealed, then chunks.

Nothing here takes tenants: whoever asks found the series by them.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, TypeAlias

from sqlalchemy import (
    Connection,
    Select,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    text,
)

from quarterdeck.kernel.bulk import insert_many
from quarterdeck.kernel.db import BULK_ROWS
from quarterdeck.operations.metrics.encoding import decode, encode
from quarterdeck.operations.metrics.tables import EVERY, chunks, points
from quarterdeck.operations.metrics.tables import series as known

SLOT = 60_000_000
"""Microseconds of one slot."""

# Each slot by one step down the index, however many points it holds.
SLOTS = text("""
WITH RECURSIVE standing(slot) AS (
    SELECT min(slot) FROM operations_point
    UNION ALL
    SELECT (SELECT min(slot) FROM operations_point WHERE slot > standing.slot)
    FROM standing WHERE standing.slot IS NOT NULL
)
SELECT slot FROM standing WHERE slot IS NOT NULL ORDER BY slot
""")

ADD = "INSERT INTO operations_point (slot, series, at, bits)"
UNNEST = (
    "SELECT * FROM unnest(CAST(:slot AS integer[]), CAST(:series AS integer[]), "
    "CAST(:at AS bigint[]), CAST(:bits AS bigint[]))"
)
USED = (
    "SELECT (p.page_count - f.freelist_count) * s.page_size "
    "FROM pragma_page_count p, pragma_freelist_count f, pragma_page_size s"
)
TOTAL = "SELECT sum(pg_total_relation_size(name::regclass)) FROM"
STAYS = "ON CONFLICT DO NOTHING"

Row = tuple[int, int, float]
"""Series, microseconds since 1970, value."""

Track: TypeAlias = "tuple[array[int], array[float]]"
"""Times, strictly ascending, and the value of each."""


def add(db: Connection, rows: Sequence[Row]) -> int:
    """Keep points; how many were new. Where a series has one at that instant, that one stays."""
    if not rows:
        return 0
    slots = [at // SLOT for _, at, _ in rows]
    bits = array("q", array("d", [value for _, _, value in rows]).tobytes())
    columns = (slots, [row[0] for row in rows], [row[1] for row in rows], bits.tolist())
    if db.dialect.name == "sqlite":
        return insert_many(db, ADD, [*zip(*columns, strict=True)], last=STAYS)
    given = dict(zip(("slot", "series", "at", "bits"), columns, strict=True))
    return db.execute(text(f"{ADD} {UNNEST} {STAYS}"), given).rowcount


def newest(db: Connection, series: Sequence[int], before: int) -> dict[int, int]:
    """When each series had its newest point before an instant; one without is left out."""
    found: dict[int, int] = {}
    taken = slots(db)
    for first in range(0, len(series), BULK_ROWS):
        some = series[first : first + BULK_ROWS]
        sealed = (
            select(chunks.c.series, func.max(chunks.c.end))
            .where(chunks.c.series.in_(some))
            .group_by(chunks.c.series)
        )
        found.update({row[0]: row[1] for row in db.execute(sealed)})
        mine = (points.c.slot.in_(taken), points.c.series.in_(some), points.c.at < before)
        still = select(points.c.series, func.max(points.c.at)).where(*mine)
        found.update({row[0]: row[1] for row in db.execute(still.group_by(points.c.series))})
    return found


def between(db: Connection, series: Sequence[int], start: int, end: int) -> dict[int, Track]:
    """The points of series in [start, end], each series' by time; one without is left out.

    Raises:
        DamagedChunk: what is stored cannot be read.
    """
    parts: dict[int, list[Track]] = defaultdict(list)
    for first in range(0, len(series), BULK_ROWS):
        some = series[first : first + BULK_ROWS]
        for row in db.execute(_sealed(some, start, end)):
            parts[row.series].append(decode(row.data))
        for number, track in _open(db, some, start, end).items():
            parts[number].append(track)
    merged = ((number, merge(tracks, start, end)) for number, tracks in parts.items())
    return {number: track for number, track in merged if track[0]}


def merge(tracks: Sequence[Track], start: int, end: int) -> Track:
    """Tracks as one, in [start, end]. Of two points at one instant the first track's stays."""
    ordered = sorted(tracks, key=lambda track: track[0][0])
    apart = all(one[0][-1] < other[0][0] for one, other in pairwise(ordered))
    times, values = _joined(ordered) if apart else _interleaved(tracks)
    first, last = bisect_left(times, start), bisect_right(times, end)
    return times[first:last], values[first:last]


def slots(db: Connection) -> list[int]:
    """The slots that hold points which are not sealed, in order."""
    return list(db.scalars(SLOTS))


def standing(db: Connection, series: Sequence[int]) -> set[int]:
    """Those of some series that have points which are not sealed."""
    mine = (points.c.slot.in_(slots(db)), points.c.series.in_(series))
    return set(db.scalars(select(points.c.series).where(*mine).distinct()))


def open_series(db: Connection, taken: Sequence[int], after: int, limit: int) -> list[int]:
    """The next series, by number, that have points in some slots."""
    query = select(points.c.series).where(points.c.slot.in_(taken), points.c.series > after)
    return list(db.scalars(query.distinct().order_by(points.c.series).limit(limit)))


def take(db: Connection, taken: Sequence[int], series: Sequence[int]) -> dict[int, Track]:
    """Remove the points of series in some slots; what they were. Of two who do, one gets them."""
    mine = (points.c.slot.in_(taken), points.c.series.in_(series))
    gone = delete(points).where(*mine).returning(points.c.series, points.c.at, points.c.bits)
    return _tracks(db.execute(gone).all())


def drop(db: Connection, after: int) -> int:
    """Remove points of slots after ``after``; how many there were."""
    return db.execute(delete(points).where(points.c.slot > after)).rowcount


def numbers(db: Connection, first: int, limit: int) -> list[int]:
    """The numbers of the next series from ``first`` on, in order."""
    query = select(known.c.id).where(known.c.id >= first)
    return list(db.scalars(query.order_by(known.c.id).limit(limit)))


def size(db: Connection) -> int:
    """Bytes that all series take; of a file, without what is free in it."""
    if db.dialect.name == "sqlite":
        return int(db.scalar(text(USED)) or 0)
    tables = ", ".join(f"('{table.name}')" for table in EVERY)
    return int(db.scalar(text(f"{TOTAL} (VALUES {tables}) AS ours(name)")) or 0)


def expire(db: Connection, first: int, end: int, before: int) -> int:
    """Remove chunks of series in [first, end) whose every point is older; how many there were."""
    mine = (chunks.c.series >= first, chunks.c.series < end, chunks.c.end < before)
    return db.execute(delete(chunks).where(*mine)).rowcount


def near(db: Connection, series: Sequence[int], start: int) -> dict[int, list[Track]]:
    """The chunks of series that end at or after ``start``, and the newest of each, by time."""
    newest = (
        select(chunks.c.series, func.max(chunks.c.start).label("start"))
        .where(chunks.c.series.in_(series))
        .group_by(chunks.c.series)
        .subquery()
    )
    query = (
        select(chunks.c.series, chunks.c.data)
        .join(newest, newest.c.series == chunks.c.series)
        .where(or_(chunks.c.end >= start, chunks.c.start == newest.c.start))
        .order_by(chunks.c.series, chunks.c.start)
    )
    found: dict[int, list[Track]] = defaultdict(list)
    for row in db.execute(query):
        found[row.series].append(decode(row.data))
    return found


def replace(
    db: Connection, old: Sequence[tuple[int, int]], new: Sequence[tuple[int, Track]]
) -> None:
    """Put chunks, each of one series, where others (series and start) were."""
    if old:
        mine = (chunks.c.series == bindparam("of"), chunks.c.start == bindparam("begun"))
        gone = [{"of": series, "begun": start} for series, start in old]
        db.execute(delete(chunks).where(*mine), gone)
    if new:
        db.execute(insert(chunks), [_chunk(series, track) for series, track in new])


def _chunk(series: int, track: Track) -> dict[str, Any]:
    times, values = track
    return {
        "series": series,
        "start": times[0],
        "end": times[-1],
        "count": len(times),
        "data": encode(times, values),
    }


def _sealed(series: Sequence[int], start: int, end: int) -> Select[Any]:
    return (
        select(chunks.c.series, chunks.c.data)
        .where(chunks.c.series.in_(series), chunks.c.end >= start, chunks.c.start <= end)
        .order_by(chunks.c.series, chunks.c.start)
    )


def _open(db: Connection, series: Sequence[int], start: int, end: int) -> dict[int, Track]:
    wanted = [slot for slot in slots(db) if start // SLOT <= slot <= end // SLOT]
    mine = (points.c.slot.in_(wanted), points.c.series.in_(series))
    return _tracks(db.execute(select(points.c.series, points.c.at, points.c.bits).where(*mine)))


def _tracks(rows: Iterable[Any]) -> dict[int, Track]:
    found: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for number, at, bit in rows:
        found[number].append((at, bit))
    return {number: _track(sorted(pairs)) for number, pairs in found.items()}


def _track(pairs: Sequence[tuple[int, int]]) -> Track:
    bits = array("q", [bit for _, bit in pairs])
    return array("q", [at for at, _ in pairs]), array("d", bits.tobytes())


def _joined(tracks: Sequence[Track]) -> Track:
    times, values = array("q"), array("d")
    for some_times, some_values in tracks:
        times.extend(some_times)
        values.extend(some_values)
    return times, values


def _interleaved(tracks: Sequence[Track]) -> Track:
    found: dict[int, float] = {}
    for times, values in tracks:
        for at, value in zip(times, values, strict=True):
            found.setdefault(at, value)
    ordered = sorted(found)
    return array("q", ordered), array("d", [found[at] for at in ordered])
