"""Segments: sorted, immutable files of used tags, each with a filter that spares most looks.

A row is the key (16 bytes), the index (8) and the digest (16). The filter is one word of 64
bits for each four rows: a key that is not in the segment passes it one time in a hundred.
Names say which flushes a segment holds, so that a merged one shows what it replaces.
"""

import mmap
import os
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from pathlib import Path
from struct import Struct
from typing import overload

from quarterdeck.trail.log.model import Known
from quarterdeck.trail.log.tag_key import KEY_BYTES

SUFFIX = ".tags"
HEADER = Struct("<8sQQ")
MAGIC = b"QDTAGS1\0"
DIGEST_BYTES, ROW_BYTES = 16, 40
ROWS_A_WORD = 4
NO_DIGEST = bytes(DIGEST_BYTES)
_TWELVE = 0xFFF
_TWO_BITS = [(1 << (n & 63)) | (1 << (n >> 6)) for n in range(1 << 12)]


Probe = tuple[bytes, int, int]


class Segment:
    """One file of rows, mapped into memory."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.first, self.last = map(int, path.stem.split("-"))
        with path.open("rb") as file:
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self.count: int
        self._words: int
        _, self.count, self._words = HEADER.unpack_from(self._map)
        self._rows = HEADER.size + 8 * self._words
        self._filter = memoryview(self._map)[HEADER.size : self._rows].cast("Q")

    def find(self, probes: Sequence[Probe]) -> dict[bytes, Known]:
        """What those of the keys that are in here were used for."""
        bits, words = self._filter, self._words
        passed = [key for key, spread, mask in probes if bits[spread % words] & mask == mask]
        rows = ((key, self._row(key)) for key in passed)
        return {key: known(row) for key, row in rows if row[:KEY_BYTES] == key}

    def _row(self, key: bytes) -> bytes:
        at = bisect_left(self, key, key=_key)
        return self[at] if at < self.count else b""

    def __len__(self) -> int:
        return self.count

    @overload
    def __getitem__(self, at: int) -> bytes: ...
    @overload
    def __getitem__(self, at: slice) -> list[bytes]: ...
    def __getitem__(self, at: int | slice) -> bytes | list[bytes]:
        if isinstance(at, slice):
            return [self[n] for n in range(*at.indices(self.count))]
        place = self._rows + at * ROW_BYTES
        return self._map[place : place + ROW_BYTES]


def row(key: bytes, index: int, digest: bytes) -> bytes:
    """A row's bytes."""
    return key + index.to_bytes(8, "big") + digest[:DIGEST_BYTES].ljust(DIGEST_BYTES, b"\0")


def known(row: bytes) -> Known:
    """What a row says."""
    digest = row[KEY_BYTES + 8 :]
    return Known(
        int.from_bytes(row[KEY_BYTES : KEY_BYTES + 8], "big"),
        b"" if digest == NO_DIGEST else digest,
    )


def write(folder: Path, first: int, last: int, rows: Sequence[bytes]) -> Path:
    """Write sorted ``rows`` as the segment of flushes ``first`` to ``last``; durable on return."""
    return write_all(folder, first, last, len(rows), [rows])


def write_all(
    folder: Path, first: int, last: int, count: int, runs: Iterable[Sequence[bytes]]
) -> Path:
    """As ``write``, from runs of rows that follow each other; memory holds one of them."""
    words = count // ROWS_A_WORD + 1
    bits = memoryview(bytearray(8 * words)).cast("Q")
    path = folder / f"{first:010}-{last:010}{SUFFIX}"
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        file.seek(HEADER.size + 8 * words)
        for rows in runs:
            _mark(bits, rows)
            file.write(b"".join(rows))
        file.seek(0)
        file.write(HEADER.pack(MAGIC, count, words))
        file.write(bits.cast("B"))
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    sync_folder(folder)
    return path


def sync_folder(folder: Path) -> None:
    """Make durable what was renamed into or out of ``folder``."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _key(row: bytes) -> bytes:
    return row[:KEY_BYTES]


def probe(key: bytes) -> Probe:
    """The key, what says which word of a filter is its own, and which bits of it."""
    number = int.from_bytes(key[4:KEY_BYTES], "little")
    return key, number >> 24, _TWO_BITS[number & _TWELVE] | _TWO_BITS[number >> 12 & _TWELVE]


def _mark(bits: memoryview, rows: Sequence[bytes]) -> None:
    words = len(bits)
    for _, spread, mask in map(probe, map(_key, rows)):
        bits[spread % words] |= mask
