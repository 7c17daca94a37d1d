"""Which records of a log the projections have: for the scope of a loss."""

from sqlalchemy import Engine, func, select

from quarterdeck.kernel.db import reading
from quarterdeck.kernel.work import Tenants
from quarterdeck.trail.projections.tables import LIVE, logs, places


def listed(read: Engine, tenants: Tenants, tenant: str) -> dict[str, tuple[int, set[int]]]:
    """By projection: how far it has come in the tenant's log, and the indexes it has."""
    found: dict[str, tuple[int, set[int]]] = {}
    with reading(read) as db:
        number = db.scalar(
            select(logs.c.id).where(tenants.clause(logs.c.log), logs.c.log == tenant)
        )
        for name in ("timeline", "actor", "resource"):
            here = (places.c.log == tenant, places.c.projection == name)
            through = db.scalar(select(func.max(places.c.size)).where(*here)) or 0
            rows = select(LIVE[name].c.idx).where(LIVE[name].c.log == number)
            found[name] = (through, set(db.scalars(rows)))
    return found
