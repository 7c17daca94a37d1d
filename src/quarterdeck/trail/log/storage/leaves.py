"""Logs, their leaves and the hashes above them, in SQL.

``log`` is the tenant whose log it is. Hashes of tile level 0 are those of the leaves;
those above are written once, when a tile below is full.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Integer,
    LargeBinary,
    Row,
    Select,
    String,
    Table,
    UniqueConstraint,
    bindparam,
    select,
    text,
)

from quarterdeck.kernel import bulk
from quarterdeck.kernel.db import metadata
from quarterdeck.kernel.work import Tenants
from quarterdeck.trail.log.model import Leaf, Log
from quarterdeck.trail.proof.tree import leaf_hash

logs = Table(
    "trail_log",
    metadata,
    Column("log", String, primary_key=True),
    Column("origin", String, nullable=False, unique=True),
    Column("vkey", String, nullable=False),
    Column("size", BigInteger, nullable=False),
)

leaves = Table(
    "trail_leaf",
    metadata,
    Column("log", String, primary_key=True),
    Column("idx", BigInteger, primary_key=True),
    Column("record", String, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("entry", LargeBinary, nullable=False),
    Column("moment", BigInteger, nullable=False),
    UniqueConstraint("log", "record"),
)

nodes = Table(
    "trail_node",
    metadata,
    Column("log", String, primary_key=True),
    Column("level", Integer, primary_key=True),
    Column("idx", BigInteger, primary_key=True),
    Column("hash", LargeBinary, nullable=False),
)

BEGIN = text("INSERT INTO trail_log VALUES (:log, :origin, :vkey, 0) ON CONFLICT DO NOTHING")
ADD_NODE = text("INSERT INTO trail_node VALUES (:log, :level, :idx, :hash) ON CONFLICT DO NOTHING")

# The limit has it read by the index, in order, also where nothing tells how many there are.
ENTRIES = (
    "SELECT entry FROM trail_leaf WHERE log = %s AND idx >= %s AND idx < %s ORDER BY idx LIMIT %s"
)
# RFC 6962's hash of a leaf, made where the entry is: it need not travel.
CHECKED = (
    "SELECT hash FROM trail_leaf WHERE log = %s AND idx >= %s AND idx < %s "
    "AND hash = sha256('\\x00'::bytea || entry) ORDER BY idx LIMIT %s"
)


def begin(db: Connection, log: str, origin: str, vkey: str) -> None:
    """Begin the log, unless another did."""
    db.execute(BEGIN, {"log": log, "origin": origin, "vkey": vkey})


def of_tenants(db: Connection, tenants: Tenants) -> list[Log]:
    """The logs of these tenants, by name."""
    query = select(logs).where(tenants.clause(logs.c.log)).order_by(logs.c.log)
    return [_log(row) for row in db.execute(query)]


def every(db: Connection) -> list[Log]:
    """All logs: for the integrator and the health check, which serve no tenant."""
    return [_log(row) for row in db.execute(select(logs).order_by(logs.c.log))]


def one(db: Connection, log: str) -> Log | None:
    """The log of this name: for what is open to all."""
    row = db.execute(_by_name(), {"of": log}).one_or_none()
    return None if row is None else _log(row)


def hashes(db: Connection, log: str, level: int, start: int, count: int) -> list[bytes]:
    """Hashes ``start`` to ``start + count`` of a tile level; fewer where there are no more."""
    table = nodes if level else leaves
    query = (
        select(table.c.hash)
        .where(table.c.log == log, table.c.idx >= start, table.c.idx < start + count)
        .order_by(table.c.idx)
    )
    return list(db.scalars(query.where(nodes.c.level == level) if level else query))


def add_nodes(db: Connection, log: str, level: int, start: int, roots: Sequence[bytes]) -> None:
    """Write the roots of full tiles below ``level``, from index ``start`` on; again is nothing."""
    rows = [
        {"log": log, "level": level, "idx": start + n, "hash": root} for n, root in enumerate(roots)
    ]
    if rows:
        db.execute(ADD_NODE, rows)


def between(db: Connection, log: str, start: int, count: int) -> list[Leaf]:
    """Leaves ``start`` to ``start + count``; fewer where there are no more."""
    query = select(leaves).where(*_range(log, start, count)).order_by(leaves.c.idx)
    return [_leaf(row) for row in db.execute(query)]


def entries(db: Connection, log: str, start: int, count: int) -> list[bytes]:
    """Entries ``start`` to ``start + count``; fewer where there are no more."""
    if db.dialect.name == "postgresql":
        return _column(db, ENTRIES, (log, start, start + count, count))
    query = select(leaves.c.entry).where(*_range(log, start, count)).order_by(leaves.c.idx)
    return list(db.scalars(query))


def checked(db: Connection, log: str, start: int, count: int) -> list[bytes]:
    """The hashes of the leaves among these whose entries still have them."""
    if db.dialect.name == "postgresql":
        return _column(db, CHECKED, (log, start, start + count, count))
    return [one.hash for one in between(db, log, start, count) if leaf_hash(one.entry) == one.hash]


def moment_of(db: Connection, log: str, index: int) -> int | None:
    """When a leaf was appended, microseconds since 1970."""
    return db.scalar(select(leaves.c.moment).where(leaves.c.log == log, leaves.c.idx == index))


def _column(db: Connection, query: str, given: tuple[object, ...]) -> list[bytes]:
    (rows,) = bulk.answers(db, (query, given))
    return [value for (value,) in rows]


def _range(log: str, start: int, count: int) -> tuple[ColumnElement[bool], ...]:
    return leaves.c.log == log, leaves.c.idx >= start, leaves.c.idx < start + count


@cache
def _by_name() -> Select[Any]:
    return select(logs).where(logs.c.log == bindparam("of"))


def _log(row: Row[Any]) -> Log:
    return Log(tenant=row.log, origin=row.origin, vkey=row.vkey, size=row.size)


def _leaf(row: Row[Any]) -> Leaf:
    return Leaf(index=row.idx, hash=row.hash, entry=row.entry)
