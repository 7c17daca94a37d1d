"""How points that settled become chunks."""

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from quarterdeck.operations.metrics.store import points
from quarterdeck.operations.metrics.store.points import Track
from quarterdeck.operations.metrics.tables import series as series_table
from quarterdeck.operations.metrics.tables import unrolled

FULL = 240
"""Points of a chunk: one with fewer, if it is the newest, takes more."""

DAY = 86_400_000_000


def seal(db: Connection, slots: Sequence[int], series: Sequence[int]) -> int:
    """Move the points of series in some slots into chunks; how many points that were.

    Where a chunk has a point at the same instant, that one stays.
    """
    # Two that seal the same series must not both read its chunks before either writes them.
    db.execute(select(series_table.c.id).where(series_table.c.id.in_(series)).with_for_update())
    taken = points.take(db, slots, series)
    if not taken:
        return 0
    start = min(times[0] for times, _ in taken.values())
    standing = points.near(db, list(taken), start)
    old: list[tuple[int, int]] = []
    new: list[tuple[int, Track]] = []
    for number, track in taken.items():
        touched = _touched(standing.get(number, []), track)
        old += [(number, times[0]) for times, _ in touched]
        new += [(number, part) for part in _parts([*touched, track])]
    points.replace(db, old, new)
    _due(db, taken)
    return sum(len(times) for times, _ in taken.values())


def _touched(standing: Sequence[Track], track: Track) -> list[Track]:
    """The chunks that overlap ``track``, and the newest if it is not full."""
    first, last = track[0][0], track[0][-1]
    overlapping = [one for one in standing if one[0][0] <= last and one[0][-1] >= first]
    newest = list(standing[-1:])
    if newest and len(newest[0][0]) < FULL and newest[0][0][-1] < first:
        return newest
    return overlapping


def _parts(tracks: Sequence[Track]) -> Iterator[Track]:
    times, values = points.merge(
        tracks, min(t[0][0] for t in tracks), max(t[0][-1] for t in tracks)
    )
    for first in range(0, len(times), FULL):
        yield times[first : first + FULL], values[first : first + FULL]


def _due(db: Connection, taken: dict[int, Track]) -> None:
    # As buckets are: the point at midnight is of the day before.
    days = {((at - 1) // DAY, number) for number, (times, _) in taken.items() for at in times}
    given = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
    rows = [{"day": day, "series": number} for day, number in sorted(days)]
    db.execute(given(unrolled).on_conflict_do_nothing(), rows)
