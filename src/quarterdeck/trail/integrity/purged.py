"""Entries that were purged: each must be named by a purge record of the log itself.

A purged entry is one of no bytes. Its hash is taken from the tile, and counts for what it is
worth: the tree above says whether it is the one that was signed.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from quarterdeck.trail.integrity.model import Finding

ACTION = b'"action":"retention:purge"'
SOURCE = "quarterdeck"
MOST_NAMED = 1000


@dataclass(frozen=True, slots=True)
class Named:
    """A purge record: which entries it names, and where it stands."""

    index: int
    policy: str
    ranges: tuple[tuple[int, int], ...]


@dataclass(slots=True)
class Purged:
    """What of a log was purged, as it is read.

    Attributes:
        gone: indices of entries of no bytes, as ranges.
        named: the purge records.
    """

    gone: list[tuple[int, int]] = field(default_factory=list)
    named: list[Named] = field(default_factory=list)

    def note(self, start: int, entries: Sequence[bytes]) -> None:
        """Look at the entries of a bundle; bundles come in order."""
        for index, entry in enumerate(entries, start):
            if not entry:
                self._gone(index)
            elif ACTION in entry and (named := _named(index, entry)):
                self.named.append(named)

    def judged(self) -> tuple[list[Finding], list[Finding]]:
        """What was removed and is named by no purge record; and what was purged by policy."""
        wrong: list[Finding] = []
        right: list[Finding] = []
        for start, end, by in self._pieces():
            where = f"entry {start}" if end == start + 1 else f"entries {start} to {end - 1}"
            if by is None:
                wrong.append(Finding(where, "removed, and no purge record names it"))
            else:
                told = f"purged by policy {by.policy[:12]}, leaf {by.index}"
                right.append(Finding(where, told))
        return wrong[:MOST_NAMED], right[:MOST_NAMED]

    def _gone(self, index: int) -> None:
        if self.gone and self.gone[-1][1] == index:
            self.gone[-1] = (self.gone[-1][0], index + 1)
        else:
            self.gone.append((index, index + 1))

    def _pieces(self) -> Iterator[tuple[int, int, Named | None]]:
        """What is gone, divided by the record that names it: the first that does."""
        spans = sorted(
            (start, end, named.index, named) for named in self.named for start, end in named.ranges
        )
        for start, end in self.gone:
            at = start
            for low, high, _, named in spans:
                if low >= end or high <= at:
                    continue
                if low > at:
                    yield at, low, None
                yield max(at, low), min(high, end), named
                at = min(high, end)
            if at < end:
                yield at, end, None


def _named(index: int, entry: bytes) -> Named | None:
    try:
        record = json.loads(entry)
        payload = json.loads(record["payload"])
        ranges = tuple((int(start), int(end)) for start, end in payload["ranges"])
        told = Named(index, str(payload["policy"]), ranges)
    except (ValueError, KeyError, TypeError):
        return None
    ours = record["source"] == SOURCE and record["action"] == "retention:purge"
    return told if ours else None
