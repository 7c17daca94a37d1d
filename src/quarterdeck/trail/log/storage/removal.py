"""Entries taken out of bundles and tables: in their place stands one of no bytes.

No record is empty, so whoever reads a bundle can tell; its hash stands in the tile of level 0,
which is not touched.
"""

import os
from collections.abc import Collection, Iterator
from pathlib import Path

from sqlalchemy import Engine, delete, select, update

from quarterdeck.kernel.db import BULK_ROWS, reading, writing
from quarterdeck.trail.log.model import LogDamaged
from quarterdeck.trail.log.storage import sealed
from quarterdeck.trail.log.storage.disclosures import disclosures
from quarterdeck.trail.log.storage.layout import Layout
from quarterdeck.trail.log.storage.leaves import leaves
from quarterdeck.trail.log.storage.segments import sync_folder
from quarterdeck.trail.log.storage.tail import Tail
from quarterdeck.trail.proof import tiles
from quarterdeck.trail.proof.tiles import WIDTH, Tile

STUB = b""


class FileRemoval:
    """A Removal (see ``ports``) in a folder."""

    def __init__(self, layout: Layout, tail: Tail) -> None:
        self._layout, self._tail = layout, tail

    def floor(self, log: str) -> int:
        # What a journal file holds still, a restart would put back; and partial bundles grow.
        files = self._tail.files()
        first = self._tail.sizes_before(files[0]).get(log, 0) if files else 0
        return first - first % WIDTH

    def remove(self, log: str, indices: Collection[int]) -> None:
        bundles: dict[int, set[int]] = {}
        for index in indices:
            bundles.setdefault(index // WIDTH, set()).add(index)
        for bundle, gone in sorted(bundles.items()):
            self._empty(log, Tile(None, bundle), gone)
            sealed.drop(self._layout, log, bundle, gone)

    def sealed_under(self, log: str) -> Iterator[tuple[int, str]]:
        # The journal first: what leaves it meanwhile is found in a bundle.
        size = self._tail.size(log)
        for begun, part in self._tail.parts(log, 0, size):
            for offset, _, key, _ in part.disclosures:
                yield begun + offset, key
        for bundle in range(-(-size // WIDTH)):
            yield from sealed.keys_of(self._layout, log, bundle)

    def sealed_fields(self, log: str, start: int, count: int) -> set[tuple[int, str]]:
        end = start + count
        found: set[tuple[int, str]] = set()
        for begun, part in self._tail.parts(log, start, count):  # first, as above
            found |= {(begun + offset, path) for offset, path, _, _ in part.disclosures}
        for bundle in range(start // WIDTH, -(-end // WIDTH)):
            found |= sealed.places_of(self._layout, log, bundle)
        return {one for one in found if start <= one[0] < end}

    def _empty(self, log: str, tile: Tile, gone: Collection[int]) -> None:
        path = self._layout.tile(log, tile)
        try:
            entries = tiles.unpack_entries(path.read_bytes(), WIDTH)
        except (FileNotFoundError, tiles.Malformed) as error:
            raise LogDamaged(f"{tile.path} of {log} cannot be read: {error}") from error
        left = [STUB if tile.start + n in gone else entry for n, entry in enumerate(entries)]
        if left != entries:
            _replace(path, tiles.pack_entries(left))


class SqlRemoval:
    """A Removal (see ``ports``) of tables."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def floor(self, log: str) -> int:
        with reading(self._engine) as db:
            last = select(leaves.c.idx).where(leaves.c.log == log).order_by(leaves.c.idx.desc())
            found = db.scalar(last.limit(1))
        return 0 if found is None else found + 1

    def remove(self, log: str, indices: Collection[int]) -> None:
        wanted = sorted(indices)
        for at in range(0, len(wanted), BULK_ROWS):
            some = wanted[at : at + BULK_ROWS]
            with writing(self._engine) as db:
                here = (leaves.c.log == log, leaves.c.idx.in_(some))
                db.execute(update(leaves).where(*here).values(entry=STUB))
                beside = (disclosures.c.log == log, disclosures.c.idx.in_(some))
                db.execute(delete(disclosures).where(*beside))

    def sealed_under(self, log: str) -> Iterator[tuple[int, str]]:
        wanted = select(disclosures.c.idx, disclosures.c.data_key).where(disclosures.c.log == log)
        with reading(self._engine) as db:
            for row in db.execute(wanted.order_by(disclosures.c.idx)):
                yield row.idx, row.data_key

    def sealed_fields(self, log: str, start: int, count: int) -> set[tuple[int, str]]:
        here = (
            disclosures.c.log == log,
            disclosures.c.idx >= start,
            disclosures.c.idx < start + count,
        )
        with reading(self._engine) as db:
            rows = db.execute(select(disclosures.c.idx, disclosures.c.path).where(*here))
            return {(row.idx, row.path) for row in rows}


def _replace(path: Path, content: bytes) -> None:
    new = path.with_suffix(".new")
    with new.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    sync_folder(path.parent)
