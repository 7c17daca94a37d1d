"""What the numbers that sources give their events tell: which of them never came.

A source that counts its events (``source_seq``) leaves a gap where one was lost before it was
taken. What this cannot tell: that a source stopped, what came before the records that are read,
and which is missing where two spools count for one source.
"""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import msgspec

from quarterdeck.kernel.work import Work
from quarterdeck.trail.log.ports import Reader

READ = 100_000
"""The newest records of a log that are read, where no range is asked for; also the most."""

AT_ONCE = 2_000
GAPS, SOURCES = 100, 1_000
"""The most that are told: gaps of a source, and sources."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """The numbers of one source, among the records that were read.

    Attributes:
        records: that it numbered; ``unnumbered`` ones are not among them.
        first, last: the least number and the greatest; 0 where it numbered none.
        missing: how many between them never came.
        gaps: the first and the last number of each run that is missing, at most 100.
        repeated: records whose number another has too: more than one counts for this source.
    """

    source: str
    records: int
    unnumbered: int
    first: int
    last: int
    missing: int
    gaps: Sequence[tuple[int, int]]
    repeated: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """What was found in records ``first`` to before ``end`` of a log of ``size``.

    Attributes:
        unread: records that are gone or cannot be read: their numbers seem to be missing.
        more: sources beyond the 1,000 that are told.
    """

    tenant: str
    first: int
    end: int
    size: int
    unread: int
    sources: Sequence[Counted]
    more: int


class _Said(msgspec.Struct):
    source: str
    source_seq: int


@dataclass(slots=True)
class _Heard:
    numbers: "array[int]" = field(default_factory=lambda: array("q"))
    unnumbered: int = 0


def sources(work: Work, reader: Reader, tenant: str, end: int | None = None) -> Numbers:
    """Which numbers of each source are missing among at most 100,000 records before ``end``.

    ``end`` defaults to the log's, and is never beyond it. Sources that miss most come first.
    """
    work.require("trail:verify", tenant)
    size = reader.size(tenant)
    until = size if end is None else max(0, min(end, size))
    first = max(0, until - READ)
    heard: dict[str, _Heard] = {}
    unread = 0
    for entry in _entries(reader, tenant, first, until):
        unread += not _hear(heard, entry)
    found = sorted(
        (counted(source, one.numbers, one.unnumbered) for source, one in heard.items()),
        key=lambda one: (-one.missing, one.source),
    )
    return Numbers(
        tenant=tenant,
        first=first,
        end=until,
        size=size,
        unread=unread,
        sources=found[:SOURCES],
        more=max(0, len(found) - SOURCES),
    )


def counted(source: str, numbers: Iterable[int], unnumbered: int = 0) -> Counted:
    """What the numbers of one source tell, in whichever order they came. Pure."""
    came = sorted(numbers)
    known = sorted(set(came))
    gaps = [(one + 1, other - 1) for one, other in pairwise(known) if other > one + 1]
    return Counted(
        source=source,
        records=len(came),
        unnumbered=unnumbered,
        first=known[0] if known else 0,
        last=known[-1] if known else 0,
        missing=sum(last - first + 1 for first, last in gaps),
        gaps=gaps[:GAPS],
        repeated=len(came) - len(known),
    )


def _entries(reader: Reader, tenant: str, first: int, end: int) -> Iterator[bytes]:
    for start in range(first, end, AT_ONCE):
        yield from reader.entries(tenant, start, min(AT_ONCE, end - start))


def _hear(heard: dict[str, _Heard], entry: bytes) -> bool:
    """Note whose number an entry bears; False where it cannot be read."""
    try:
        said = _decoder.decode(entry)
    except msgspec.MsgspecError:
        return False
    one = heard.setdefault(said.source, _Heard())
    if said.source_seq:
        one.numbers.append(said.source_seq)
    else:
        one.unnumbered += 1
    return True


_decoder = msgspec.json.Decoder(_Said)
