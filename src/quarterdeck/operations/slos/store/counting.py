"""Slices as they were counted, and what they add up to."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from quarterdeck.kernel.clock import instant, micros
from quarterdeck.kernel.work import Tenants
from quarterdeck.operations.slos.drawing import Part
from quarterdeck.operations.slos.store.tables import measures, slices


def counted_to(db: Connection, tenants: Tenants, measure: str) -> datetime | None:
    """How far a measure was counted; None: not yet."""
    mine = (measures.c.measure == measure, tenants.clause(measures.c.tenant))
    at = db.scalar(select(measures.c.counted_to).where(*mine))
    return None if at is None else instant(at)


def count_to(db: Connection, tenants: Tenants, row: Mapping[str, object]) -> None:
    """Say how far a measure was counted; never less far than it was."""
    insert = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
    new = insert(measures).values(row)
    db.execute(
        new.on_conflict_do_update(
            index_elements=[measures.c.tenant, measures.c.measure],
            set_={"counted_to": new.excluded.counted_to},
            where=(measures.c.counted_to < new.excluded.counted_to)
            & tenants.clause(measures.c.tenant),
        )
    )


def add(db: Connection, rows: Sequence[Mapping[str, object]]) -> None:
    """Keep slices; one that was counted before stays as it is."""
    insert = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
    if rows:
        db.execute(insert(slices).on_conflict_do_nothing(), list(rows))


def sums(db: Connection, tenants: Tenants, measure: str, since: datetime, until: datetime) -> Part:
    """What the slices that end in (since, until] add up to.

    Those in maintenance are counted in ``excluded`` alone.
    """
    row = db.execute(select(*_added()).where(*_mine(tenants, measure, since, until))).one()
    return _sums(row)


def along(
    db: Connection, tenants: Tenants, measure: str, since: datetime, until: datetime, step: int
) -> dict[int, Part]:
    """What slices add up to in each part of ``step`` microseconds after ``since``, by its number.

    A part without a slice is left out.
    """
    number = ((slices.c.at - 1 - micros(since)) // step).label("number")
    query = select(number, *_added()).where(*_mine(tenants, measure, since, until))
    rows = db.execute(query.group_by("number").order_by("number"))
    return {int(row.number): _sums(row) for row in rows}


def prune(db: Connection, tenants: Tenants, measure: str, before: datetime) -> None:
    """Drop slices that no window reaches any more."""
    mine = (slices.c.measure == measure, slices.c.at <= micros(before))
    db.execute(delete(slices).where(*mine, tenants.clause(slices.c.tenant)))


def forget(db: Connection, tenants: Tenants, slo: str, keep: Sequence[str] = ()) -> None:
    """Drop what was counted of an SLO, but for the measures to ``keep``."""
    mine = (
        measures.c.slo == slo,
        measures.c.measure.not_in(keep),
        tenants.clause(measures.c.tenant),
    )
    old = db.scalars(select(measures.c.measure).where(*mine)).all()
    if old:
        db.execute(delete(slices).where(slices.c.measure.in_(old), tenants.clause(slices.c.tenant)))
        db.execute(delete(measures).where(*mine))


def _mine(
    tenants: Tenants, measure: str, since: datetime, until: datetime
) -> tuple[ColumnElement[bool], ...]:
    return (
        slices.c.measure == measure,
        slices.c.at > micros(since),
        slices.c.at <= micros(until),
        tenants.clause(slices.c.tenant),
    )


def _added() -> list[ColumnElement[Any]]:
    counts = slices.c.known * (1 - slices.c.excluded)
    parts = [func.sum(slices.c.excluded).label("excluded"), func.sum(counts).label("known")]
    parts += [
        func.sum(column * counts).label(column.name)
        for column in (slices.c.met, slices.c.good, slices.c.total, slices.c.share)
    ]
    return [*parts, func.max(slices.c.at * slices.c.known).label("newest")]


def _sums(row: Row[Any]) -> Part:
    return Part(
        excluded=int(row.excluded or 0),
        known=int(row.known or 0),
        met=int(row.met or 0),
        good=Fraction(row.good or 0),
        total=Fraction(row.total or 0),
        shares=Fraction(row.share or 0),
        newest=instant(int(row.newest)) if row.newest else None,
    )
