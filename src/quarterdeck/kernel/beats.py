"""Heartbeats: which processes of an installation are alive, by the database's clock."""

from dataclasses import dataclass

from sqlalchemy import BigInteger, Column, Connection, String, Table, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from quarterdeck.kernel.db import metadata, now_micros
from quarterdeck.kernel.health import CheckFailed, Entry, Health

EVERY_S = 5
LATE_S, GONE_S = 15, 60

beats = Table(
    "kernel_beat",
    metadata,
    Column("process", String, primary_key=True),
    Column("role", String, nullable=False),
    Column("at", BigInteger, nullable=False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """A process and the seconds since it was last heard of."""

    process: str
    role: str
    age_s: float


def beat(db: Connection, process: str, role: str) -> None:
    """Say that ``process`` is alive."""
    now = update(beats).where(beats.c.process == process).values(role=role, at=now_micros())
    if db.execute(now).rowcount == 0:
        insert = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
        row = insert(beats).values(process=process, role=role, at=now_micros())
        db.execute(row.on_conflict_do_nothing())


def leave(db: Connection, process: str) -> None:
    """Say that ``process`` ends, as it should."""
    db.execute(delete(beats).where(beats.c.process == process))


def forget(db: Connection) -> None:
    """Drop processes that died long ago."""
    db.execute(delete(beats).where(beats.c.at < now_micros() - GONE_S * 60 * 1_000_000))


def alive(db: Connection) -> list[Beat]:
    """All known processes, freshest first."""
    age = (now_micros() - beats.c.at).label("age")
    rows = db.execute(select(beats.c.process, beats.c.role, age).order_by(beats.c.at.desc()))
    return [Beat(process=r.process, role=r.role, age_s=r.age / 1_000_000) for r in rows]


def judge(db: Connection, role: str) -> Entry:
    """How the processes of ``role`` are; raise CheckFailed where none was heard of lately."""
    heard = [b for b in alive(db) if b.role == role]
    if not heard or heard[0].age_s > GONE_S:
        since = f"last heard of {heard[0].age_s:.0f} s ago" if heard else "none is running"
        raise CheckFailed(
            f"no {role} process: {since}; start one with: quarterdeck serve --role {role}"
        )
    late = heard[0].age_s > LATE_S
    return Entry(
        status=Health.DEGRADED if late else Health.HEALTHY,
        description=f"{role}: {sum(b.age_s <= LATE_S for b in heard)} alive, "
        f"last heard of {heard[0].age_s:.1f} s ago",
    )
