"""Chunks: what goes in comes out, bit for bit, in few bytes."""

from __future__ import annotations

import math
import random
import struct
from array import array
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from quarterdeck.operations.metrics.encoding import DamagedChunk, decode, encode
from quarterdeck.operations.metrics.model import STALE_BITS, stale_mark

INSTANT = some.integers(-(2**61), 2**61)
ODD = [0.0, -0.0, math.inf, -math.inf, math.nan, stale_mark(), 5e-324, 2.0**53, -(2.0**53), 1e308]
BITS = some.integers(0, 2**64 - 1).map(lambda bits: struct.unpack("<d", struct.pack("<Q", bits))[0])
CENTS = some.integers(-(10**7), 10**7).map(lambda cents: cents / 100)
VALUES = some.one_of(
    some.lists(some.floats() | some.sampled_from(ODD), min_size=1, max_size=40),
    some.lists(BITS, min_size=1, max_size=20),
    some.lists(CENTS, min_size=1, max_size=40),
    some.lists(some.integers(0, 2**55).map(float), min_size=1, max_size=40),
)


def same(times: array[int], values: array[float]) -> bool:
    found = decode(encode(times, values))
    return found[0] == times and found[1].tobytes() == values.tobytes()


@settings(deadline=None)
@given(values=VALUES, data=some.data())
def test_any_points_come_back_bit_for_bit(values: list[float], data: some.DataObject) -> None:
    size = len(values)
    times = data.draw(some.lists(INSTANT, min_size=size, max_size=size, unique=True))
    assert same(array("q", sorted(times)), array("d", values))


@settings(deadline=None)
@given(
    first=INSTANT,
    steps=some.lists(some.integers(1, 10**9) | some.just(15_000_000), max_size=40),
)
def test_any_steps_come_back(first: int, steps: list[int]) -> None:
    times = array("q", [first])
    for step in steps:
        times.append(times[-1] + step)
    assert same(times, array("d", [1.0] * len(times)))


def test_the_mark_that_ends_a_series_stays_what_it_is() -> None:
    values = array("d", [1.5, stale_mark(), math.nan])
    _, found = decode(encode([1, 2, 3], values))
    assert struct.unpack("<Q", struct.pack("<d", found[1]))[0] == STALE_BITS
    assert math.isnan(found[2])
    assert struct.pack("<d", found[2]) == struct.pack("<d", math.nan)


def test_a_minus_before_zero_stays() -> None:
    _, found = decode(encode([1, 2], [0.0, -0.0]))
    assert math.copysign(1, found[1]) == -1


@settings(deadline=None)
@given(some.data())
def test_a_damaged_chunk_is_told_and_not_read(data: some.DataObject) -> None:
    chunk = bytearray(encode(range(0, 100, 5), [float(n % 7) for n in range(20)]))
    at = data.draw(some.integers(0, len(chunk) - 1))
    chunk[at] ^= data.draw(some.integers(1, 255))
    with pytest.raises(DamagedChunk):
        decode(bytes(chunk))


@pytest.mark.parametrize("short", [b"", b"1", b"12345"])
def test_a_chunk_cut_short_is_told(short: bytes) -> None:
    with pytest.raises(DamagedChunk):
        decode(short)


@pytest.mark.parametrize(
    ("what", "most"),
    [("flat", 0.3), ("requests", 1.5), ("seconds", 2.5), ("gauge", 2.5), ("any", 7.6)],
)
def test_points_of_the_usual_kinds_take_few_bytes(what: str, most: float) -> None:
    chance, times, value = random.Random(7), range(0, 240 * 15_000_000, 15_000_000), 0.0  # noqa: S311  no secret
    steps: dict[str, Callable[[float], float]] = {
        "flat": lambda value: value,
        "requests": lambda value: value + chance.randrange(40),
        "seconds": lambda value: round(value + chance.random() * 3, 2),
        "gauge": lambda _: chance.randrange(300, 500) / 10,
        "any": lambda _: chance.random(),
    }
    values = [value := steps[what](value) for _ in times]
    assert len(encode(times, values)) / len(values) <= most
