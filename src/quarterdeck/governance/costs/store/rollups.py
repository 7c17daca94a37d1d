"""Sums by day and by month, kept in step with the entries they are summed from."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, delete, insert, select

from quarterdeck.governance.costs.calendar import day_period, month_period
from quarterdeck.governance.costs.model import SERVICES, Change, Chunk
from quarterdeck.governance.costs.store.landing import upsert
from quarterdeck.governance.costs.store.tables import past_rollups, rollups
from quarterdeck.kernel.money import carried
from quarterdeck.kernel.work import Tenants

TOTAL, SERVICE, GROUP, SUBSCRIPTION = "total", "service", "group", "subscription"
KEY = ("basis", "dimension", "period", "tenant", "currency", "value")


class Place(NamedTuple):
    """Which sum, within one tenant and basis. A tuple: eight of them are hashed a charge."""

    dimension: str
    period: int
    currency: str
    value: str


@dataclass(frozen=True, slots=True)
class Sum:
    """Units and nanos that need not be carried, and the number of entries in them."""

    units: int = 0
    nanos: int = 0
    entries: int = 0

    def __add__(self, other: "Sum") -> "Sum":
        return Sum(self.units + other.units, self.nanos + other.nanos, self.entries + other.entries)


def deltas(chunk: Chunk, changes: Iterable[Change]) -> dict[Place, Sum]:
    """By how much ``changes`` move each sum."""
    found: dict[Place, list[int]] = {}
    for change in changes:
        units, nanos, entries = _moved(change)
        for place in _places(chunk, change):
            sums = found.setdefault(place, [0, 0, 0])
            sums[0] += units
            sums[1] += nanos
            sums[2] += entries
    return {place: Sum(*sums) for place, sums in found.items()}


def move(db: Connection, tenants: Tenants, chunk: Chunk, at: int, by: Mapping[Place, Sum]) -> None:
    """Move the sums of the chunk's tenant; what they were stays among the past."""
    known = _known(db, tenants, chunk, by)
    past = [_past(row, at) for row in known.values() if row["known_from"] < at]
    if past:
        db.execute(insert(past_rollups), past)
    new = [_row(chunk, at, place, known.get(place), delta) for place, delta in by.items()]
    there = [row for row in new if row["entries"]]
    if there:
        db.execute(upsert(db, rollups), there)
    gone = [{f"of_{name}": row[name] for name in KEY} for row in new if not row["entries"]]
    if gone:
        db.execute(
            delete(rollups).where(*(rollups.c[n] == bindparam(f"of_{n}") for n in KEY)), gone
        )


def _moved(change: Change) -> tuple[int, int, int]:
    """Units, nanos and entries that it adds."""
    units = nanos = entries = 0
    if change.before is not None:
        old_units, old_nanos = change.before.amount.parts
        units, nanos, entries = -old_units, -old_nanos, -1
    if change.after is not None:
        new_units, new_nanos = change.after.parts
        units, nanos, entries = units + new_units, nanos + new_nanos, entries + 1
    return units, nanos, entries


def _places(chunk: Chunk, change: Change) -> list[Place]:
    line, day = change.line, day_period(change.day)
    of = (
        ((TOTAL, ""), (SERVICE, line.label), (GROUP, line.group), (SUBSCRIPTION, chunk.scope))
        if chunk.cut == SERVICES
        else ((chunk.cut, line.label),)
    )
    return [
        Place(dimension, period, line.currency, value)
        for dimension, value in of
        for period in (day, month_period(day))
    ]


def _known(
    db: Connection, tenants: Tenants, chunk: Chunk, places: Iterable[Place]
) -> dict[Place, dict[str, Any]]:
    wanted = set(places)
    query = select(rollups).where(
        rollups.c.basis == chunk.basis.value,
        rollups.c.dimension.in_({p.dimension for p in wanted}),
        rollups.c.period.in_({p.period for p in wanted}),
        rollups.c.tenant == chunk.tenant,
        tenants.clause(rollups.c.tenant),
    )
    found = (dict(row) for row in db.execute(query).mappings())
    rows = {Place(r["dimension"], r["period"], r["currency"], r["value"]): r for r in found}
    return {place: row for place, row in rows.items() if place in wanted}


def _row(
    chunk: Chunk, at: int, place: Place, known: Mapping[str, Any] | None, delta: Sum
) -> dict[str, Any]:
    before = Sum(known["units"], known["nanos"], known["entries"]) if known else Sum()
    after = before + delta
    units, nanos = carried(after.units, after.nanos)
    after = replace(after, units=units, nanos=nanos)
    return {
        "basis": chunk.basis.value,
        "dimension": place.dimension,
        "period": place.period,
        "tenant": chunk.tenant,
        "currency": place.currency,
        "value": place.value,
        "known_from": max(at, known["known_from"]) if known else at,
        "units": after.units,
        "nanos": after.nanos,
        "entries": after.entries,
    }


def _past(row: Mapping[str, Any], at: int) -> dict[str, Any]:
    return {**row, "known_until": at}
