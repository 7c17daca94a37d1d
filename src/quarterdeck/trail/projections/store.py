"""Rows of the read models, and how far each projection has come.

These are the projections' own statements: they serve no tenant's question. See ``query``.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import closing
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Engine,
    Integer,
    Select,
    SmallInteger,
    Table,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from quarterdeck.kernel.bulk import copy, insert_many
from quarterdeck.trail.projections.model import Compared, Place, Range, Row
from quarterdeck.trail.projections.tables import (
    LIVE,
    OF,
    TWINS,
    fields,
    fields_beside,
    logs,
    pauses,
    places,
    words,
)

ROW_ID_BITS = 44  # of the full-text index's row id that are the leaf's; the others are the log's
NAMED = 20
"""Rows that are not as the log says, of which it is said where they are."""

INTEGERS: Mapping[type, str] = {SmallInteger: "int2", Integer: "int4", BigInteger: "int8"}
"""PostgreSQL's names of what rows are made of."""

ADD_WORDS = "INSERT INTO read_text (rowid, words)"
PUT_WORDS = (
    "INSERT INTO read_text SELECT :log, :idx, to_tsvector('simple', :words) ON CONFLICT DO NOTHING"
)


def number_of(db: Connection, log: str) -> int:
    """The number under which rows of ``log`` stand; given now if it has none."""
    wanted = select(logs.c.id).where(logs.c.log == log)
    found: int | None = db.scalar(wanted)
    if found is None:
        make = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
        db.execute(make(logs).values(log=log).on_conflict_do_nothing())
        found = db.scalars(wanted).one()
    return found


def touch(db: Connection) -> None:
    """Write, and change nothing."""
    if db.dialect.name == "sqlite":
        version = db.scalar(text("PRAGMA user_version"))
        db.execute(text(f"PRAGMA user_version = {version:d}"))
        return
    with db.begin_nested() as undone:
        db.execute(insert(places).values(projection="", log="", size=0, hash=b"", skipped=0))
        undone.rollback()


def place(db: Connection, projection: str, log: str) -> Place:
    """How far ``projection`` has come."""
    wanted = select(places.c.size, places.c.hash, places.c.skipped)
    row = db.execute(
        wanted.where(places.c.projection == projection, places.c.log == log)
    ).one_or_none()
    return Place() if row is None else Place(size=row.size, hash=row.hash, skipped=row.skipped)


def every_place(
    db: Connection, among: Collection[str] | None = None
) -> dict[tuple[str, str], Place]:
    """Of each projection and log that has begun; or of those ``among`` the logs."""
    wanted = select(places) if among is None else select(places).where(places.c.log.in_([*among]))
    return {
        (row.projection, row.log): Place(size=row.size, hash=row.hash, skipped=row.skipped)
        for row in db.execute(wanted)
    }


def advance(db: Connection, projection: str, log: str, old: Place, new: Place) -> bool:
    """Move on from ``old``; False: another moved on first, and nothing changed."""
    make = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
    key = {"projection": projection, "log": log}
    first = {"size": 0, "hash": b"", "skipped": 0}
    db.execute(make(places).values(key | first).on_conflict_do_nothing())
    moved = (
        update(places)
        .where(places.c.projection == projection, places.c.log == log)
        .where(places.c.size == old.size, places.c.hash == old.hash)
        .values(size=new.size, hash=new.hash, skipped=new.skipped)
    )
    return db.execute(moved).rowcount == 1


def hold(db: Connection, projection: str, log: str) -> None:
    """Keep others from moving the projection until this transaction ends."""
    make = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
    first = {"projection": projection, "log": log, "size": 0, "hash": b"", "skipped": 0}
    db.execute(make(places).values(first).on_conflict_do_nothing())
    here = (places.c.projection == projection, places.c.log == log)
    db.execute(update(places).where(*here).values(skipped=places.c.skipped))


def forget_place(db: Connection, projection: str, log: str) -> None:
    """Have the projection begin anew."""
    db.execute(delete(places).where(places.c.projection == projection, places.c.log == log))


def paused(db: Connection) -> frozenset[str]:
    """The projections that are held."""
    return frozenset(db.scalars(select(pauses.c.projection)))


def pause(db: Connection, projection: str, since: int) -> bool:
    """Hold a projection; False if it was held."""
    make = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
    row = {"projection": projection, "since": since}
    held = make(pauses).values(row).on_conflict_do_nothing().returning(pauses.c.projection)
    return db.scalar(held) is not None


def resume(db: Connection, projection: str) -> bool:
    """Let it go on; False if it was not held."""
    return db.execute(delete(pauses).where(pauses.c.projection == projection)).rowcount == 1


def add(db: Connection, rows: Mapping[str, Sequence[Row]], *, beside: bool = False) -> None:
    """Add rows by table, to the live ones or ``beside``; those that are there stay as they are."""
    tables = TWINS if beside else LIVE
    found = [(tables[name], added) for name, added in rows.items() if added]
    if db.dialect.name == "sqlite":
        for table, added in found:
            insert_many(db, f"INSERT OR IGNORE INTO {table.name}", added)
        return
    try:
        # Copied, they cost half; but then none may be there: what comes again is inserted.
        with db.begin_nested():
            for table, added in found:
                copy(db, table.name, _types(table), added)
    except IntegrityError:
        for table, added in found:
            db.exec_driver_sql(_unnesting(table), tuple(map(list, zip(*added, strict=True))))


