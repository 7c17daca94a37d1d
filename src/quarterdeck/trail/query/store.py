"""Statements that answer questions, over the rows of the projections.

A question walks one index from the newest on, the shortest of those that it names, and looks
each row up in the others: so its cost is that of what it finds.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import (
    ColumnElement,
    Connection,
    ScalarSelect,
    Select,
    Table,
    and_,
    exists,
    func,
    or_,
    select,
    text,
)

from quarterdeck.kernel.work import Tenants
from quarterdeck.trail.projections.model import Field, term
from quarterdeck.trail.projections.tables import actor, logs, mark, resource, timeline
from quarterdeck.trail.projections.tables import fields as committed
from quarterdeck.trail.query.model import Filter, Question, Spot

COUNTED = 1000
"""Rows of an index that are counted to know which of two is shorter."""

ROW_ID_BITS = 44
FOUND = {
    "sqlite": "SELECT rowid & :mask FROM read_text WHERE read_text MATCH :words "
    "AND rowid >= :low AND rowid < :high ORDER BY rowid DESC LIMIT :most",
    "postgresql": "SELECT idx FROM read_text WHERE log = :log AND idx < :before "
    "AND words @@ plainto_tsquery('simple', :words) ORDER BY idx DESC LIMIT :most",
}


Asked = Select[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Posting:
    """An index: the rows of one term, by time."""

    table: Table
    term: int


def answer(db: Connection, asked: Asked) -> list[Spot]:
    """What a statement of ``question`` finds."""
    return [Spot(row.at, row.idx) for row in db.execute(asked)]


def question(
    db: Connection, tenants: Tenants, asked_for: Question, tokens: Sequence[int] = ()
) -> Asked:
    """The statement that finds where the newest of what is wanted stands; words apart.

    ``tokens``: of its fields.
    """
    wanted, before = asked_for.wanted, asked_for.before
    postings = [*(Posting(committed, one) for one in tokens), *_postings(wanted)]
    if len(postings) > 1:
        postings.sort(key=lambda one: _length(db, tenants, one))
    table = postings[0].table if postings else timeline
    asked = select(table.c.at, table.c.idx).where(table.c.log == _log(tenants))
    if postings:
        asked = asked.where(table.c.term == postings[0].term)
    if wanted.since is not None:
        asked = asked.where(table.c.at >= wanted.since)
    if wanted.until is not None:
        asked = asked.where(table.c.at < wanted.until)
    if before is not None:
        earlier = and_(table.c.at == before.at, table.c.idx < before.index)
        asked = asked.where(table.c.at <= before.at, or_(table.c.at < before.at, earlier))
    for other in postings[1:]:
        asked = asked.where(_also(table, other))
    for other in _failures(wanted):
        asked = asked.where(~_also(table, other))
    return asked.order_by(table.c.at.desc(), table.c.idx.desc()).limit(asked_for.limit)


def plan(db: Connection, asked: Asked, tokens: Sequence[int] = ()) -> list[str]:
    """How the database answers a statement of ``question``, in its own words, tokens apart."""
    # Its values are numbers, all of them: nothing of a person's is written out here.
    written = str(asked.compile(db, compile_kwargs={"literal_binds": True}))
    how = "EXPLAIN QUERY PLAN" if db.dialect.name == "sqlite" else "EXPLAIN"
    lines = [str(row[-1]) for row in db.exec_driver_sql(f"{how} {written}")]
    for one in tokens:
        lines = [line.replace(str(one), "?") for line in lines]
    return lines


def search(
    db: Connection, tenants: Tenants, wanted: str, before: int | None, limit: int
) -> list[int]:
    """Indices of the newest ``limit`` leaves below ``before`` in which all words stand."""
    log = db.scalar(select(logs.c.id).where(tenants.clause(logs.c.log)))
    if log is None:
        return []
    if db.dialect.name == "sqlite":
        low = log << ROW_ID_BITS
        high = low + before if before is not None else log + 1 << ROW_ID_BITS
        about = {"low": low, "high": high, "mask": (1 << ROW_ID_BITS) - 1, "words": _quoted(wanted)}
    else:
        about = {"log": log, "before": (1 << 62) if before is None else before, "words": wanted}
    return list(db.scalars(text(FOUND[db.dialect.name]), about | {"most": limit}))


def newest_of(
    db: Connection, tenants: Tenants, resources: Sequence[str], actions: Sequence[str]
) -> dict[int, int]:
    """By the term of a resource, the index of the newest record about it of ``actions``."""
    told = {term(Field.RESOURCE, one) for one in resources}
    kinds = [Posting(mark, term(Field.ACTION, one)) for one in actions]
    asked = (
        select(resource.c.term, func.max(resource.c.idx))
        .where(resource.c.log == _log(tenants), resource.c.term.in_(told))
        .group_by(resource.c.term)
    )
    if kinds:
        asked = asked.where(or_(*(_also(resource, kind) for kind in kinds)))
    return {row[0]: row[1] for row in db.execute(asked)}


def _log(tenants: Tenants) -> ScalarSelect[int]:
    # One number, so that the rest of the key is walked in order.
    return select(logs.c.id).where(tenants.clause(logs.c.log)).scalar_subquery()


def _postings(wanted: Filter) -> list[Posting]:
    told = [
        (resource, Field.RESOURCE, wanted.resource),
        (mark, Field.CORRELATION, wanted.correlation),
        (actor, Field.ACTOR, wanted.actor),
        (mark, Field.ACTION, wanted.action),
        (mark, Field.TYPE, wanted.type),
        (mark, Field.CLASS, wanted.cls),
        (mark, Field.OUTCOME, "" if wanted.outcome == "success" else wanted.outcome),
    ]
    return [Posting(table, term(field, word)) for table, field, word in told if word]


def _failures(wanted: Filter) -> Sequence[Posting]:
    """What a success is not."""
    if wanted.outcome != "success":
        return ()
    return [Posting(mark, term(Field.OUTCOME, word)) for word in ("failure", "denied")]


def _also(table: Table, other: Posting) -> ColumnElement[bool]:
    twin = other.table.alias()
    return exists(
        select(twin.c.idx).where(
            twin.c.log == table.c.log,
            twin.c.term == other.term,
            twin.c.at == table.c.at,
            twin.c.idx == table.c.idx,
        )
    )


def _length(db: Connection, tenants: Tenants, one: Posting) -> int:
    table = one.table
    some = (
        select(table.c.idx)
        .where(table.c.log == _log(tenants), table.c.term == one.term)
        .limit(COUNTED)
    )
    return db.scalar(select(func.count()).select_from(some.subquery())) or 0


def _quoted(wanted: str) -> str:
    """Each word as FTS5 takes it literally: nothing in it is an operator."""
    return " ".join('"' + word.replace('"', '""') + '"' for word in wanted.split())
