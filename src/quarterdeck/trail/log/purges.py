"""Entries that policy removed. Each is one of no bytes, and a record of the log itself names it.

Its hash is taken from the tile, and counts for what it is worth: the tree above says whether it
is the one that was signed. What is empty and named by no record is damage.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

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
        record = json.loads(entry)
        payload = json.loads(record["payload"])
        ranges = tuple((int(start), int(end)) for start, end in payload["ranges"])
        told = Named(index, str(payload["policy"]), ranges)
    except (ValueError, KeyError, TypeError):
        return None
    ours = record["source"] == PLATFORM_SOURCE and record["action"] == PURGE
    return told if ours else None


def pieces(
    gone: Iterable[Range], names: Iterable[Named]
) -> Iterator[tuple[int, int, Named | None]]:
    """``gone``, divided by the record that names it: the first that does; None: none does."""
    spans = sorted((start, end, one.index, one) for one in names for start, end in one.ranges)
    for start, end in gone:
        at = start
        for low, high, _, one in spans:
            if low >= end or high <= at:
                continue
            if low > at:
                yield at, low, None
            yield max(at, low), min(high, end), one
            at = min(high, end)
        if at < end:
            yield at, end, None


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
