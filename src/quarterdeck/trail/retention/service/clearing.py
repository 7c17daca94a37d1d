"""Copies of purged records in the segment store: they go when their lock ends.

Until then nobody can take them away; the plan of a purge says until when.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Engine

from quarterdeck.events.keeping import PurgedCopiesCleared
from quarterdeck.kernel.clock import Clock
from quarterdeck.kernel.db import reading
from quarterdeck.kernel.errors import Conflict, Unavailable
from quarterdeck.kernel.work import Actor, Tenants, begin
from quarterdeck.trail.log.ports import Reader
from quarterdeck.trail.proof import tiles
from quarterdeck.trail.proof.tiles import Malformed, Tile
from quarterdeck.trail.retention import store
from quarterdeck.trail.retention.model import Purge, PurgeState, within
from quarterdeck.trail.retention.service.planning import refuse
from quarterdeck.trail.segments.model import Manifest
from quarterdeck.trail.segments.ports import SegmentStore
from quarterdeck.trail.segments.service import overlapping

CLEARER = Actor("quarterdeck", frozenset())


@dataclass(frozen=True, slots=True, kw_only=True)
class Clearing:
    """Clears the copies of what was purged. Any number of processes may try."""

    engine: Engine
    reader: Reader
    store: SegmentStore
    clock: Clock

    def beat(self) -> int:
        """Clear what has no lock any more; how many purges are cleared whole now.

        Raises:
            StoreUnavailable, LogDamaged: of the first tenant that failed, once all others had
                their turn; the next beat tries again.
        """
        with reading(self.engine) as db:
            tenants = store.tenants_done(db)
        cleared, failed = 0, []
        for tenant in tenants:
            try:
                cleared += self._of(tenant)
            except Unavailable as error:
                failed.append(error)
        if failed:
            raise failed[0]
        return cleared

    def _of(self, tenant: str) -> int:
        mine = Tenants(frozenset({tenant}))
        with reading(self.engine) as db:
            done = store.of_tenants(db, mine, PurgeState.DONE)
        return sum(self._cleared(one, mine) for one in done)

    def _cleared(self, purge: Purge, mine: Tenants) -> bool:
        """Whether all of it is gone; what is held as evidence, or frozen, stays as it is."""
        objects = list(self._objects(purge))
        locks = [self.store.locked_until(key) for key, _ in objects]
        if any(until is not None and until > self.clock() for until in locks):
            return False
        try:
            for key, tile in objects:
                self._clear(purge, key, tile)
            with begin(self.engine, CLEARER, self.clock) as work:
                refuse(work, purge.tenant)
                if not store.cleared(work.db, mine, purge.id):
                    return False
                work.publish(
                    PurgedCopiesCleared(tenant=purge.tenant, purge=purge.id, count=purge.count)
                )
        except Conflict:
            return False
        return True

    def _objects(self, purge: Purge) -> Iterator[tuple[str, Tile]]:
        """The bundles of the store that hold records of the purge, by key."""
        with reading(self.engine) as db:
            sealed = [m for a, b in purge.ranges for m in overlapping(db, purge.tenant, a, b)]
        for manifest in {one.number: one for one in sealed}.values():
            yield from (
                (f"{manifest.prefix}/{tile.path}", tile)
                for tile in manifest.resources()
                if tile.level is None and _touches(purge, manifest, tile)
            )

    def _clear(self, purge: Purge, key: str, tile: Tile) -> None:
        """One bundle, in a transaction of its own: a hold or a freeze waits for no more."""
        left = self._left(purge, key, tile)
        if left is None:
            return
        with begin(self.engine, CLEARER, self.clock) as work:
            refuse(work, purge.tenant)
            self.store.replace(key, tiles.pack_entries(left), self.clock())

    def _left(self, purge: Purge, key: str, tile: Tile) -> list[bytes] | None:
        """What is to stay of a bundle; None: all of it.

        What is gone from the log though the purge does not name it was not removed by policy:
        its copy is the evidence.
        """
        kept = self.store.get(key)
        if kept is None:
            return None
        try:
            entries = tiles.unpack_entries(kept, tile.width)
        except Malformed:  # damage is for whoever verifies: it must not be made to look right
            return None
        standing = enumerate(self.reader.entries(purge.tenant, tile.start, tile.width), tile.start)
        gone = {index for index, entry in standing if not entry and within(purge.ranges, index)}
        left = [b"" if n in gone else entry for n, entry in enumerate(entries, tile.start)]
        return None if left == entries else left


def _touches(purge: Purge, manifest: Manifest, tile: Tile) -> bool:
    end = min(tile.start + tile.width, manifest.end)
    return any(start < end and tile.start < stop for start, stop in purge.ranges)
