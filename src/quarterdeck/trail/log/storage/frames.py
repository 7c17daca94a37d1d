"""Frames: how groups stand in a journal file.

A frame is a header, a directory and the parts: ``QDJ1``, the length of what follows the
header, the CRC-32 of everything after itself, the length of the directory, the epoch of who
wrote it. The directory names each log's part of the group, so that a reader finds its leaves
without reading others'.
"""

import struct
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from zlib import crc32

import msgspec

from quarterdeck.trail.log.model import Leaf, LogDamaged, Prepared, Sealed

MAGIC = b"QDJ1"
HEADER = struct.Struct("<4sIIIQ")
TAIL = struct.Struct("<IQ")


class Part(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One log's leaves of a group, column by column.

    Attributes:
        disclosures: (offset of its leaf in the part, path, data key, sealed), by offset.
    """

    records: list[str]
    tags: list[bytes]
    digests: list[bytes]
    moments: list[int]
    hashes: list[bytes]
    entries: list[bytes]
    disclosures: list[tuple[int, str, str, bytes]]

    def leaf(self, offset: int, index: int) -> Leaf:
        """The leaf at ``offset``, which stands at ``index`` of its log."""
        return Leaf(index=index, hash=self.hashes[offset], entry=self.entries[offset])

    def disclosed(self, low: int, high: int) -> list[tuple[int, str, str, bytes]]:
        """The disclosures of the leaves at offsets from ``low`` to before ``high``."""
        first = bisect_left(self.disclosures, (low,))
        return self.disclosures[first : bisect_left(self.disclosures, (high,), first)]

    def sealed(self, offset: int) -> list[Sealed]:
        """The disclosures of the leaf at ``offset``, by path."""
        found = [
            Sealed(path, key, text) for _, path, key, text in self.disclosed(offset, offset + 1)
        ]
        return sorted(found, key=lambda sealed: sealed.path)


Place = tuple[str, int, int, int]
"""Of a part: its log, its first index, how many leaves, how many bytes."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What a header and a directory say.

    Attributes:
        size: bytes in all.
        places: of its parts, in their order.
        body: where the first part begins, counted from the frame's first byte.
    """

    size: int
    epoch: int
    places: list[Place]
    body: int

    @property
    def is_heading(self) -> bool:
        """Whether it is what a file begins with: sizes, and no leaves."""
        return not any(count for _, _, count, _ in self.places)


_encoder = msgspec.msgpack.Encoder()
_places = msgspec.msgpack.Decoder(list[Place])
_part = msgspec.msgpack.Decoder(Part)
# Of text that is no UTF-8 it raises Python's own error.
_NONE = (msgspec.MsgspecError, UnicodeDecodeError)


def part_of(group: Sequence[Prepared]) -> Part:
    """The part of leaves of one log."""
    return Part(
        records=[p.record for p in group],
        tags=[p.tag for p in group],
        digests=[p.digest for p in group],
        moments=[p.moment for p in group],
        hashes=[p.hash for p in group],
        entries=[p.entry for p in group],
        disclosures=[
            (offset, d.path, d.data_key, d.sealed)
            for offset, p in enumerate(group)
            for d in p.disclosures
        ],
    )


def frame(epoch: int, parts: Sequence[tuple[str, int, Part]]) -> bytes:
    """The bytes of a group: each part with its log and first index."""
    bodies = [_encoder.encode(part) for _, _, part in parts]
    places = [
        (log, start, len(part.entries), len(body))
        for (log, start, part), body in zip(parts, bodies, strict=True)
    ]
    return _framed(epoch, places, bodies)


def heading(epoch: int, sizes: Sequence[tuple[str, int]]) -> bytes:
    """The first frame of a file: the size of each log where the file begins."""
    return _framed(epoch, [(log, size, 0, 0) for log, size in sizes], [])


def opened(found: bytes) -> Frame | int | None:
    """What the frame says that ``found`` begins with.

    A number: so many bytes are needed to tell. None: no frame begins there.
    """
    if len(found) < HEADER.size:
        return HEADER.size
    magic, length, _, listed, epoch = HEADER.unpack_from(found)
    if magic != MAGIC or listed > length:
        return None
    body = HEADER.size + listed
    if len(found) < body:
        return int(body)
    try:
        places = _places.decode(found[HEADER.size : body])
    except _NONE:
        return None
    return Frame(size=HEADER.size + length, epoch=epoch, places=places, body=body)


def is_whole(found: bytes | memoryview) -> bool:
    """Whether the frame that ``found`` is has the bytes that were written."""
    magic, length, check, _, _ = HEADER.unpack_from(found)
    if magic != MAGIC or len(found) != HEADER.size + length:
        return False
    return bool(crc32(memoryview(found)[12:]) == check)


def parts(found: bytes | memoryview, of: Frame) -> Iterator[tuple[Place, Part]]:
    """The parts of a whole frame."""
    at = of.body
    for place in of.places:
        if place[3]:
            yield place, decode(found[at : at + place[3]])
        at += place[3]


def decode(body: bytes | memoryview) -> Part:
    """A part from its bytes; raise LogDamaged if they are none."""
    try:
        return _part.decode(body)
    except _NONE as error:
        raise LogDamaged(f"a part of the journal cannot be read: {error}") from error


def _framed(epoch: int, places: list[Place], bodies: list[bytes]) -> bytes:
    directory = _encoder.encode(places)
    length = len(directory) + sum(map(len, bodies))
    rest = b"".join((TAIL.pack(len(directory), epoch), directory, *bodies))
    return b"".join((MAGIC, struct.pack("<II", length, crc32(rest)), rest))
