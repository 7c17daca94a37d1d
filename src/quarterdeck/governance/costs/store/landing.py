"""What a reading writes: entries, and the roll-ups with them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, Insert, Select, Table, bindparam, delete, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from quarterdeck.governance.costs.calendar import day_of, day_period
from quarterdeck.governance.costs.model import Change, Chunk, Held, Key, Line
from quarterdeck.governance.costs.store.tables import entries, past_entries, series
from quarterdeck.kernel.money import Money
from quarterdeck.kernel.work import Tenants

Row = dict[str, Any]
LINE = (series.c.currency, series.c.label, series.c.resource_group)
HELD = (entries.c.units, entries.c.nanos, entries.c.known_from)


def known(db: Connection, tenants: Tenants, chunk: Chunk) -> dict[Key, Held]:
    """The current entries of a chunk's days."""
    return _held(db, _of_chunk(tenants, chunk))


def known_on(db: Connection, tenants: Tenants, chunk: Chunk, day: date) -> dict[Key, Held]:
    """The current entries of one day of a chunk."""
    return _held(db, _of_chunk(tenants, chunk).where(entries.c.day == day_period(day)))


def numbered(
    db: Connection, tenants: Tenants, chunk: Chunk, lines: Iterable[Line]
) -> dict[Line, int]:
    """The number of each line, given where it has none yet."""
    wanted = set(lines)
    if not wanted:
        return {}
    found = _numbers(db, tenants, chunk, wanted)
    missing = [line for line in wanted if line not in found]
    if missing:
        mine = {"tenant": chunk.tenant, "scope": chunk.scope, "cut": chunk.cut}
        rows = [mine | _row(line) for line in missing]
        put = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
        db.execute(put(series).on_conflict_do_nothing(), rows)
        found = _numbers(db, tenants, chunk, wanted)
    return {line: found[line] for line in wanted}


def write(db: Connection, chunk: Chunk, at: int, changes: Sequence[tuple[int, Change]]) -> None:
    """Bring current entries up to date; each with the number of its line.

    What they replace stays among the past, unless it was observed ``at`` the same moment:
    then it is the same observation, written again after a crash.
    """
    keep = [c for c in changes if c[1].before is not None and c[1].before.known_from < at]
    if keep:
        db.execute(insert(past_entries), [_past(chunk, at, *c) for c in keep])
    gone = [_key(chunk, *c) for c in changes if c[1].after is None]
    if gone:
        db.execute(
            delete(entries).where(*(entries.c[n] == bindparam(f"of_{n}") for n in KEY)), gone
        )
    there = [_amount(chunk, at, *c) for c in changes if c[1].after is not None]
    if there:
        db.execute(upsert(db, entries), there)


KEY = ("series", "day", "basis")


def upsert(db: Connection, table: Table) -> Insert:
    """Put rows of ``table``; one whose primary key is there already is replaced."""
    put = sqlite.insert(table) if db.dialect.name == "sqlite" else postgresql.insert(table)
    keys = [column.name for column in table.primary_key]
    rest = {c.name: put.excluded[c.name] for c in table.columns if c.name not in keys}
    return put.on_conflict_do_update(index_elements=keys, set_=rest)


def _of_chunk(tenants: Tenants, chunk: Chunk) -> Select[Any]:
    return (
        select(*LINE, entries.c.day, series.c.id, *HELD)
        .join(entries, entries.c.series == series.c.id)
        .where(
            tenants.clause(series.c.tenant),
            series.c.tenant == chunk.tenant,
            series.c.scope == chunk.scope,
            series.c.cut == chunk.cut,
            entries.c.day.between(day_period(chunk.first), day_period(chunk.last)),
            entries.c.basis == chunk.basis.value,
        )
    )


def _held(db: Connection, query: Select[Any]) -> dict[Key, Held]:
    # By place, not by name: a row that is asked by name takes eight times as long.
    return {
        (Line(currency, label, group), day_of(day)): Held(
            series=number, amount=Money.of(units, nanos, currency), known_from=known_from
        )
        for currency, label, group, day, number, units, nanos, known_from in db.execute(query)
    }


def _numbers(
    db: Connection, tenants: Tenants, chunk: Chunk, lines: Collection[Line]
) -> dict[Line, int]:
    """Of lines that bear the label of one of ``lines``."""
    query = select(*LINE, series.c.id).where(
        tenants.clause(series.c.tenant),
        series.c.tenant == chunk.tenant,
        series.c.scope == chunk.scope,
        series.c.cut == chunk.cut,
        series.c.label.in_({line.label for line in lines}),
    )
    return {Line(*line): number for *line, number in db.execute(query)}


def _row(line: Line) -> Row:
    return {"currency": line.currency, "label": line.label, "resource_group": line.group}


def _key(chunk: Chunk, number: int, change: Change) -> Mapping[str, object]:
    return {
        "of_series": number,
        "of_day": day_period(change.day),
        "of_basis": chunk.basis.value,
    }


def _amount(chunk: Chunk, at: int, number: int, change: Change) -> Row:
    units, nanos = change.after.parts if change.after else (0, 0)
    return {
        "series": number,
        "day": day_period(change.day),
        "basis": chunk.basis.value,
        "known_from": at,
        "units": units,
        "nanos": nanos,
    }


def _past(chunk: Chunk, at: int, number: int, change: Change) -> Row:
    before = change.before
    units, nanos = before.amount.parts if before else (0, 0)
    return {
        "series": number,
        "day": day_period(change.day),
        "basis": chunk.basis.value,
        "known_from": before.known_from if before else at,
        "known_until": at,
        "units": units,
        "nanos": nanos,
    }
