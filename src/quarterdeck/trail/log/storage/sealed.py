"""Sealed disclosures in files: apart from the leaves, one file for those of a bundle.

Rows are only added; one that was added twice is the same. A row is its length, its CRC-32,
and [index, path, data key, sealed].
"""

import os
import struct
from collections.abc import Collection, Iterator
from pathlib import Path
from zlib import crc32

import msgspec

from quarterdeck.trail.log.model import LogDamaged, Sealed
from quarterdeck.trail.log.storage.frames import Part
from quarterdeck.trail.log.storage.layout import Layout
from quarterdeck.trail.log.storage.segments import sync_folder
from quarterdeck.trail.proof.tiles import WIDTH

HEADER = struct.Struct("<II")
ROW_OF_FOUR = b"\x94"  # how msgpack begins an array of four
FEW = 4
Row = tuple[int, str, str, bytes]

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Row)


def add(layout: Layout, log: str, begun: int, part: Part, within: tuple[int, int]) -> None:
    """Add the disclosures of the leaves of a part that are within two offsets, of one bundle."""
    found = part.disclosed(*within)
    if found:
        rows = [_row((begun + offset, path, key, text)) for offset, path, key, text in found]
        _append(layout.disclosures(log, (begun + found[0][0]) // WIDTH), b"".join(rows))


def cut(layout: Layout, log: str, bundle: int) -> None:
    """Cut off what a crash left torn, so that more can be added."""
    path = layout.disclosures(log, bundle)
    if path.exists():
        os.truncate(path, sum(HEADER.size + len(body) for body in _bodies(path)))


def of_leaf(layout: Layout, log: str, index: int) -> list[Sealed]:
    """The disclosures of a leaf, by path."""
    path = layout.disclosures(log, index // WIDTH)
    found = {}
    for body in _bodies(path):
        try:
            at, place, key, text = _decoder.decode(body)
        except msgspec.MsgspecError as error:
            raise LogDamaged(f"{path} cannot be read: {error}") from error
        if at == index:
            found[place] = Sealed(place, key, text)
    return [found[place] for place in sorted(found)]


def of_bundle(layout: Layout, log: str, bundle: int, wanted: range) -> Iterator[tuple[int, Sealed]]:
    """Index and disclosure of each row of a bundle that is of a leaf in ``wanted``."""
    path = layout.disclosures(log, bundle)
    bodies = _bodies_of(path, wanted) if len(wanted) <= FEW else _bodies(path)
    try:
        for body in bodies:
            index, place, key, text = _decoder.decode(body)
            if index in wanted:
                yield index, Sealed(place, key, text)
    except msgspec.MsgspecError as error:
        raise LogDamaged(f"{path} cannot be read: {error}") from error


def keys_of(layout: Layout, log: str, bundle: int) -> Iterator[tuple[int, str]]:
    """Index and data key of each disclosure of a bundle."""
    for body in _bodies(layout.disclosures(log, bundle)):
        at, _, key, _ = _decoder.decode(body)
        yield at, key


def places_of(layout: Layout, log: str, bundle: int) -> set[tuple[int, str]]:
    """Index and path of each disclosure of a bundle."""
    rows = map(_decoder.decode, _bodies(layout.disclosures(log, bundle)))
    return {(at, path) for at, path, _, _ in rows}


def drop(layout: Layout, log: str, bundle: int, gone: Collection[int]) -> None:
    """Take away the disclosures of these leaves; durable on return."""
    path = layout.disclosures(log, bundle)
    bodies = _bodies(path)
    kept = [body for body in bodies if _decoder.decode(body)[0] not in gone]
    if len(kept) == len(bodies):
        return
    new = path.with_suffix(".new")
    with new.open("wb") as file:
        file.write(b"".join(HEADER.pack(len(body), crc32(body)) + body for body in kept))
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    sync_folder(path.parent)


def _append(path: Path, more: bytes) -> None:
    try:
        file = path.open("ab")
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = path.open("ab")
    with file:
        file.write(more)


def _row(row: Row) -> bytes:
    body = _encoder.encode(row)
    return HEADER.pack(len(body), crc32(body)) + body


def _bodies_of(path: Path, wanted: range) -> list[bytes]:
    """As ``_bodies``: those of few leaves. The others are neither read nor checked."""
    try:
        found = path.read_bytes()
    except FileNotFoundError:
        return []
    begun = tuple(ROW_OF_FOUR + _encoder.encode(index) for index in wanted)
    bodies, at, size_of = [], 0, HEADER.unpack_from
    while at + HEADER.size <= len(found):
        size, check = size_of(found, at)
        at += HEADER.size
        if found.startswith(begun, at):
            body = found[at : at + size]
            if len(body) != size or crc32(body) != check:
                break
            bodies.append(body)
        at += size
    return bodies


def _bodies(path: Path) -> list[bytes]:
    """The rows that are whole, up to the first that is not."""
    try:
        found = path.read_bytes()
    except FileNotFoundError:
        return []
    bodies, at = [], 0
    while at + HEADER.size <= len(found):
        size, check = HEADER.unpack_from(found, at)
        body = found[at + HEADER.size : at + HEADER.size + size]
        if len(body) != size or crc32(body) != check:
            break
        bodies.append(body)
        at += HEADER.size + size
    return bodies
