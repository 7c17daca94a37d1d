"""The projector of committed fields: apart from the others, for keys may be out of reach.

An erasure destroys keys first, and then waits for the projection's place to take rows away. So
rows are added only if, with the place held, the epoch is where it was before keys were read.
"""

from dataclasses import dataclass, field

from sqlalchemy import Engine

from quarterdeck.kernel.clock import micros, utc_now
from quarterdeck.kernel.db import reading, writing
from quarterdeck.trail.log.ports import Reader
from quarterdeck.trail.projections import store
from quarterdeck.trail.projections.model import Name, Place, Row
from quarterdeck.trail.projections.service.fields import Fields
from quarterdeck.trail.projections.service.projector import (
    APPLIED,
    PROJECTED_SECONDS,
    STEP,
    TIMED,
    check,
)

NAME = Name.FIELDS


@dataclass(slots=True, kw_only=True)
class FieldProjector:
    """Keeps the tokens of every log's committed fields; see ``Projector``."""

    engine: Engine
    read: Engine
    fields: Fields
    _trusted: set[str] = field(default_factory=set)

    def beat(self) -> bool:
        """Catch up, one step of each log; whether one was not enough.

        Raises:
            ProjectionDiverged: the read model is of another log.
            KeyMissing, KeyUnusable: of a log, once all before it had their turn.
        """
        with reading(self.engine) as db:
            if NAME in store.paused(db):
                return False
        with reading(self.read) as db:
            places = store.every_place(db)
        sizes = sorted(self._reader.sizes().items())
        behind = [(log, size) for log, size in sizes if _at(places, log) < size]
        for log, size in behind:
            self._step(log, places.get((NAME, log), Place()), size)
        return any(size - _at(places, log) > STEP for log, size in behind)

    @property
    def _reader(self) -> Reader:
        return self.fields.reader

    def _step(self, log: str, old: Place, size: int) -> None:
        self._trust(log, old)
        end = min(size, old.size + STEP)
        with writing(self.read) as db:
            number = store.number_of(db, log)
        epoch = self.fields.epoch()
        rows, unread = self.fields.rows(log, number, old.size, end - old.size)
        (tail,) = self._reader.hashes(log, 0, end - 1, 1)
        new = Place(size=end, hash=tail, skipped=old.skipped + unread)
        with writing(self.read) as db:
            if not store.advance(db, NAME, log, old, new):
                return
            if self.fields.epoch() != epoch:
                rows, _ = self.fields.rows(log, number, old.size, end - old.size)
            store.add(db, {NAME: rows})
        _measure(end - old.size, rows)

    def _trust(self, log: str, place: Place) -> None:
        if log not in self._trusted:
            check(self._reader, NAME, log, place)
            self._trusted.add(log)


def _at(places: dict[tuple[str, str], Place], log: str) -> int:
    return places.get((NAME, log), Place()).size


def _measure(applied: int, rows: list[Row]) -> None:
    APPLIED.labels(NAME).inc(applied)
    now = micros(utc_now())
    for row in rows[:: max(1, len(rows) // TIMED)]:
        PROJECTED_SECONDS.labels(NAME).observe(max(0, now - row[2]) / 1e6)
