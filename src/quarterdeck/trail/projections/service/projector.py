"""The projector: applies what was appended, each leaf once, in whatever order it comes.

The place of a projection moves in the transaction of its rows, from where it stood: of two
that apply the same leaves one wins, and the other has done nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic

from prometheus_client import Counter, Histogram
from sqlalchemy import Connection, Engine

from quarterdeck.kernel.clock import micros, utc_now
from quarterdeck.kernel.db import reading, writing
from quarterdeck.kernel.work import Work
from quarterdeck.trail.deliveries.model import Batch
from quarterdeck.trail.log.growth import Growth
from quarterdeck.trail.log.model import Leaf
from quarterdeck.trail.log.ports import Reader
from quarterdeck.trail.log.record import RecordUnreadable
from quarterdeck.trail.projections import store
from quarterdeck.trail.projections.model import (
    ROWS,
    SCHEMAS,
    Name,
    Place,
    ProjectionDiverged,
    Seen,
    Upcast,
    rows_of,
    seen,
)
from quarterdeck.trail.proof.tree import leaf_hash

STEP = 4096
"""Leaves applied in one transaction by who catches up: their rows fit into few pages."""

APPLIED = Counter(
    "quarterdeck_projection_applied_total", "Records applied, by projection.", ["projection"]
)
TIMED = 16
PROJECTED_SECONDS = Histogram(
    "quarterdeck_projection_seconds",
    "Time from what an event tells having happened until a projection shows it.",
    ["projection"],
    buckets=(0.1, 0.5, 1, 2, 5, 10, 30, 60, 600),
)


@dataclass(slots=True, kw_only=True)
class Projector:
    """Keeps the read models of every log true to it.

    Attributes:
        read: where the read models are.
        names: the projections that are kept; ``fields`` has a projector of its own.
        schemas: how an entry of each schema is read.
        patience_s: how long a projection stands still before a beat moves it: deliveries that
            are late would otherwise be done twice, once for nothing.
    """

    engine: Engine
    read: Engine
    reader: Reader
    names: Sequence[str] = ROWS
    schemas: Mapping[int, Upcast] = field(default_factory=lambda: SCHEMAS)
    _trusted: set[tuple[str, str]] = field(default_factory=set)
    patience_s: float = 0.0
    growth: Growth = field(default_factory=Growth)
    _left: dict[tuple[str, str], tuple[int, float]] = field(default_factory=dict)

    def apply(self, work: Work, batch: Batch) -> None:
        """Apply what was delivered: ``work`` is a transaction of the read models.

        What was applied before is passed over. Records beyond a gap wait until ``beat`` has
        closed it; one delivered ``again`` may be anywhere.

        Raises:
            RecordUnreadable: one of them is of no known schema; none was applied.
            ProjectionDiverged: the read model is of another log.
        """
        records = [
            seen(batch.first + n, entry, self.schemas) for n, entry in enumerate(batch.entries)
        ]
        log = store.number_of(work.db, batch.log)
        if batch.again:
            for name in self.names:
                _write(work.db, name, log, records)
            return
        move = Move(batch.log, log, batch.first, batch.end, records, leaf_hash(batch.entries[-1]))
        for name in self._active():
            self._move(work.db, name, move)

    def beat(self) -> bool:
        """Catch up, one step, whatever stands still though its log has grown; more to do?

        What the deliveries move is left to them.
        """
        sizes = self.growth.among(self.reader.sizes())
        behind = self._behind(sizes) if sizes else {}
        for (log, at), names in behind.items():
            self.catch_up(names, log, at)
        return bool(behind)

    def _behind(self, sizes: Mapping[str, int]) -> Mapping[tuple[str, int], list[str]]:
        """Projections that stand still, by log and by where."""
        with reading(self.read) as db:
            places = store.every_place(db, sizes)
        active = self._active()
        behind: dict[tuple[str, int], list[str]] = defaultdict(list)
        for log, size in sizes.items():
            at = {name: places.get((name, log), Place()).size for name in self.names}
            if all(place >= size for place in at.values()):
                self.growth.done(log, size)
            for name in active:
                if self._stands(name, log, at[name]) and at[name] < size:
                    behind[log, at[name]].append(name)
        return behind

    def catch_up(self, names: Sequence[str], log: str, start: int) -> None:
        """Apply the leaves of ``log`` from ``start`` on, one step.

        Those that cannot be read are passed over and counted: they are dead letters.
        """
        leaves = self.reader.read(log, start, STEP)
        if not leaves:
            return
        records = list(readable(leaves, self.schemas))
        with writing(self.read) as db:
            number = store.number_of(db, log)
            end, tail = start + len(leaves), leaves[-1].hash
            for name in names:
                self._move(db, name, Move(log, number, start, end, records, tail))
        for name in names:
            self._left[name, log] = end, self._left.get((name, log), (0, monotonic()))[1]

    def _stands(self, name: str, log: str, at: int) -> bool:
        """Whether nobody but this has moved it for as long as patience lasts."""
        left, since = self._left.get((name, log), (-1, 0.0))
        if left == at:
            return monotonic() - since >= self.patience_s
        self._left[name, log] = at, monotonic()
        return False

    def _active(self) -> list[str]:
        with reading(self.engine) as db:
            paused = store.paused(db)
        return [name for name in self.names if name not in paused]

    def _move(self, db: Connection, name: str, move: "Move") -> None:
        old = store.place(db, name, move.log)
        self._trust(name, move.log, old)
        if not move.first <= old.size < move.end:
            return
        fresh = [one for one in move.records if one.index >= old.size]
        skipped = old.skipped + move.end - max(move.first, old.size) - len(fresh)
        new = Place(size=move.end, hash=move.tail, skipped=skipped)
        if store.advance(db, name, move.log, old, new):
            _write(db, name, move.number, fresh)
            APPLIED.labels(name).inc(len(fresh))
            now = micros(utc_now())
            for one in fresh[:: max(1, len(fresh) // TIMED)]:
                PROJECTED_SECONDS.labels(name).observe(max(0, now - one.at) / 1e6)

    def _trust(self, name: str, log: str, place: Place) -> None:
        """Once a process: the leaf applied last must still be it."""
        if (name, log) in self._trusted:
            return
        check(self.reader, name, log, place)
        self._trusted.add((name, log))


@dataclass(frozen=True, slots=True)
class Move:
    """Leaves ``first`` to ``end`` of a log, which bears ``number`` in rows; ``tail`` is the
    hash of the last.
    """

    log: str
    number: int
    first: int
    end: int
    records: Sequence[Seen]
    tail: bytes


def check(reader: Reader, name: str, log: str, place: Place) -> None:
    """Raise ProjectionDiverged unless the leaf applied last stands in the log."""
    if not place.size:
        return
    found = reader.read(log, place.size - 1, 1)
    if not found or found[0].hash != place.hash:
        raise ProjectionDiverged(
            f"the projection {name} of {log} was made of another log: leaf {place.size - 1} is "
            f"not the one it applied last; check the log with quarterdeck trail verify, then: "
            f"quarterdeck trail projections rebuild {name} --tenant {log} --yes"
        )


def readable(leaves: Iterable[Leaf], schemas: Mapping[int, Upcast] = SCHEMAS) -> list[Seen]:
    """Those of ``leaves`` that are records of a known schema."""
    found = []
    for leaf in leaves:
        try:
            found.append(seen(leaf.index, leaf.entry, schemas))
        except RecordUnreadable:
            continue
    return found


def _write(db: Connection, name: str, log: int, records: Sequence[Seen]) -> None:
    if name == Name.SEARCH:
        store.add_words(db, log, ((one.index, one.words) for one in records))
    else:
        store.add(db, rows_of(name, log, records))
