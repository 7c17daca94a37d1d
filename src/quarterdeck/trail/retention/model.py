"""What is due to be purged, what was, and what a report finds."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from quarterdeck.kernel.errors import Conflict
from quarterdeck.trail.log.purges import Range, ranges_of


class NothingKeepsTime(Conflict):
    """No retention policy says how long records are kept: nothing is ever due."""


class PurgeState(StrEnum):
    """Where a purge is. Its leaf stands in the log before anything is removed.

    ``done``: gone from the log and the read models; ``cleared``: from the segment store too,
    whose locks had ended.
    """

    ANNOUNCED = "announced"
    DONE = "done"
    CLEARED = "cleared"


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A record whose time is over.

    Attributes:
        cls: its retention class.
        due_at: since when, microseconds since 1970.
    """

    index: int
    cls: str
    due_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a purge would do now.

    Attributes:
        due: what would be removed, by index.
        held: the holds that keep records whose time is over, with how many each keeps.
        waiting: records whose time is over that are not sealed and stored away yet.
        floor: below this index records can be removed.
        copies_until: until when the segment store keeps copies of what is due; None: it has none,
            or no lock on them.
        copies_known: False where the segment store is away, and so cannot say.
    """

    tenant: str
    due: Sequence[Due]
    held: Mapping[str, int] = field(default_factory=dict)
    waiting: int = 0
    floor: int = 0
    copies_until: datetime | None = None
    copies_known: bool = True

    @property
    def classes(self) -> dict[str, int]:
        """How many by retention class."""
        found: dict[str, int] = {}
        for one in self.due:
            found[one.cls] = found.get(one.cls, 0) + 1
        return found

    @property
    def ranges(self) -> list[Range]:
        """The same as ranges."""
        return ranges_of(one.index for one in self.due)


@dataclass(frozen=True, slots=True, kw_only=True)
class Purge:
    """One step of a purge: some thousand records at most.

    Attributes:
        event: the id of the event that announced it, and so of its record.
        policy: digest of the retention policy.
        due_at: when the last of them was due, microseconds since 1970.
        at: when it was announced.
    """

    id: str
    tenant: str
    state: PurgeState
    event: str
    ranges: Sequence[Range]
    policy: str
    due_at: int
    at: int

    @property
    def count(self) -> int:
        """Records."""
        return sum(end - start for start, end in self.ranges)

    @property
    def is_early(self) -> bool:
        """Whether it was announced before the last of them was due."""
        return self.due_at > self.at

    def indices(self) -> Iterable[int]:
        """Each record's index."""
        return (index for start, end in self.ranges for index in range(start, end))


@dataclass(frozen=True, slots=True)
class Breach:
    """A range of records that breaks a rule, and how."""

    start: int
    end: int
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """What a check of retention found.

    Attributes:
        late: kept too long.
        early: removed before their time, or with no purge that names them.
        held: kept past their time by a legal hold: right as it is.
        checked: records looked at.
    """

    tenant: str
    late: Sequence[Breach]
    early: Sequence[Breach]
    held: int
    checked: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Residence:
    """What a check of residency found.

    Attributes:
        region: where this installation stores; empty: its settings do not say.
        storage: what is wrong with that; empty where it is right.
        outside: records from a region that is not allowed.
        unknown: records that do not say where they came from.
        checked: records looked at.
    """

    tenant: str
    region: str
    storage: str
    outside: Sequence[Breach]
    unknown: int
    checked: int


def joined(ranges: Sequence[Range]) -> list[Range]:
    """The same indices in ranges that are apart, in order: a hold has two purges name a record."""
    found: list[Range] = []
    for start, end in sorted(ranges):
        if found and start <= found[-1][1]:
            begun, ended = found.pop()
            found.append((begun, max(ended, end)))
        else:
            found.append((start, end))
    return found


def within(ranges: Sequence[Range], index: int) -> bool:
    """Whether one of the ranges holds the index."""
    return any(start <= index < end for start, end in ranges)
