"""Rebuilding: a read model is made anew from the log beside the live one, compared with it
row by row, and then its difference is put into it at once. Questions are answered meanwhile.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, Engine

from quarterdeck.kernel.db import reading, writing
from quarterdeck.trail.log.ports import Reader
from quarterdeck.trail.projections import store
from quarterdeck.trail.projections.model import Compared, Name, Place, Range, rows_of
from quarterdeck.trail.projections.service.fields import Fields
from quarterdeck.trail.projections.service.projector import STEP, readable

Progress = Callable[[int, int], None]
"""Called with records done and in all; raises where it is to stop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuild:
    """One projection of one log, made anew.

    Attributes:
        since, until: only what occurred from then to then, microseconds since 1970.
        dry: compare, and change nothing.
    """

    read: Engine
    reader: Reader
    fields: Fields
    projection: str
    log: str
    since: int | None = None
    until: int | None = None
    dry: bool = False

    def run(self, progress: Progress) -> tuple[int, Compared]:
        """How many records were applied beside, and what the comparison said."""
        end = self.reader.size(self.log)
        within = _range(end, self.since, self.until)
        if self.projection == Name.SEARCH:
            return self._begin_search_anew(end)
        applied, skipped = self._make(within, progress)
        with writing(self.read) as db:
            number = store.number_of(db, self.log)
            found = self._compared(db, number, within, skipped)
            store.clear_beside(db, self.projection, number)
        return applied, found

    def _make(self, within: Range, progress: Progress) -> tuple[int, int]:
        with writing(self.read) as db:
            number = store.number_of(db, self.log)
            store.clear_beside(db, self.projection, number)  # what a crash left
        applied = unread = 0
        for start in range(0, within.end, STEP):
            count = min(STEP, within.end - start)
            add = self._add_fields if self.projection == Name.FIELDS else self._add_entries
            chosen, skipped = add(number, start, count, within)
            applied, unread = applied + chosen, unread + skipped
            progress(start + count, within.end)
        return applied, unread

    def _add_entries(self, number: int, start: int, count: int, within: Range) -> tuple[int, int]:
        leaves = self.reader.read(self.log, start, count)
        records = readable(leaves)
        chosen = [one for one in records if within.holds(one)]
        with writing(self.read) as db:
            store.add(db, rows_of(self.projection, number, chosen), beside=True)
        return len(chosen), len(leaves) - len(records)

    def _add_fields(self, number: int, start: int, count: int, within: Range) -> tuple[int, int]:
        with writing(self.read) as db:
            # An erasure takes rows away once it has the place: what it erased is not opened here.
            store.hold(db, self.projection, self.log)
            rows, unread = self.fields.rows(self.log, number, start, count)
            chosen = [row for row in rows if within.since <= row[2] < within.until]
            store.add(db, {self.projection: chosen}, beside=True)
        return count, unread

    def _compared(self, db: Connection, number: int, within: Range, skipped: int) -> Compared:
        live = store.place(db, self.projection, self.log)
        # Taken as it stands: on PostgreSQL this holds back whoever would move it meanwhile.
        store.advance(db, self.projection, self.log, live, live)
        found = store.compare(db, self.projection, number, within)
        if not self.dry:
            store.swap(db, self.projection, number, within)
            if within.whole:
                self._settle(db, number, live, within.end, skipped)
        return found

    def _settle(self, db: Connection, number: int, live: Place, end: int, skipped: int) -> None:
        """The rows before ``end`` are right now; those behind it only if the place was."""
        if live.size >= end and self._stands(live):
            return
        store.drop_after(db, self.projection, number, end)
        last = self.reader.read(self.log, end - 1, 1) if end else []
        new = Place(size=end, hash=last[0].hash if last else b"", skipped=skipped)
        store.advance(db, self.projection, self.log, live, new)

    def _stands(self, live: Place) -> bool:
        found = self.reader.read(self.log, live.size - 1, 1) if live.size else []
        return bool(found) and found[0].hash == live.hash

    def _begin_search_anew(self, end: int) -> tuple[int, Compared]:
        # Words are not rows that could be compared: they are forgotten, and read again.
        if not self.dry:
            with writing(self.read) as db:
                store.forget_words(db, store.number_of(db, self.log))
                store.forget_place(db, self.projection, self.log)
        return end, Compared(rows=0, missing=0, surplus=0)


def wipe(read: Engine, projection: str, log: str) -> None:
    """Empty a projection of a log, as if it had never been; deliveries fill it again."""
    with writing(read) as db:
        number = store.number_of(db, log)
        if projection == Name.SEARCH:
            store.forget_words(db, number)
        else:
            store.drop_after(db, projection, number, 0)
        store.forget_place(db, projection, log)


def place_of(read: Engine, projection: str, log: str) -> Place:
    """How far a projection of a log has come."""
    with reading(read) as db:
        return store.place(db, projection, log)


def _range(end: int, since: int | None, until: int | None) -> Range:
    within = Range(end=end)
    return Range(
        end=end,
        since=within.since if since is None else since,
        until=within.until if until is None else until,
    )
