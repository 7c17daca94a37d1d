"""Points of one series in few bytes: times by how regular they are, values by what they are.

A chunk is a CRC-32 of the rest (4 bytes), one byte of form, then numbers as LEB128:

count; zigzag of the first time; and with more than one point: the unit (the greatest common
divisor of the steps), the first step in units, and each change of the step in 0, 1, 2, 4 or 8
bytes. Steps that never change take no byte.

Values that are all one take 8 bytes. Values that are decimals of few places, as most counters
and gauges are, are whole numbers at a scale: the first, and each difference in 1, 2, 4 or 8
bytes; only where the division gives back each value bit for bit. All others are XORed with the
value before (Gorilla's idea; Pelkonen et al., VLDB 2015), byte planes apart.

Whatever then gets smaller by it is deflated. ``decode(encode(x)) == x``, bit for bit, also
NaNs' payloads, infinities and -0.0. Pure, and no loop over points runs in Python bytecode
where it matters: 120 points take some 30 us each way.
"""

from __future__ import annotations

import math
import zlib
from array import array
from collections.abc import Iterator, Sequence
from itertools import accumulate, chain, pairwise

from quarterdeck.kernel.errors import Unavailable

WIDTHS = {0: "", 1: "b", 2: "h", 4: "i", 8: "q"}
CONSTANT, SCALED, XORED = 0, 1, 2
DEFLATED = 0x80
PLACES = 6
EXACT = 2**53  # beyond it a float is no whole number for certain
CRC_BYTES, VALUE_BYTES = 4, 8
MOST = 1 << 20
"""Points of one chunk."""


class DamagedChunk(Unavailable):
    """Stored points cannot be read: their bytes are not those that were written."""


def encode(times: Sequence[int], values: Sequence[float]) -> bytes:
    """A chunk of at least one point. ``times`` are microseconds, strictly ascending."""
    mode, packed = _pack_values(values)
    body = _leb(len(times)) + _pack_times(times) + packed
    squeezed = zlib.compress(body, 9, -15)
    form = mode
    if len(squeezed) < len(body):
        form, body = form | DEFLATED, squeezed
    said = bytes([form]) + body
    return zlib.crc32(said).to_bytes(CRC_BYTES, "little") + said


def decode(chunk: bytes) -> tuple[array[int], array[float]]:
    """Times and values of a chunk.

    Raises:
        DamagedChunk: it is not what ``encode`` made.
    """
    said = chunk[CRC_BYTES:]
    if len(said) < 2 or zlib.crc32(said).to_bytes(CRC_BYTES, "little") != chunk[:CRC_BYTES]:  # noqa: PLR2004  a form and a count
        raise DamagedChunk("stored points of a series are damaged: their checksum is another")
    body = zlib.decompress(said[1:], -15) if said[0] & DEFLATED else said[1:]
    reading = _Reading(body)
    count = reading.leb()
    times = _unpack_times(reading, count)
    return times, _unpack_values(said[0] & ~DEFLATED, reading, count)


class _Reading:
    """Bytes, and how far they have been read."""

    def __init__(self, body: bytes) -> None:
        self._body, self._at = body, 0

    def leb(self) -> int:
        value = shift = 0
        while True:
            byte = self._body[self._at]
            self._at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:  # noqa: PLR2004  the last byte has no high bit
                return value

    def take(self, size: int) -> bytes:
        found = self._body[self._at : self._at + size]
        self._at += size
        return found

    def numbers(self, count: int) -> array[int]:
        width = self.take(1)[0]
        if not width:
            return array("q", bytes(VALUE_BYTES * count))
        return array(WIDTHS[width], self.take(width * count))


