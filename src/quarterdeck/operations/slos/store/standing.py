"""How objectives stand, and what holds since when."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from quarterdeck.kernel.clock import instant, micros
from quarterdeck.kernel.work import Tenants
from quarterdeck.operations.slos.model.standing import Crossing, Standing
from quarterdeck.operations.slos.store.tables import crossings, standings


def put(db: Connection, tenants: Tenants, one: Standing) -> None:
    """Keep how an objective stands instead of how it stood."""
    insert = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
    said = {"found": msgspec.json.encode(one).decode()}
    row = insert(standings).values(tenant=one.tenant, slo=one.slo, objective=one.objective, **said)
    key = [standings.c.tenant, standings.c.slo, standings.c.objective]
    db.execute(
        row.on_conflict_do_update(
            index_elements=key, set_=said, where=tenants.clause(standings.c.tenant)
        )
    )


def found(db: Connection, tenants: Tenants, slo: str = "") -> list[Standing]:
    """How objectives stand, by tenant, SLO and objective."""
    query = select(standings.c.found).where(tenants.clause(standings.c.tenant))
    if slo:
        query = query.where(standings.c.slo == slo)
    key = (standings.c.tenant, standings.c.slo, standings.c.objective)
    texts = db.scalars(query.order_by(*key))
    return [msgspec.json.decode(text, type=Standing) for text in texts]


def forget(db: Connection, tenants: Tenants, slo: str, keep: Sequence[str] = ()) -> None:
    """Drop how an SLO stood, but for the objectives to ``keep``."""
    mine = (
        standings.c.slo == slo,
        standings.c.objective.not_in(keep),
        tenants.clause(standings.c.tenant),
    )
    db.execute(delete(standings).where(*mine))


def open_crossings(db: Connection, tenants: Tenants, slo: str) -> list[Crossing]:
    """What holds of an SLO."""
    mine = (crossings.c.slo == slo, tenants.clause(crossings.c.tenant))
    rows = db.execute(select(crossings).where(*mine).order_by(crossings.c.since, crossings.c.what))
    return [
        Crossing(objective=row.objective, what=row.what, since=instant(row.since)) for row in rows
    ]


def every_crossing(db: Connection, tenants: Tenants) -> dict[tuple[str, str], tuple[Crossing, ...]]:
    """What holds of each SLO, by tenant and name; of those of which nothing does, nothing."""
    found: dict[tuple[str, str], tuple[Crossing, ...]] = {}
    order = (crossings.c.since, crossings.c.what)
    mine = tenants.clause(crossings.c.tenant)
    for row in db.execute(select(crossings).where(mine).order_by(*order)):
        one = Crossing(objective=row.objective, what=row.what, since=instant(row.since))
        found[row.tenant, row.slo] = (*found.get((row.tenant, row.slo), ()), one)
    return found


def cross(db: Connection, row: Mapping[str, str], at: datetime) -> bool:
    """Begin something; False if it holds already."""
    insert = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
    new = insert(crossings).values(**row, since=micros(at)).on_conflict_do_nothing()
    return db.scalar(new.returning(crossings.c.what)) is not None


def uncross(db: Connection, tenants: Tenants, slo: str, one: Crossing) -> bool:
    """End something; False if it is over already."""
    mine = (
        crossings.c.slo == slo,
        crossings.c.objective == one.objective,
        crossings.c.what == one.what,
        tenants.clause(crossings.c.tenant),
    )
    return db.execute(delete(crossings).where(*mine)).rowcount == 1
