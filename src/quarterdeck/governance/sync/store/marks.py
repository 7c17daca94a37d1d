"""In SQL: from where listings are read by their changes."""

from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from quarterdeck.governance.sync.marks import Mark
from quarterdeck.governance.sync.store.tables import marks
from quarterdeck.kernel.clock import instant, micros
from quarterdeck.kernel.ids import ConnectionId, TenantId
from quarterdeck.kernel.work import Tenants


def of_connection(
    db: Connection, tenants: Tenants, connection: ConnectionId, domain: str
) -> dict[str, Mark]:
    """The marks of a connection's domain by their part."""
    query = select(marks).where(
        marks.c.connection == connection,
        marks.c.domain == domain,
        tenants.clause(marks.c.tenant),
    )
    return {
        row.part: Mark(
            part=row.part,
            token=row.token,
            since=instant(row.since),
            whole_at=instant(row.whole_at),
        )
        for row in db.execute(query)
    }


def put(
    db: Connection,
    tenants: Tenants,
    owner: tuple[TenantId, ConnectionId, str],
    mark: Mark,
) -> None:
    """Go on from ``mark`` next time; ``owner``: tenant, connection, domain."""
    tenant, connection, domain = owner
    told = {
        "token": mark.token,
        "since": micros(mark.since),
        "whole_at": micros(mark.whole_at),
    }
    mine = {"connection": connection, "domain": domain, "part": mark.part}
    where = [marks.c[name] == value for name, value in mine.items()]
    where.append(tenants.clause(marks.c.tenant))
    if db.execute(update(marks).where(*where).values(told)).rowcount == 0:
        db.execute(insert(marks).values(mine | told | {"tenant": tenant}))


def read_whole(db: Connection, tenants: Tenants, domain: str) -> list[tuple[str, datetime]]:
    """Of listings read by changes: connection, and when each was last read whole."""
    query = select(marks.c.connection, marks.c.whole_at).where(
        marks.c.domain == domain, marks.c.token != "", tenants.clause(marks.c.tenant)
    )
    return [(row.connection, instant(row.whole_at)) for row in db.execute(query)]
