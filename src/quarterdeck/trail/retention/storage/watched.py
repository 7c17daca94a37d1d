"""How far each log was looked at, what is known of its promises, and which are broken, in SQL."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Row, String, Table, Text, select, update
from sqlalchemy.dialects import postgresql, sqlite

from quarterdeck.kernel.db import metadata
from quarterdeck.kernel.work import Tenants
from quarterdeck.trail.retention.breaches import Breach, Judged, Promise, Scan, Tally, Verdict

scans = Table(
    "trail_compliance_scan",
    metadata,
    Column("tenant", String, primary_key=True),
    Column("rules", String, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("tail", BigInteger, nullable=False),
    Column("going", Text, nullable=False),
    Column("fresh", Text, nullable=False),
    Column("known", Text),
    Column("rounds", BigInteger, nullable=False),
    Column("judged", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)

breaches = Table(
    "trail_breach",
    metadata,
    Column("tenant", String, primary_key=True),
    Column("promise", String, primary_key=True),
    Column("words", Text, nullable=False),
    Column("records", BigInteger, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("until", BigInteger),
    Column("investigation", String, nullable=False),
)


def of_tenants(db: Connection, tenants: Tenants) -> list[tuple[Scan, list[Judged]]]:
    """By tenant: how far, and what was judged then."""
    query = select(scans).where(tenants.clause(scans.c.tenant)).order_by(scans.c.tenant)
    return [(_scan(row), _judged(row.judged)) for row in db.execute(query)]


def put(db: Connection, tenants: Tenants, scan: Scan, judged: Sequence[Judged]) -> None:
    """Write how far it is now."""
    insert: Any = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
    row = asdict(scan) | {
        "going": json.dumps(asdict(scan.going)),
        "fresh": json.dumps(asdict(scan.fresh)),
        "known": None if scan.known is None else json.dumps(asdict(scan.known)),
        "judged": json.dumps([asdict(one) for one in judged]),
    }
    write = insert(scans).values(row)
    db.execute(
        write.on_conflict_do_update(
            index_elements=["tenant"], set_=row, where=tenants.clause(scans.c.tenant)
        )
    )


def of(db: Connection, tenants: Tenants, *, over: bool = False) -> list[Breach]:
    """Breaches that stand; with ``over`` also, of each promise, the last that ended."""
    query = select(breaches).where(tenants.clause(breaches.c.tenant))
    if not over:
        query = query.where(breaches.c.until.is_(None))
    found = db.execute(query.order_by(breaches.c.tenant, breaches.c.promise)).mappings()
    return [Breach(**dict(row) | {"promise": Promise(row["promise"])}) for row in found]


def begin(db: Connection, tenants: Tenants, breach: Breach) -> bool:
    """Note that a promise is broken; False if that is known: somebody else told it."""
    insert: Any = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
    row = asdict(breach)
    write = insert(breaches).values(row)
    write = write.on_conflict_do_update(
        index_elements=["tenant", "promise"],
        set_=row,
        where=tenants.clause(breaches.c.tenant) & breaches.c.until.is_not(None),
    )
    # Of an upsert psycopg counts no rows.
    return db.execute(write.returning(breaches.c.promise)).one_or_none() is not None


def change(db: Connection, tenants: Tenants, told: Judged) -> None:
    """Say anew how much a breach that stands is about."""
    write = update(breaches).where(*_standing(tenants, told.promise))
    db.execute(write.values(words=told.words, records=told.records))


def end(db: Connection, tenants: Tenants, promise: Promise, until: int) -> bool:
    """Note that a promise holds again; False if it did."""
    write = update(breaches).where(*_standing(tenants, promise))
    return db.execute(write.values(until=until)).rowcount == 1


def _standing(tenants: Tenants, promise: Promise) -> tuple[Any, ...]:
    return (
        tenants.clause(breaches.c.tenant),
        breaches.c.promise == promise,
        breaches.c.until.is_(None),
    )


def _scan(row: Row[Any]) -> Scan:
    return Scan(
        tenant=row.tenant,
        rules=row.rules,
        position=row.position,
        tail=row.tail,
        going=Tally(**json.loads(row.going)),
        fresh=Tally(**json.loads(row.fresh)),
        known=None if row.known is None else Tally(**json.loads(row.known)),
        rounds=row.rounds,
        at=row.at,
    )


def _judged(text: str) -> list[Judged]:
    return [
        Judged(
            promise=Promise(one["promise"]),
            verdict=Verdict(one["verdict"]),
            words=one["words"],
            records=one["records"],
        )
        for one in json.loads(text)
    ]