def _pack_times(times: Sequence[int]) -> bytes:
    first = _leb(_zigzag(times[0]))
    if len(times) == 1:
        return first
    steps = [after - before for before, after in pairwise(times)]
    unit = math.gcd(*steps)
    steps = [step // unit for step in steps]
    changes = [after - before for before, after in pairwise(steps)]
    return first + _leb(unit) + _leb(steps[0]) + _numbers(changes)


def _unpack_times(reading: _Reading, count: int) -> array[int]:
    first = _unzigzag(reading.leb())
    if count == 1:
        return array("q", [first])
    unit, step = reading.leb(), reading.leb()
    steps = accumulate(chain([step], reading.numbers(count - 2)))
    return array("q", accumulate((step * unit for step in steps), initial=first))


def _pack_values(values: Sequence[float]) -> tuple[int, bytes]:
    raw = array("d", values)
    bits = raw.tobytes()
    if bits == bits[:VALUE_BYTES] * len(raw):
        return CONSTANT, bits[:VALUE_BYTES]
    for places, whole in _scales(raw):
        steps = [after - before for before, after in pairwise(whole)]
        return SCALED, bytes([places]) + _leb(_zigzag(whole[0])) + _numbers(steps)
    return XORED, _planes(_xored(bits))


def _unpack_values(mode: int, reading: _Reading, count: int) -> array[float]:
    if mode == CONSTANT:
        return array("d", reading.take(VALUE_BYTES) * count)
    if mode == SCALED:
        scale = 10.0 ** reading.take(1)[0]
        first = _unzigzag(reading.leb())
        whole = accumulate(reading.numbers(count - 1), initial=first)
        return array("d", [number / scale for number in whole])
    return array("d", _summed(_merged(reading.take(VALUE_BYTES * count))))


def _scales(raw: array[float]) -> Iterator[tuple[int, list[int]]]:
    """The least number of decimal places at which all are whole; nothing if there is none."""
    if not all(-EXACT < value < EXACT for value in raw):
        return
    bits = raw.tobytes()
    for places in range(PLACES + 1):
        scale = 10.0**places
        if not (raw[0] * scale).is_integer() and round(raw[0] * scale) / scale != raw[0]:
            continue
        whole = [round(value * scale) for value in raw]
        exact = max(whole) < EXACT and min(whole) > -EXACT
        if exact and array("d", [number / scale for number in whole]).tobytes() == bits:
            yield places, whole
            return


def _xored(bits: bytes) -> bytes:
    """Each value XOR the one before it; the numbers are one long integer, so C does it."""
    long = int.from_bytes(bits, "little")
    return (long ^ (long << 64) & (1 << 8 * len(bits)) - 1).to_bytes(len(bits), "little")


def _summed(bits: bytes) -> bytes:
    """Undo ``_xored``: each value XOR all before it, by doubling."""
    long, whole = int.from_bytes(bits, "little"), (1 << 8 * len(bits)) - 1
    shift = 64
    while shift < 8 * len(bits):
        long ^= (long << shift) & whole
        shift *= 2
    return long.to_bytes(len(bits), "little")


def _planes(bits: bytes) -> bytes:
    return b"".join(bits[byte::VALUE_BYTES] for byte in range(VALUE_BYTES))


def _merged(planes: bytes) -> bytes:
    size = len(planes) // VALUE_BYTES
    bits = bytearray(len(planes))
    for byte in range(VALUE_BYTES):
        bits[byte::VALUE_BYTES] = planes[byte * size : (byte + 1) * size]
    return bytes(bits)


def _numbers(numbers: Sequence[int]) -> bytes:
    """Each in as many bytes as the largest needs; none, if all are 0."""
    if not any(numbers):
        return bytes([0])
    width = _width(max(numbers), min(numbers))
    return bytes([width]) + array(WIDTHS[width], numbers).tobytes()


def _width(most: int, least: int) -> int:
    for width in (1, 2, 4):
        bound = 1 << (8 * width - 1)
        if -bound <= least and most < bound:
            return width
    return 8


def _leb(number: int) -> bytes:
    found = bytearray()
    while number > 0x7F:  # noqa: PLR2004  seven bits a byte
        found.append(number & 0x7F | 0x80)
        number >>= 7
    found.append(number)
    return bytes(found)


def _zigzag(number: int) -> int:
    return number << 1 if number >= 0 else (-number << 1) - 1


def _unzigzag(number: int) -> int:
    return -((number + 1) >> 1) if number & 1 else number >> 1
