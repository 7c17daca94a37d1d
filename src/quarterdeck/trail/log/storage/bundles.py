"""Tiles and bundles in files, as the integrator writes them.

A partial tile grows at its end and is renamed to its new width, so every byte is written
once. Nothing here is synced at once: the journal rebuilds it, until ``settle`` has synced it
and lets the journal's file go.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from time import monotonic

from quarterdeck.kernel.installation import PRIVATE_FILE, make_private
from quarterdeck.trail.log.model import Grown, LogDamaged
from quarterdeck.trail.log.storage import recovery, sealed, tags
from quarterdeck.trail.log.storage.frames import Part
from quarterdeck.trail.log.storage.layout import CHECKPOINT, Layout, at_size, covering
from quarterdeck.trail.log.storage.segments import sync_folder
from quarterdeck.trail.log.storage.tail import Tail
from quarterdeck.trail.proof import tiles
from quarterdeck.trail.proof.tiles import WIDTH, Tile
from quarterdeck.trail.proof.tree import HASH_BYTES, root_hash

SETTLE_S, AT_LEAST = 0.05, 16  # seconds a turn, and tiles, for each journal file that waits


class FileTiles:
    """Tiles (see ``ports``) in a folder."""

    def __init__(
        self, layout: Layout, tail: Tail, *, settle_s: float = SETTLE_S, at_least: int = AT_LEAST
    ) -> None:
        self._layout, self._tail = layout, tail
        self._settle_s, self._at_least = settle_s, at_least
        self._lock = -1
        self._settling: Iterator[None] | None = None
        self._unsynced: OSError | None = None

    def mine(self) -> bool:
        if self._lock < 0:
            make_private(self._layout.root)
            self._lock = _held(self._layout.root / "integrate.lock")
        return self._lock >= 0

    def close(self) -> None:
        """Let another process integrate."""
        self._settling = None
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def keep(self, grown: Grown) -> None:
        """Nothing: the journal keeps it."""

    def show(self, grown: Grown) -> None:
        for level, first, hashes in grown.hashes:
            self._extend(grown.log, level, first, hashes)
        self._bundle(grown.log, grown.before, grown.new.size)
        self._sign(grown)

    def mend(self, log: str, size: int) -> None:
        """As ``ports``: from what the journal still holds, and what was synced before it."""
        self._settling = None  # what it makes anew is not synced, though what it replaces was
        first = min(size, self._tail.first(log))
        for tile in covering(first - first % WIDTH, size):
            if tile.level is None:
                self._mend_bundle(log, tile, first, size)
        for level in tiles.levels(size):
            self._mend_level(log, level, first, size)
        for level in (None, *range(tiles.MAX_LEVEL)):
            if not self._remove_beyond(log, level, size):
                break

    def _remove_beyond(self, log: str, level: int | None, size: int) -> bool:
        """Remove the tiles that begin at or after ``size``; whether the level is there at all."""
        count = size >> tiles.HEIGHT * (level or 0)
        tile = Tile(level, (count + WIDTH - 1) // WIDTH)
        while (standing := self._layout.widest(log, tile)) is not None:
            for other in (standing[0], *standing[0].parent.glob("[0-9]*")):
                if other == standing[0] or standing[1] < WIDTH:
                    other.unlink(missing_ok=True)
            tile = Tile(level, tile.index + 1)
        return level is None or count > 0

    def settle(self) -> None:
        """As ``ports``: some of it, so that the next checkpoint need not wait for all.

        Raises:
            OSError: the disk failed, now or before. Then nothing is let go until a restart, which
                makes from the journal what was not synced: to sync once more would succeed, and
                say nothing of what was lost.
        """
        if self._unsynced is not None:
            raise self._unsynced
        while tags.merge(self._layout.journal / "tags"):
            pass
        waiting = len(self._tail.files()) - 1
        if waiting <= 0:
            return
        self._settling = self._settling or self._settled()
        try:
            self._settle_some(self._settling, waiting)
        except OSError as error:
            self._unsynced = error
            raise

    def _settle_some(self, settling: Iterator[None], waiting: int) -> None:
        until = monotonic() + self._settle_s * waiting
        for number, _ in enumerate(settling, 1):
            if number >= self._at_least * waiting and monotonic() >= until:
                return
        self._settling = None

    def _settled(self) -> Iterator[None]:
        """Let go of journal files whose leaves are synced elsewhere; a step for each tile."""
        for number in self._tail.files()[:-1]:
            ends, begins = self._tail.sizes_before(number + 1), self._tail.sizes_before(number)
            if any(_size(self._layout, log) < end for log, end in ends.items()):
                return
            for log, end in ends.items():
                if begins.get(log, 0) < end:
                    yield from self._sync(log, begins.get(log, 0), end)
            with suppress(FileNotFoundError):
                (self._layout.journal / recovery.name_of(number)).unlink()
            # In this order: one that is back without the next would look like a loss.
            sync_folder(self._layout.journal)

    def _sync(self, log: str, start: int, end: int) -> Iterator[None]:
        folders = {self._layout.log(log)}
        for tile in covering(start, end):
            folders |= _sync_widest(self._layout, log, tile)
            if tile.level is None:
                folders |= _sync_if_there(self._layout.disclosures(log, tile.index))
            yield
        for folder in sorted(folders):
            if folder.is_dir():
                sync_folder(folder)

    def _extend(self, log: str, level: int, first: int, hashes: tuple[bytes, ...]) -> None:
        for tile, at, count in _portions(level, first, len(hashes)):
            more = b"".join(hashes[at : at + count])
            self._grow(log, tile, tile.width - count, more)

    def _bundle(self, log: str, start: int, end: int) -> None:
        for tile, at, count in _portions(None, start, end - start):
            entries: list[bytes] = []
            for begun, part in self._tail.parts(log, start + at, count):
                low, high = _within(begun, part, start + at, start + at + count)
                entries += part.entries[low:high]
                sealed.add(self._layout, log, begun, part, (low, high))
            if len(entries) != count:
                raise LogDamaged(f"the journal lacks leaves of {log} before {start + at + count}")
            self._grow(log, tile, tile.width - count, tiles.pack_entries(entries))

    def _grow(self, log: str, tile: Tile, before: int, more: bytes) -> None:
        path = self._layout.tile(log, tile)
        if before:
            old = self._layout.tile(log, Tile(tile.level, tile.index, before))
            _append(old, more)
        else:
            old = self._layout.tile(log, tile.full).with_suffix(".new")
            _write(old, more)
        _rename(old, path)
        if tile.width == WIDTH and before:
            with suppress(OSError):
                old.parent.rmdir()

    def _sign(self, grown: Grown) -> None:
        path = self._layout.log(grown.log) / CHECKPOINT
        part = path.with_suffix(".new")
        part.write_bytes(grown.new.note)
        os.utime(part, ns=(grown.new.at * 1000, grown.new.at * 1000))
        part.replace(path)

    def _mend_bundle(self, log: str, tile: Tile, first: int, size: int) -> None:
        wanted = at_size(tile, size)
        if wanted is None:
            return
        sealed.cut(self._layout, log, tile.index)
        entries = self._before(log, tile, first)
        start = tile.start + len(entries)
        for begun, part in self._tail.parts(log, start, tile.start + wanted.width - start):
            low, high = _within(begun, part, start, tile.start + wanted.width)
            entries += part.entries[low:high]
            sealed.add(self._layout, log, begun, part, (low, high))
        if len(entries) != wanted.width:
            raise LogDamaged(f"{wanted.path} of {log} cannot be made again: entries are missing")
        self._replace(log, wanted, tiles.pack_entries(entries))

    def _before(self, log: str, tile: Tile, first: int) -> list[bytes]:
        """The entries of a bundle that the journal does not hold any more."""
        gone = max(0, first - tile.start)
        if not gone:
            return []
        standing = self._layout.widest(log, tile)
        if standing is None:
            raise LogDamaged(f"{tile.path} of {log} is gone")
        try:
            return tiles.unpack_entries(standing[0].read_bytes(), standing[1])[:gone]
        except tiles.Malformed as error:
            if len(error.good) >= gone:
                return error.good[:gone]
            raise LogDamaged(f"{tile.path} of {log}: {error}") from error

    def _mend_level(self, log: str, level: int, first: int, size: int) -> None:
        count = size >> tiles.HEIGHT * level
        begin = (first >> tiles.HEIGHT * level) // WIDTH
        for index in range(begin, (count + WIDTH - 1) // WIDTH):
            wanted = at_size(Tile(level, index), size)
            if wanted is not None:
                self._replace(log, wanted, b"".join(self._made(log, wanted)))

    def _made(self, log: str, wanted: Tile) -> Iterator[bytes]:
        for index in range(wanted.start, wanted.start + wanted.width):
            yield self._root(log, wanted.level or 0, index)

    def _root(self, log: str, level: int, index: int) -> bytes:
        if level == 0:
            return self._leaf_hash(log, index)
        below = self._layout.tile(log, Tile(level - 1, index))
        return root_hash(tiles.unpack_hashes(below.read_bytes(), WIDTH))

    def _leaf_hash(self, log: str, index: int) -> bytes:
        for begun, part in self._tail.parts(log, index, 1):
            return part.hashes[index - begun]
        tile = Tile(0, index // WIDTH)
        standing = self._layout.widest(log, tile)
        if standing is None:
            raise LogDamaged(f"{tile.path} of {log} is gone")
        at = (index - tile.start) * HASH_BYTES
        return standing[0].read_bytes()[at : at + HASH_BYTES]

    def _replace(self, log: str, wanted: Tile, content: bytes) -> None:
        path = self._layout.tile(log, wanted)
        new = self._layout.tile(log, wanted.full).with_suffix(".new")
        partials = path.parent if wanted.width < WIDTH else path.with_name(f"{path.name}.p")
        _write(new, content)
        _rename(new, path)
        for other in partials.glob("*"):
            if other != path:
                other.unlink()
        if wanted.width < WIDTH:  # a copy may be older than some of its tiles
            self._layout.tile(log, wanted.full).unlink(missing_ok=True)


def _held(path: Path) -> int:
    """The descriptor that holds the lock at ``path``; -1 if another process does."""
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return -1
    return lock


def _portions(level: int | None, first: int, count: int) -> Iterator[tuple[Tile, int, int]]:
    """The tiles that ``count`` hashes from ``first`` on go to: each as wide as it becomes,
    where its share begins among them, and how many those are.
    """
    at = 0
    while at < count:
        index, inside = divmod(first + at, WIDTH)
        share = min(WIDTH - inside, count - at)
        yield Tile(level, index, inside + share), at, share
        at += share


def _within(begun: int, part: Part, start: int, end: int) -> tuple[int, int]:
    return max(0, start - begun), min(len(part.entries), end - begun)


def _size(layout: Layout, log: str) -> int:
    try:
        return int((layout.log(log) / CHECKPOINT).read_bytes().split(b"\n", 2)[1])
    except FileNotFoundError:
        return 0


def _append(path: Path, more: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)  # it must be there
    try:
        os.write(handle, more)
    finally:
        os.close(handle)


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.write_bytes(content)


def _rename(old: Path, new: Path) -> None:
    try:
        old.replace(new)
    except FileNotFoundError:
        new.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        old.replace(new)


def _sync_widest(layout: Layout, log: str, tile: Tile) -> set[Path]:
    """The folders that must be synced too, so that it is found by its name."""
    full = layout.tile(log, tile)
    if synced := _sync_if_there(full):
        return synced
    standing = layout.widest(log, tile)
    return {full.parent} | (_sync_if_there(standing[0]) if standing else set())


def _sync_if_there(path: Path) -> set[Path]:
    try:
        handle = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return set()
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    return {path.parent}
