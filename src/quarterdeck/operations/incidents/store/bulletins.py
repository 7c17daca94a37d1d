"""What audiences were told, in SQL: only added to, each kept as JSON."""

from datetime import datetime

import msgspec
from sqlalchemy import Connection, func, insert, select, update

from quarterdeck.kernel.clock import micros
from quarterdeck.kernel.work import Tenants
from quarterdeck.operations.incidents.model.bulletin import Bulletin
from quarterdeck.operations.incidents.store.tables import bulletins, incidents


def add(db: Connection, tenant: str, incident: str, made: Bulletin) -> None:
    """Keep one, under its ``next_number``."""
    db.execute(
        insert(bulletins).values(
            incident=incident,
            number=made.number,
            tenant=tenant,
            audience=made.audience,
            at=micros(made.at),
            spec=msgspec.json.encode(made).decode(),
        )
    )


def next_number(db: Connection, tenants: Tenants, incident: str) -> int:
    """The number of its next; the incident is held until the transaction ends: no two get one."""
    held = (incidents.c.id == incident, tenants.clause(incidents.c.tenant))
    db.execute(update(incidents).where(*held).values(entries=incidents.c.entries))
    mine = (bulletins.c.incident == incident, tenants.clause(bulletins.c.tenant))
    return 1 + db.scalars(select(func.count()).select_from(bulletins).where(*mine)).one()


def listed(db: Connection, tenants: Tenants, incident: str) -> list[Bulletin]:
    """Those of an incident, as they were told."""
    mine = (bulletins.c.incident == incident, tenants.clause(bulletins.c.tenant))
    query = select(bulletins.c.spec).where(*mine).order_by(bulletins.c.number)
    return [msgspec.json.decode(spec, type=Bulletin) for spec in db.scalars(query)]


def counts(db: Connection, tenants: Tenants, since: datetime) -> dict[tuple[str, str], int]:
    """How many there are since then, by tenant and audience."""
    by = (bulletins.c.tenant, bulletins.c.audience)
    mine = (tenants.clause(bulletins.c.tenant), bulletins.c.at >= micros(since))
    query = select(*by, func.count()).where(*mine).group_by(*by)
    return {(row[0], row[1]): row[2] for row in db.execute(query)}