def add_words(db: Connection, log: int, found: Iterable[tuple[int, str]]) -> None:
    """Add (index, words) to the full-text index."""
    if db.dialect.name == "sqlite":
        insert_many(db, ADD_WORDS, [(row_id(log, index), text_) for index, text_ in found])
        return
    many = [{"log": log, "idx": index, "words": text_} for index, text_ in found]
    if many:
        db.execute(text(PUT_WORDS), many)


def remove(db: Connection, rows: Mapping[str, Sequence[Row]]) -> None:
    """Take rows away from the live tables."""
    for name, gone in rows.items():
        keys = [column.name for column in LIVE[name].primary_key]
        places_ = {key: list(LIVE[name].c.keys()).index(key) for key in keys}
        if gone:
            here = and_(*(LIVE[name].c[key] == bindparam(f"of_{key}") for key in keys))
            told = [{f"of_{key}": row[at] for key, at in places_.items()} for row in gone]
            db.execute(delete(LIVE[name]).where(here), told)


def remove_words(db: Connection, log: int, indices: Sequence[int]) -> None:
    """Take leaves out of the full-text index."""
    if not indices:
        return
    if db.dialect.name == "sqlite":
        gone = [{"id": row_id(log, index)} for index in indices]
        db.execute(text("DELETE FROM read_text WHERE rowid = :id"), gone)
        return
    db.execute(delete(words).where(words.c.log == log, words.c.idx.in_(indices)))


def forget_words(db: Connection, log: int) -> None:
    """Empty the full-text index of a log."""
    if db.dialect.name == "sqlite":
        low, high = row_id(log, 0), row_id(log + 1, 0)
        db.execute(
            text("DELETE FROM read_text WHERE rowid >= :low AND rowid < :high"),
            {"low": low, "high": high},
        )
        return
    db.execute(delete(words).where(words.c.log == log))


def row_id(log: int, index: int) -> int:
    """Under which a leaf's words stand on SQLite."""
    return log << ROW_ID_BITS | index


def clear_beside(db: Connection, projection: str, log: int) -> None:
    """Empty the twins of a projection's tables, of one log."""
    for name in OF[projection]:
        db.execute(delete(TWINS[name]).where(TWINS[name].c.log == log))


def compare(db: Connection, projection: str, log: int, within: Range) -> Compared:
    """The live rows of leaves ``within`` beside those made anew, row by row."""
    rows = missing = surplus = 0
    where: list[str] = []
    for name in OF[projection]:
        live, twin = LIVE[name], TWINS[name]
        lacks, more = _only_in(twin, live, log, within), _only_in(live, twin, log, within)
        rows += _count(db, select(twin).where(twin.c.log == log))
        missing += _count(db, lacks)
        surplus += _count(db, more)
        where += [f"{name}: record {index} is missing" for index in _named(db, lacks)]
        where += [f"{name}: record {index} is surplus" for index in _named(db, more)]
    return Compared(rows=rows, missing=missing, surplus=surplus, where=tuple(where[:NAMED]))


def swap(db: Connection, projection: str, log: int, within: Range) -> None:
    """Have the live rows of leaves ``within`` be those made anew: their difference moves."""
    for name in OF[projection]:
        live, twin = LIVE[name], TWINS[name]
        db.execute(delete(live).where(_apart(live, twin, log, within)))
        db.execute(insert(live).from_select(list(live.c.keys()), _only_in(twin, live, log, within)))


def drop_after(db: Connection, projection: str, log: int, end: int) -> None:
    """Take away the live rows of leaves from ``end`` on."""
    for name in OF[projection]:
        live = LIVE[name]
        db.execute(delete(live).where(live.c.log == log, live.c.idx >= end))


def erase_fields(db: Connection, log: int, keys: Collection[int]) -> None:
    """Take away every token of fields that were sealed under these data keys.

    On SQLite ``secure_delete`` is on, since the first of them was written (see ``opening``).
    """
    for table in (fields, fields_beside):
        db.execute(delete(table).where(table.c.log == log, table.c.key.in_(keys)))


def scrub(engine: Engine) -> None:
    """Have what was erased leave the database's own files too, as far as it lets us.

    SQLite: its log is emptied, unless somebody reads just then. PostgreSQL: dead rows are
    made room of.
    """
    if engine.dialect.name == "sqlite":
        with closing(engine.raw_connection()) as raw:  # in no transaction, as it asks for
            raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        db.exec_driver_sql("VACUUM read_fields, read_fields_beside")


def _count(db: Connection, rows: Select[Any]) -> int:
    return db.scalar(select(func.count()).select_from(rows.subquery())) or 0


def _named(db: Connection, rows: Select[Any]) -> Sequence[int]:
    """The records of the first of ``rows``, each once."""
    found = rows.subquery()
    return db.scalars(select(found.c.idx).distinct().order_by(found.c.idx).limit(NAMED)).all()


def _only_in(of: Table, other: Table, log: int, within: Range) -> Select[Any]:
    return select(of).where(_apart(of, other, log, within))


def _apart(of: Table, other: Table, log: int, within: Range) -> ColumnElement[bool]:
    same = and_(*(column == other.c[name] for name, column in of.c.items()))
    return and_(
        of.c.log == log,
        of.c.idx < within.end,
        of.c.at >= within.since,
        of.c.at < within.until,
        ~exists(select(other.c.idx).where(same)),
    )


@cache
def _unnesting(table: Table) -> str:
    arrays = ", ".join(f"%s::{kind}[]" for kind in _types(table))
    return (
        f"INSERT INTO {table.name} SELECT * FROM unnest({arrays}) "  # noqa: S608  our own names
        "ON CONFLICT DO NOTHING"
    )


@cache
def _types(table: Table) -> tuple[str, ...]:
    return tuple(INTEGERS[type(column.type)] for column in table.c)
