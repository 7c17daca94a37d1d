"""Which purge record names which entry that is gone."""

import json
from collections.abc import Iterator, Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.trail.log.purges import Named, Range, named, pieces, ranges_of

MANY = 50_000
INDEX = st.integers(0, 40)
RANGES = st.lists(st.tuples(INDEX, INDEX), max_size=6)


def record(*, source: str = "quarterdeck", payload: str) -> bytes:
    told = {"action": "retention:purge", "source": source, "payload": payload}
    return json.dumps(told, separators=(",", ":")).encode()


def by_index(found: Iterator[tuple[int, int, Named | None]]) -> dict[int, Named | None]:
    return {index: one for start, end, one in found for index in range(start, end)}


@given(st.sets(INDEX), st.lists(RANGES, max_size=4))
def test_each_entry_goes_to_the_first_range_that_holds_it(
    gone: set[int], told: Sequence[Sequence[Range]]
) -> None:
    names = [Named(index, "", tuple(ranges)) for index, ranges in enumerate(told, 100)]
    spans = sorted(
        ((start, end, one.index, one) for one in names for start, end in one.ranges),
        key=lambda span: span[:3],
    )
    expected = {
        index: next((one for start, end, _, one in spans if start <= index < end), None)
        for index in gone
    }
    found = list(pieces(ranges_of(sorted(gone)), names))
    assert by_index(iter(found)) == expected
    assert all(end <= start for (_, end, _), (start, _, _) in pairwise(found))


@pytest.mark.timeout(60)
def test_ranges_by_the_ten_thousand_are_told_at_once() -> None:
    """Each with each would be some hours."""
    gone = [(2 * n, 2 * n + 1) for n in range(MANY)]
    names = [Named(3 * MANY + n, "", tuple(gone[n::10])) for n in range(10)]
    found = list(pieces(gone, names))
    assert [(start, end) for start, end, one in found if one] == gone


@pytest.mark.parametrize(
    "payload",
    [
        '{"policy":"x","ranges":[[1e999,2]]}',
        '{"policy":"x","ranges":[[0,1.5]]}',
        '{"policy":"x","ranges":[[true,"2"]]}',
        '{"policy":"x","ranges":[[0]]}',
        '{"policy":"x","ranges":7}',
        '{"ranges":[]}',
        "[1]",
        "[" * 100_000,
        "[[NaN,1]]",
        "no JSON",
    ],
)
@pytest.mark.parametrize("source", ["quarterdeck", "acme"])
def test_what_is_no_purge_record_names_nothing_whatever_it_holds(source: str, payload: str) -> None:
    assert named(7, record(source=source, payload=payload)) is None


@pytest.mark.parametrize(
    "entry", [b'{"action":"retention:purge"' + b"[" * 100_000, b'["action":"retention:purge"]']
)
def test_what_is_no_record_names_nothing(entry: bytes) -> None:
    assert named(7, entry) is None


def test_a_purge_record_is_read() -> None:
    payload = '{"policy":"abc","ranges":[[0,2],[4,5]]}'
    assert named(7, record(payload=payload)) == Named(7, "abc", ((0, 2), (4, 5)))
    assert named(7, record(source="acme", payload=payload)) is None
