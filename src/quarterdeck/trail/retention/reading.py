"""Records as retention looks at them: class, time, place, and who keeps them."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection

from quarterdeck.kernel.clock import MICROSECOND, micros
from quarterdeck.trail.holds.model import Covers, Held, Hold
from quarterdeck.trail.keys import service as data_keys
from quarterdeck.trail.log.model import Leaf
from quarterdeck.trail.log.ports import Reader, Removal
from quarterdeck.trail.log.record import PLATFORM_SOURCE
from quarterdeck.trail.policy import service as policy
from quarterdeck.trail.policy.keeping import Residency, Retention

PAGE = 2048
PROOFS = frozenset({"retention:purge", "erasure:complete"})
"""Actions of the platform's records that say why something is gone: kept for ever."""

UNREADABLE = (ValueError, KeyError, TypeError, AttributeError)
"""What an entry that is no record raises, wherever it is looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A record that is there."""

    index: int
    at: int
    record: dict[str, Any]

    @property
    def kept_for_ever(self) -> bool:
        """Whether it says why something is gone."""
        return self.record["source"] == PLATFORM_SOURCE and self.record["action"] in PROOFS


def seen(reader: Reader, tenant: str, start: int, end: int) -> Iterator[Seen | int]:
    """The records from ``start`` to ``end``; of each that is gone its index alone."""
    for at in range(start, end, PAGE):
        for leaf in reader.read(tenant, at, min(PAGE, end - at)):
            yield read_leaf(leaf) if leaf.entry else leaf.index


def read_leaf(leaf: Leaf) -> Seen:
    """A leaf that is there; where it is no record, one of ``UNREADABLE`` is raised here or later.

    Later: by whoever asks of it what no record lacks.
    """
    record = orjson.loads(leaf.entry)
    received = micros(datetime.fromisoformat(record["received_at"]))
    return Seen(index=leaf.index, at=received, record=record)


class Classes:
    """When records are due, by the retention class that their own policy gives them."""

    def __init__(self, db: Connection, retention: Retention) -> None:
        self._db, self._retention = db, retention
        self._known: dict[tuple[str, str, str], str] = {}

    @property
    def shortest_us(self) -> int | None:
        """The shortest time that any class is kept, microseconds; None: all for ever."""
        kept = [self._retention.keep(cls) for cls in self._retention.days]
        return min((one // MICROSECOND for one in kept if one is not None), default=None)

    def due(self, one: Seen) -> tuple[str, int | None]:
        """The class of a record, and when it is due; None: never."""
        record = one.record
        about = str(record["policy"]), str(record["action"]), str(record["resource"]["type"])
        cls = self._known.get(about)
        if cls is None:
            cls = self._known[about] = policy.retention_class(self._db, record)
        keep = self._retention.keep(cls)
        return cls, None if keep is None or one.kept_for_ever else one.at + keep // MICROSECOND


class Subjects:
    """Which records hold fields of subjects that are on hold."""

    def __init__(
        self, db: Connection, removal: Removal, tenant: str, holds: Collection[Hold]
    ) -> None:
        wanted = {h.scope.value for h in holds if h.holds and h.scope.covers is Covers.SUBJECT}
        self._of: dict[int, set[str]] = {}
        if not wanted:
            return
        by_key = {
            key: subject for subject in wanted for key in data_keys.ids_of(db, tenant, subject)
        }
        for index, key in removal.sealed_under(tenant):
            if key in by_key:
                self._of.setdefault(index, set()).add(by_key[key])

    def held(self, one: Seen) -> Held:
        """A record as holds look at it."""
        actor, resource = one.record["actor"], one.record["resource"]
        return Held(
            at=one.at,
            actor=f"{actor['type']}:{actor['id']}",
            resource=f"{resource['type']}:{resource['id']}",
            subjects=frozenset(self._of.get(one.index, ())),
        )


def came_from(rules: Residency, one: Seen) -> str:
    """The region that a record came from; empty: nothing says."""
    at: object = orjson.loads(one.record["payload"] or "null")
    for name in rules.path.split("/")[2:]:
        at = at.get(name) if isinstance(at, dict) else None
    told = at if isinstance(at, str) else ""
    return told or rules.regions_of.get(str(one.record["source"]), "")
