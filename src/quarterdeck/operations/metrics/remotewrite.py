"""Prometheus' remote-write, version 1: protobuf in a snappy block. Pure, but for the snappy.

The messages are those of Prometheus' ``prompb/remote.proto`` and ``types.proto``; exemplars,
histograms and metadata are stepped over. Only the fields that are read here are known here.
"""

import struct
from collections.abc import Iterator
from datetime import datetime

import cramjam

from quarterdeck.kernel.clock import instant
from quarterdeck.kernel.errors import Invalid
from quarterdeck.operations.metrics.model import Sample

MOST_BYTES = 32 * 1024 * 1024
"""Of a message, unpacked."""

MOST_SAMPLES, MOST_LABELS = 100_000, 1000
"""Of a message, and of one of its series. In few bytes there may be many: each takes memory."""

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
SIGN, WRAP = 1 << 63, 1 << 64
LATEST_MS = 253_402_300_799_000  # the year 9999: later ones are no instants

Field = tuple[int, int | bytes]


class UnreadableWrite(Invalid):
    """What was sent is no remote-write message."""


def samples(body: bytes) -> Iterator[Sample]:
    """The samples of a message, in its order.

    Raises:
        UnreadableWrite: it is no such message, or has more than we take of bytes, samples
            or labels.
    """
    try:
        message = _unpacked(body)
        left = MOST_SAMPLES
        for number, series in _fields(message):
            if number == 1 and isinstance(series, bytes):
                found = _series(series, left)
                left -= len(found)
                yield from found
    except (IndexError, struct.error, UnicodeDecodeError, ValueError) as error:
        raise UnreadableWrite(f"expected a snappy-packed WriteRequest, got {error}") from error


def _unpacked(body: bytes) -> bytes:
    size, _ = _varint(body, 0)
    if size > MOST_BYTES:
        raise UnreadableWrite(f"the message unpacks to {size} bytes, more than {MOST_BYTES}")
    try:
        return bytes(cramjam.snappy.decompress_raw(body))
    except cramjam.DecompressionError as error:
        raise UnreadableWrite(f"the body is no snappy block: {error}") from error


def _series(message: bytes, most: int) -> list[Sample]:
    labels: dict[str, str] = {}
    points: list[tuple[datetime, float]] = []
    for number, part in _fields(message):
        if number == 1 and isinstance(part, bytes):
            labels.update([_label(part)])
        elif number == 2 and isinstance(part, bytes):  # noqa: PLR2004  the field's number
            points.append(_point(part))
        if len(points) > most or len(labels) > MOST_LABELS:
            raise UnreadableWrite(
                f"more than {MOST_SAMPLES} samples, or {MOST_LABELS} labels of a series: send less"
            )
    metric = labels.pop("__name__", "")
    return [Sample(metric, labels, at, value) for at, value in points]


def _label(message: bytes) -> tuple[str, str]:
    parts = {number: part for number, part in _fields(message) if isinstance(part, bytes)}
    return parts.get(1, b"").decode(), parts.get(2, b"").decode()


def _point(message: bytes) -> tuple[datetime, float]:
    value, at_ms = 0.0, 0
    for number, part in _fields(message):
        if number == 1 and isinstance(part, bytes):
            (value,) = struct.unpack("<d", part)
        elif isinstance(part, int):
            at_ms = part - WRAP if part >= SIGN else part
    if abs(at_ms) > LATEST_MS:
        raise UnreadableWrite(f"{at_ms} milliseconds since 1970 are no instant")
    return instant(at_ms * 1000), value


def _fields(message: bytes) -> Iterator[Field]:
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        kind = key & 7
        if kind == VARINT:
            number, at = _varint(message, at)
            yield key >> 3, number
            continue
        size, at = _size(message, at, kind)
        if at + size > len(message):
            raise UnreadableWrite("the message ends in the middle of a field")
        yield key >> 3, message[at : at + size]
        at += size


def _size(message: bytes, at: int, kind: int) -> tuple[int, int]:
    if kind == BYTES:
        return _varint(message, at)
    if kind in (FIXED64, FIXED32):
        return (8 if kind == FIXED64 else 4), at
    raise UnreadableWrite(f"a field has the unknown wire type {kind}")


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:  # noqa: PLR2004  the last byte has no high bit
            return value & (WRAP - 1), at
        if shift > 63:  # noqa: PLR2004  of 64 bits
            raise UnreadableWrite("a number has more than 64 bits")
