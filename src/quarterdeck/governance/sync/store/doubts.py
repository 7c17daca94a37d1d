"""In SQL: what is not known to be gone."""

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import Connection, delete, insert, select

from quarterdeck.governance.sync.doubts import Doubt
from quarterdeck.governance.sync.model import Run
from quarterdeck.governance.sync.store.tables import doubts
from quarterdeck.kernel.clock import instant, micros
from quarterdeck.kernel.work import Tenants


def of(db: Connection, tenants: Tenants) -> list[Doubt]:
    """All that is doubted, the longest first."""
    query = select(doubts).where(tenants.clause(doubts.c.tenant))
    return [
        Doubt(**row._asdict() | {"since": instant(row.since)})
        for row in db.execute(query.order_by(doubts.c.since, doubts.c.place))
    ]


def put(db: Connection, tenants: Tenants, run: Run, found: Sequence[Doubt], *, all_: bool) -> None:
    """Keep what ``run`` doubts, since when it first was; ``all_``: it doubts nothing else."""
    mine = (
        doubts.c.connection == run.connection,
        doubts.c.domain == run.domain,
        tenants.clause(doubts.c.tenant),
    )
    query = select(doubts.c.place, doubts.c.since).where(*mine)
    since = {row.place: row.since for row in db.execute(query)}
    places = [one.place for one in found]
    over = mine if all_ else (*mine, doubts.c.place.in_(places))
    db.execute(delete(doubts).where(*over))
    rows = [asdict(one) | {"since": since.get(one.place, micros(one.since))} for one in found]
    if rows:
        db.execute(insert(doubts), rows)
