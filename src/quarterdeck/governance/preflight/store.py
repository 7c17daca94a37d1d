"""What preflight found, in SQL: the last examination of each connection."""

import json
from collections.abc import Collection
from dataclasses import asdict

from sqlalchemy import BigInteger, Column, Connection, String, Table, Text, delete, insert, select

from quarterdeck.governance.preflight.model import Examined, Outcome, Result
from quarterdeck.kernel.clock import instant, micros
from quarterdeck.kernel.db import metadata
from quarterdeck.kernel.ids import ConnectionId, TenantId
from quarterdeck.kernel.work import Tenants

preflights = Table(
    "governance_preflight",
    metadata,
    Column("tenant", String, primary_key=True),
    # Empty for the cloud itself.
    Column("connection", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("job", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("results", Text, nullable=False),
    Column("scopes", Text, nullable=False),
)


def put(db: Connection, tenants: Tenants, found: Examined) -> None:
    """Keep ``found`` in place of the examination before."""
    mine = (preflights.c.connection == found.connection, preflights.c.tenant == found.tenant)
    db.execute(delete(preflights).where(*mine, tenants.clause(preflights.c.tenant)))
    row = {
        "tenant": found.tenant,
        "connection": found.connection,
        "name": found.name,
        "job": found.job,
        "at": micros(found.at),
        "results": json.dumps([asdict(result) for result in found.results]),
        "scopes": json.dumps(list(found.scopes)),
    }
    db.execute(insert(preflights).values(row))


def listed(db: Connection, tenants: Tenants) -> list[Examined]:
    """The last examination of each connection, the cloud itself first."""
    query = (
        select(preflights)
        .where(tenants.clause(preflights.c.tenant))
        .order_by(preflights.c.connection)
    )
    return [
        Examined(
            tenant=TenantId(row.tenant),
            connection=ConnectionId(row.connection),
            name=row.name,
            job=row.job,
            at=instant(row.at),
            results=[
                Result(**{**one, "outcome": Outcome(one["outcome"])})
                for one in json.loads(row.results)
            ],
            scopes=json.loads(row.scopes),
        )
        for row in db.execute(query)
    ]


def done(db: Connection, tenants: Tenants, jobs: Collection[str]) -> int:
    """How many of ``jobs`` have left their examination."""
    query = select(preflights.c.job).where(
        preflights.c.job.in_(jobs), tenants.clause(preflights.c.tenant)
    )
    return len(set(db.scalars(query)))
