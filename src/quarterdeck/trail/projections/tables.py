"""The tables of the read models. On SQLite they have a file of their own, and those of the
same names in the database stay empty.

``log`` is a number: a tenant's name would stand in every row and every key. Each has a twin,
in which a rebuild makes the rows anew while the live ones are read.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import TSVECTOR

from quarterdeck.kernel.db import metadata

BESIDE = "_beside"


def _table(name: str, *columns: Column[int]) -> Table:
    # Without a row id, what is found by its key is there, and not somewhere else.
    return Table(name, metadata, *columns, sqlite_with_rowid=False)


def _timeline(suffix: str) -> Table:
    return _table(
        f"read_timeline{suffix}",
        Column("log", Integer, primary_key=True, autoincrement=False),
        Column("at", BigInteger, primary_key=True, autoincrement=False),
        Column("idx", BigInteger, primary_key=True, autoincrement=False),
        Column("actor", BigInteger, nullable=False),
        Column("action", BigInteger, nullable=False),
        Column("resource", BigInteger, nullable=False),
        Column("outcome", SmallInteger, nullable=False),
    )


def _postings(name: str, suffix: str) -> Table:
    return _table(
        f"read_{name}{suffix}",
        Column("log", Integer, primary_key=True, autoincrement=False),
        Column("term", BigInteger, primary_key=True, autoincrement=False),
        Column("at", BigInteger, primary_key=True, autoincrement=False),
        Column("idx", BigInteger, primary_key=True, autoincrement=False),
    )


def _fields(suffix: str) -> Table:
    return _table(
        f"read_fields{suffix}",
        Column("log", Integer, primary_key=True, autoincrement=False),
        Column("term", BigInteger, primary_key=True, autoincrement=False),
        Column("at", BigInteger, primary_key=True, autoincrement=False),
        Column("idx", BigInteger, primary_key=True, autoincrement=False),
        Column("key", BigInteger, nullable=False),
    )


logs = Table(
    "read_log",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("log", String, nullable=False, unique=True),
)

places = Table(
    "read_place",
    metadata,
    Column("projection", String, primary_key=True),
    Column("log", String, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("skipped", BigInteger, nullable=False),
)

pauses = Table(
    "read_pause",
    metadata,
    Column("projection", String, primary_key=True),
    Column("since", BigInteger, nullable=False),
)
"""In the database, with the facts of who paused what."""

words = Table(
    "read_text",
    metadata,
    Column("log", Integer, primary_key=True, autoincrement=False),
    Column("idx", BigInteger, primary_key=True, autoincrement=False),
    Column("words", Text().with_variant(TSVECTOR(), "postgresql"), nullable=False),
    Index("read_text_words", "words", postgresql_using="gin"),
)
"""On SQLite a full-text index (FTS5) of this name stands in the file instead."""

timeline, timeline_beside = _timeline(""), _timeline(BESIDE)
actor, actor_beside = _postings("actor", ""), _postings("actor", BESIDE)
resource, resource_beside = _postings("resource", ""), _postings("resource", BESIDE)
mark, mark_beside = _postings("mark", ""), _postings("mark", BESIDE)

fields, fields_beside = _fields(""), _fields(BESIDE)
"""``term`` is the token of a committed field (see ``token``), ``key`` the data key it is sealed
under: with that, the rows go."""

LIVE = {
    "timeline": timeline,
    "mark": mark,
    "actor": actor,
    "resource": resource,
    "fields": fields,
}
TWINS = {
    "timeline": timeline_beside,
    "mark": mark_beside,
    "actor": actor_beside,
    "resource": resource_beside,
    "fields": fields_beside,
}
OF = {
    "timeline": ("timeline", "mark"),
    "actor": ("actor",),
    "resource": ("resource",),
    "fields": ("fields",),
}
"""The tables of each projection."""

EVERY = (logs, places, *LIVE.values(), *TWINS.values())
"""Of the file on SQLite, where the full-text index stands apart."""
