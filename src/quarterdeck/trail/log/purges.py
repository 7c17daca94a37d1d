"""Entries that policy removed. Each is one of no bytes, and a record of the log itself names it.

Its hash is taken from the tile, and counts for what it is worth: the tree above says whether it
is the one that was signed. What is empty and named by no record is damage.
"""

import json
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from quarterdeck.trail.log.record import PLATFORM_SOURCE
from quarterdeck.trail.proof.tree import leaf_hash

PURGE = "retention:purge"
MARK = b'"action":"retention:purge"'
UNNAMED = "removed, and no purge record names it"

Range = tuple[int, int]
"""The first index, and the one after the last."""


@dataclass(frozen=True, slots=True)
class Named:
    """A purge record.

    Attributes:
        index: where it stands in the log.
        policy: digest of the retention policy that it names.
        ranges: the entries that it names.
    """

    index: int
    policy: str
    ranges: tuple[Range, ...]

    @property
    def words(self) -> str:
        """Why the entries are gone."""
        return f"purged by policy {self.policy[:12]}, leaf {self.index}"


Naming = Callable[[int, int], Sequence[Named]]
"""The purge records that may name an entry from the first index on, before the second."""


def named(index: int, entry: bytes) -> Named | None:
    """The purge record that an entry is; None if it is another."""
    if MARK not in entry:
        return None
    try:
        return _named(index, json.loads(entry))
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _named(index: int, record: Any) -> Named | None:  # noqa: ANN401  whatever stands there
    # Whose it is comes first: what others put into a payload is not looked into.
    if (record["source"], record["action"]) != (PLATFORM_SOURCE, PURGE):
        return None
    payload = json.loads(record["payload"])
    return Named(index, str(payload["policy"]), tuple(map(_range, payload["ranges"])))


def _range(found: Any) -> Range:  # noqa: ANN401
    start, end = found
    if type(start) is not int or type(end) is not int:
        raise TypeError("the ends of a range are whole numbers")
    return start, end


def pieces(
    gone: Iterable[Range], names: Iterable[Named]
) -> Iterator[tuple[int, int, Named | None]]:
    """``gone``, divided by the record that names it: the first that does; None: none does."""
    spans = list(_apart(names))
    ends = [end for _, end, _ in spans]
    for start, end in gone:
        at = start
        for n in range(bisect_right(ends, start), len(spans)):
            low, high, one = spans[n]
            if low >= end:
                break
            if low > at:
                yield at, low, None
            yield max(at, low), min(high, end), one
            at = min(high, end)
        if at < end:
            yield at, end, None


def _apart(names: Iterable[Named]) -> Iterator[tuple[int, int, Named]]:
    """What the records name, in order and without overlaps: there, the first counts."""
    spans = [(start, end, one) for one in names for start, end in one.ranges]
    reached: int | None = None
    for start, end, one in sorted(spans, key=lambda span: (span[0], span[1], span[2].index)):
        begins = start if reached is None else max(start, reached)
        if begins < end:
            yield begins, end, one
            reached = end


def told(gone: Sequence[int], names: Naming) -> list[str]:
    """In words, which of these entries were purged, and by which policy; indices may repeat."""
    if not gone:
        return []
    spans = ranges_of(sorted(set(gone)))
    parts = pieces(spans, names(spans[0][0], spans[-1][1]))
    return [f"records {start} to {end - 1} {by.words}" for start, end, by in parts if by]


def ranges_of(indices: Iterable[int]) -> list[Range]:
    """Indices in order, as ranges."""
    found: list[Range] = []
    for index in indices:
        if found and found[-1][1] == index:
            found[-1] = (found[-1][0], index + 1)
        else:
            found.append((index, index + 1))
    return found


def leaf_hashes(
    start: int, entries: Sequence[bytes], stored: Sequence[bytes], names: Naming
) -> list[bytes]:
    """The hashes of entries from ``start`` on; of one that was purged, that of ``stored``."""
    if all(entries):
        return [*map(leaf_hash, entries)]
    gone = set(covered(start, entries, names(start, start + len(entries))))
    return [
        stored[n] if start + n in gone and n < len(stored) else leaf_hash(entry)
        for n, entry in enumerate(entries)
    ]


def covered(start: int, entries: Sequence[bytes], by: Iterable[Named]) -> Iterator[int]:
    """The indices of entries of no bytes that a purge record names."""
    gone = ranges_of(start + n for n, entry in enumerate(entries) if not entry)
    for low, high, one in pieces(gone, by):
        if one is not None:
            yield from range(low, high)
