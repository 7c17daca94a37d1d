"""What a run changed in the ledger, told from the ledger itself: each entry says since when.

An entry that a run wrote bears its moment as ``known_from``, wherever it stands by now; one
that it replaced or lost bears it as ``known_until``.
"""

from collections.abc import Iterator

from sqlalchemy import Connection, Select, and_, literal, select, union_all
from sqlalchemy.sql import CompoundSelect

from quarterdeck.governance.costs.calendar import day_of
from quarterdeck.governance.costs.leaves import Leaf
from quarterdeck.governance.costs.model import Line
from quarterdeck.governance.costs.store.tables import (
    entries,
    observations,
    past_entries,
    series,
)
from quarterdeck.kernel.clock import instant
from quarterdeck.kernel.money import Money
from quarterdeck.kernel.work import Tenants

ORDER = ("series", "day", "basis")
TOLD = ("units", "nanos", "was_units", "was_nanos")


def of_run(
    db: Connection, tenants: Tenants, run: str, after: int, limit: int | None
) -> Iterator[Leaf]:
    """The changes of a run behind number ``after``, in order; at most ``limit``."""
    seen = select(observations.c.tenant, observations.c.observed_at).where(
        observations.c.run == run, tenants.clause(observations.c.tenant)
    )
    observed = db.execute(seen).one_or_none()
    if observed is None:
        return
    at = observed.observed_at
    query = _changes(tenants, observed.tenant, at).offset(after + 1).limit(limit)
    for number, row in enumerate(db.execute(query), after + 1):
        line = Line(row.currency, row.label, row.resource_group)
        yield Leaf(
            number=number,
            at=instant(at),
            place=f"{row.scope} {row.cut}",
            line=line,
            day=day_of(row.day),
            basis=row.basis,
            was=None if row.was_units is None else _money(row.was_units, row.was_nanos, line),
            became=None if row.units is None else _money(row.units, row.nanos, line),
        )


def _changes(tenants: Tenants, tenant: str, at: int) -> Select[tuple[object, ...]]:
    # The tenant's own lines alone: its entries are found by them, not among everybody's.
    own = select(series.c.id).where(series.c.tenant == tenant)
    now, was = _after(own, at).subquery(), _before(own, at).subquery()
    # A full join, which SQLite and PostgreSQL write alike only from the two sides.
    same = and_(*(now.c[name] == was.c[name] for name in ORDER))
    told = (was.c.units.label("was_units"), was.c.nanos.label("was_nanos"))
    written = select(*(now.c[n] for n in ORDER), now.c.units, now.c.nanos, *told).select_from(
        now.outerjoin(was, same)
    )
    nothing = (literal(None).label("units"), literal(None).label("nanos"))
    lost = (
        select(*(was.c[n] for n in ORDER), *nothing, *told)
        .select_from(was.outerjoin(now, same))
        .where(now.c.series.is_(None))
    )
    both = union_all(written, lost).subquery()
    return (
        select(series, *(both.c[name] for name in (*ORDER[1:], *TOLD)))
        .join(both, both.c.series == series.c.id)
        .where(tenants.clause(series.c.tenant))
        .order_by(*(both.c[name] for name in ORDER))
    )


def _after(own: Select[tuple[int]], at: int) -> CompoundSelect[tuple[object, ...]]:
    return union_all(
        *(
            select(*(table.c[n] for n in (*ORDER, "units", "nanos"))).where(
                table.c.series.in_(own), table.c.known_from == at
            )
            for table in (entries, past_entries)
        )
    )


def _before(own: Select[tuple[int]], at: int) -> Select[tuple[object, ...]]:
    return select(*(past_entries.c[n] for n in (*ORDER, "units", "nanos"))).where(
        past_entries.c.series.in_(own), past_entries.c.known_until == at
    )


def _money(units: int, nanos: int, line: Line) -> Money:
    return Money.of(units, nanos, line.currency)
