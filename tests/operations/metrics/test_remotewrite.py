"""Remote-write messages, read byte by byte."""

import struct
from contextlib import suppress
from datetime import timedelta

import cramjam
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from operations.metrics.stage import NOON
from quarterdeck.kernel.clock import micros
from quarterdeck.operations.metrics import remotewrite
from quarterdeck.operations.metrics.model import Sample, is_stale, stale_mark
from quarterdeck.operations.metrics.remotewrite import MOST_BYTES, UnreadableWrite, samples

WORD = some.text(min_size=1, max_size=12)
LABELS = some.dictionaries(WORD.filter(lambda word: word != "__name__"), WORD, max_size=4)
POINTS = some.lists(some.tuples(some.integers(-(10**6), 10**9), some.floats()), max_size=5)


def varint(number: int) -> bytes:
    found = bytearray()
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    return bytes([*found, number])


def part(field: int, content: bytes) -> bytes:
    return varint(field << 3 | 2) + varint(len(content)) + content


def point(at_ms: int, value: float) -> bytes:
    return b"\x09" + struct.pack("<d", value) + b"\x10" + varint(at_ms % 2**64)


def series(name: str, labels: dict[str, str], *points: tuple[int, float]) -> bytes:
    named = {"__name__": name, **labels}
    pairs = (part(1, part(1, k.encode()) + part(2, v.encode())) for k, v in named.items())
    return part(1, b"".join(pairs) + b"".join(part(2, point(*one)) for one in points))


def packed(message: bytes) -> bytes:
    return bytes(cramjam.snappy.compress_raw(message))


@settings(deadline=None)
@given(name=WORD, labels=LABELS, points=POINTS)
def test_what_prometheus_writes_is_read(
    name: str, labels: dict[str, str], points: list[tuple[int, float]]
) -> None:
    told = [
        (s.name, dict(s.labels), micros(s.at) // 1000, struct.pack("<d", s.value))
        for s in samples(packed(series(name, labels, *points)))
    ]
    assert told == [(name, labels, at, struct.pack("<d", value)) for at, value in points]


def test_what_we_do_not_keep_is_stepped_over() -> None:
    metadata = part(3, b"\x08\x01" + part(2, b"up") + part(4, b"help"))
    exemplar, float32 = part(3, b"\x0a\x00"), b"\x3d" + b"\x00" * 4
    one = series("up", {}, (5, 1.0))
    inner = one[2:] + exemplar + float32
    message = metadata + part(1, inner)
    assert [s.value for s in samples(packed(message))] == [1.0]


def test_the_end_of_a_series_stays_one() -> None:
    at = round(NOON.timestamp() * 1000)
    [told] = samples(packed(series("up", {"job": "a"}, (at, stale_mark()))))
    assert is_stale(told.value)
    assert (told.name, told.labels, told.at) == ("up", {"job": "a"}, NOON)
    assert told.at + timedelta(0) == NOON


def test_a_message_without_series_has_no_sample() -> None:
    assert list(samples(packed(b""))) == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff" * 12,
        b"{}",
        packed(b"\x0a\x05ab"),
        packed(b"\x0f\x00"),
        packed(part(1, part(2, b"\x09\x00"))),
        packed(part(1, part(1, part(1, b"\xff\xfe")) + part(2, point(1, 1.0)))),
        packed(part(1, part(2, point(2**62, 1.0)))),
    ],
)
def test_anything_else_is_refused(body: bytes) -> None:
    with pytest.raises(UnreadableWrite):
        list(samples(body))


@settings(deadline=None)
@given(some.binary(max_size=60))
def test_no_bytes_are_more_than_refused(body: bytes) -> None:
    for sent in (body, packed(body)):
        with suppress(UnreadableWrite):
            assert all(isinstance(sample, Sample) for sample in samples(sent))


def test_what_would_unpack_to_too_much_is_refused_unread() -> None:
    with pytest.raises(UnreadableWrite, match="unpacks to"):
        list(samples(varint(MOST_BYTES + 1) + b"\x00" * 10))


def test_what_takes_much_memory_in_few_bytes_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remotewrite, "MOST_SAMPLES", 5)
    monkeypatch.setattr(remotewrite, "MOST_LABELS", 3)
    points = ((1, 1.0), (2, 1.0), (3, 1.0))
    assert len(list(samples(packed(series("m", {"a": "b", "c": "d"}, *points))))) == 3
    with pytest.raises(UnreadableWrite, match="more than 5 samples"):
        list(samples(packed(series("m", {}, *points) * 2)))
    with pytest.raises(UnreadableWrite, match="more than 5 samples"):
        list(samples(packed(series("m", {}, *points, *points))))
    with pytest.raises(UnreadableWrite, match="3 labels"):
        list(samples(packed(series("m", {"a": "", "b": "", "c": ""}))))
