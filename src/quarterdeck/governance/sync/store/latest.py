"""In SQL: when each connection's domain last succeeded, and what was announced of it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, insert, select, update

from quarterdeck.governance.sync.model import Run
from quarterdeck.governance.sync.store.tables import announced, latest
from quarterdeck.kernel.clock import EPOCH, instant, micros
from quarterdeck.kernel.ids import ConnectionId
from quarterdeck.kernel.work import Tenants


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """How one connection's domain did lately.

    Attributes:
        failures: runs in a row without success.
        not_before: when the cloud may be asked again.
        seen, unread: items of the last success, and those of them that could not be read.
    """

    connection: ConnectionId
    domain: str
    success: datetime | None
    failures: int
    not_before: datetime
    seen: int = 0
    unread: int = 0


def of_connection(
    db: Connection, tenants: Tenants, connection: ConnectionId, domain: str
) -> Record | None:
    """The record of one connection's domain; None before its first run ended."""
    found = [r for r in of(db, tenants, connection) if r.domain == domain]
    return found[0] if found else None


def of(db: Connection, tenants: Tenants, connection: ConnectionId | None = None) -> list[Record]:
    """All records of ``tenants``, or of one connection."""
    query = select(latest).where(tenants.clause(latest.c.tenant))
    if connection is not None:
        query = query.where(latest.c.connection == connection)
    return [
        Record(
            connection=ConnectionId(row.connection),
            domain=row.domain,
            success=None if row.success is None else instant(row.success),
            failures=row.failures,
            not_before=instant(row.not_before),
            seen=row.seen,
            unread=row.unread,
        )
        for row in db.execute(query)
    ]


def record(db: Connection, run: Run, ended_at: datetime, not_before: datetime = EPOCH) -> None:
    """Keep how ``run`` ended."""
    won = run.whole
    values: dict[str, object] = {
        "failures": 0 if won else latest.c.failures + 1,
        "not_before": micros(not_before),
    }
    if won:
        read = {"seen": run.counts.seen, "unread": run.counts.unread}
        values |= read | {"success": micros(ended_at)}
    mine = (latest.c.connection == run.connection, latest.c.domain == run.domain)
    if db.execute(update(latest).where(*mine).values(values)).rowcount:
        return
    first = {"connection": run.connection, "domain": run.domain, "tenant": run.tenant}
    db.execute(insert(latest).values(first | values | {"failures": 0 if won else 1}))


def most_failures(db: Connection, tenants: Tenants) -> int:
    """Failures in a row of the connection that does worst."""
    return (
        db.scalar(select(func.max(latest.c.failures)).where(tenants.clause(latest.c.tenant))) or 0
    )


def told_stale(db: Connection, tenants: Tenants) -> set[tuple[str, str]]:
    """Tenants and domains last announced as stale."""
    query = select(announced.c.tenant, announced.c.domain).where(
        announced.c.stale, tenants.clause(announced.c.tenant)
    )
    return {(row.tenant, row.domain) for row in db.execute(query)}


def tell(db: Connection, tenant: str, domain: str, *, stale: bool) -> bool:
    """Note what is being announced; False if somebody announced it before."""
    mine = (announced.c.tenant == tenant, announced.c.domain == domain)
    turned = update(announced).where(*mine, announced.c.stale != stale).values(stale=stale)
    if db.execute(turned).rowcount == 1:
        return True
    if not stale or db.scalar(select(announced.c.stale).where(*mine)) is not None:
        return False
    db.execute(insert(announced).values(tenant=tenant, domain=domain, stale=stale))
    return True
