"""The projector of committed fields: apart from the others, for keys may be out of reach.

An erasure destroys keys first, and then waits for the projection's place to take rows away. So
rows are added only if, with the place held, the epoch is where it was before keys were read.
"""

from dataclasses import dataclass, field

from sqlalchemy import Engine

from quarterdeck.kernel.clock import micros, utc_now
from quarterdeck.kernel.db import reading, writing
from quarterdeck.trail.log.growth import Growth
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
    growth: Growth = field(default_factory=Growth)

    def beat(self) -> bool:
        """Catch up, one step of each log; whether one was not enough.

        Raises:
            ProjectionDiverged: the read model is of another log.
            KeyMissing, KeyUnusable: of a log, once all before it had their turn.
        """
        sizes = self.growth.among(self._reader.sizes())
        if not sizes or self._paused():
            return False
        with reading(self.read) as db:
            places = store.every_place(db, sizes)
        more = False
        for log, size in sorted(sizes.items()):
            old = places.get((NAME, log), Place())
            if old.size < size:
                self._step(log, old, size)
                more = more or size - old.size > STEP
            else:
                self.growth.done(log, size)
        return more

    def _paused(self) -> bool:
        with reading(self.engine) as db:
            return NAME in store.paused(db)

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


def _measure(applied: int, rows: list[Row]) -> None:
    APPLIED.labels(NAME).inc(applied)
    now = micros(utc_now())
    for row in rows[:: max(1, len(rows) // TIMED)]:
        PROJECTED_SECONDS.labels(NAME).observe(max(0, now - row[2]) / 1e6)
