"""In SQL: runs that wait until the cloud is healthy, and reports of what nobody understands."""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from quarterdeck.governance.sync.store.tables import holds, reports
from quarterdeck.governance.sync.waiting import Hold
from quarterdeck.kernel.clock import instant, micros
from quarterdeck.kernel.ids import ConnectionId
from quarterdeck.kernel.work import Tenants


def held(db: Connection, tenants: Tenants) -> list[Hold]:
    """All holds, the longest first."""
    query = select(holds).where(tenants.clause(holds.c.tenant)).order_by(holds.c.since)
    return [
        Hold(**row._asdict() | {"since": instant(row.since), "asked_at": instant(row.asked_at)})
        for row in db.execute(query)
    ]


def put(db: Connection, tenants: Tenants, hold: Hold) -> bool:
    """Hold; False if it is held already, and only the words are new."""
    mine = (
        holds.c.connection == hold.connection,
        holds.c.domain == hold.domain,
        tenants.clause(holds.c.tenant),
    )
    told = {"words": hold.words, "asked_at": micros(hold.asked_at)}
    if db.execute(update(holds).where(*mine).values(told)).rowcount:
        return False
    db.execute(insert(holds).values(asdict(hold) | told | {"since": micros(hold.since)}))
    return True


def release(db: Connection, tenants: Tenants, connection: ConnectionId, domain: str) -> bool:
    """Hold it no more; False if it was not held."""
    mine = (
        holds.c.connection == connection,
        holds.c.domain == domain,
        tenants.clause(holds.c.tenant),
    )
    return db.execute(delete(holds).where(*mine)).rowcount == 1


def report(db: Connection, tenants: Tenants, run: str) -> str | None:
    """The report that was prepared of a run, if any."""
    mine = (reports.c.run == run, tenants.clause(reports.c.tenant))
    return db.scalar(select(reports.c.text).where(*mine))


def keep_report(db: Connection, tenant: str, run: str, at: datetime, text: str) -> None:
    """Keep the report of a run that has just ended: it has no other."""
    db.execute(insert(reports).values(run=run, tenant=tenant, at=micros(at), text=text))
