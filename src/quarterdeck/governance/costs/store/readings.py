"""What is known about readings: observations, subscriptions, control totals, raw pages, budgets."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from quarterdeck.governance.cloud.ports import CostBasis
from quarterdeck.governance.costs.calendar import day_of, day_period, month_period
from quarterdeck.governance.costs.control import Control, Verdict
from quarterdeck.governance.costs.coverage import Budget, Scope, Tally
from quarterdeck.governance.costs.model import Chunk
from quarterdeck.governance.costs.store.landing import upsert
from quarterdeck.governance.costs.store.rollups import SUBSCRIPTION
from quarterdeck.governance.costs.store.tables import (
    budgets,
    controls,
    observations,
    pages,
    rollups,
    scopes,
)
from quarterdeck.kernel.clock import instant, micros
from quarterdeck.kernel.ids import TenantId
from quarterdeck.kernel.money import Money
from quarterdeck.kernel.work import Tenants

Row = dict[str, Any]
Month = tuple[str, str, int, CostBasis]
"""Of a tenant's subscription: a month (YYYYMM) on one basis."""


def observe(db: Connection, row: Row) -> None:
    """Keep that a run looks at a tenant's costs now; again does nothing."""
    put = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
    blank = {"added": 0, "restated": 0, "lost": 0}
    db.execute(put(observations).values(**row, **blank).on_conflict_do_nothing())


def count(db: Connection, tenants: Tenants, run: str, more: Tally) -> None:
    """Add to what a run changed."""
    mine = (observations.c.run == run, tenants.clause(observations.c.tenant))
    statement = update(observations).where(*mine)
    db.execute(
        statement.values(
            added=observations.c.added + more.added,
            restated=observations.c.restated + more.restated,
            lost=observations.c.lost + more.lost,
        )
    )


def tally(db: Connection, tenants: Tenants, run: str) -> Tally:
    """What a run changed; nothing for one that is not known."""
    query = select(observations.c.added, observations.c.restated, observations.c.lost).where(
        observations.c.run == run, tenants.clause(observations.c.tenant)
    )
    row = db.execute(query).one_or_none()
    return Tally(added=row.added, restated=row.restated, lost=row.lost) if row else Tally()


def put_scope(db: Connection, tenants: Tenants, scope: Scope) -> None:
    """Keep what is known of a subscription; when it was last read stays, unless it is said."""
    row: Row = {
        "tenant": scope.tenant,
        "scope": scope.id,
        "name": scope.name,
        "source": scope.source,
        "missing": scope.missing,
        "gone_at": None,
    }
    if scope.read_at is not None:
        row["read_at"] = micros(scope.read_at)
    if scope.known_since is not None:
        row["known_since"] = day_period(scope.known_since)
    mine = (
        scopes.c.tenant == scope.tenant,
        scopes.c.scope == scope.id,
        tenants.clause(scopes.c.tenant),
    )
    if db.execute(update(scopes).where(*mine).values(row)).rowcount == 0:
        db.execute(upsert(db, scopes), [{"read_at": None, "known_since": None} | row])


def part(
    db: Connection, tenants: Tenants, source: str, there: Sequence[str], at: int
) -> list[tuple[TenantId, str]]:
    """Mark what ``source`` lists no more as gone: ``there`` is all that it lists.

    Returns the tenant and id of each that was not gone before.
    """
    statement = update(scopes).where(
        scopes.c.source == source,
        scopes.c.scope.not_in(there),
        scopes.c.gone_at.is_(None),
        tenants.clause(scopes.c.tenant),
    )
    gone = statement.values(gone_at=at).returning(scopes.c.tenant, scopes.c.scope)
    return sorted((TenantId(row.tenant), row.scope) for row in db.execute(gone))


def scopes_of(db: Connection, tenants: Tenants) -> list[Scope]:
    """Every subscription, also those that are gone, by tenant and name."""
    query = select(scopes).where(tenants.clause(scopes.c.tenant))
    return [
        Scope(
            tenant=TenantId(row.tenant),
            id=row.scope,
            name=row.name,
            source=row.source,
            read_at=None if row.read_at is None else instant(row.read_at),
            known_since=None if row.known_since is None else day_of(row.known_since),
            missing=row.missing,
            gone_at=None if row.gone_at is None else instant(row.gone_at),
        )
        for row in db.execute(query.order_by(scopes.c.tenant, scopes.c.name, scopes.c.scope))
    ]


def put_controls(db: Connection, tenants: Tenants, chunk: Chunk, found: Sequence[Control]) -> None:
    """Replace the controls of a chunk's month."""
    month = month_period(day_period(chunk.first))
    db.execute(
        delete(controls).where(
            controls.c.tenant == chunk.tenant,
            controls.c.scope == chunk.scope,
            controls.c.cut == chunk.cut,
            controls.c.basis == chunk.basis.value,
            controls.c.month == month,
            tenants.clause(controls.c.tenant),
        )
    )
    if found:
        db.execute(upsert(db, controls), [_control_row(control, month) for control in found])


def controls_of(
    db: Connection, tenants: Tenants, first: int, last: int, basis: CostBasis
) -> list[Control]:
    """The controls of months from ``first`` to ``last`` (YYYYMM)."""
    query = select(controls).where(
        tenants.clause(controls.c.tenant),
        controls.c.basis == basis.value,
        controls.c.month.between(first, last),
    )
    order = (controls.c.month, controls.c.tenant, controls.c.scope, controls.c.cut)
    return [_control(row) for row in db.execute(query.order_by(*order, controls.c.currency))]


def untold(db: Connection, tenants: Tenants, first: int, last: int, cut: str) -> set[Month]:
    """Months from ``first`` to ``last`` (YYYYMM) that were charged for, and not read by ``cut``."""
    charged = select(
        rollups.c.tenant, rollups.c.value.label("scope"), rollups.c.period, rollups.c.basis
    ).where(
        rollups.c.dimension == SUBSCRIPTION,
        rollups.c.period.between(first, last),
        tenants.clause(rollups.c.tenant),
    )
    read = select(controls.c.tenant, controls.c.scope, controls.c.month, controls.c.basis).where(
        tenants.clause(controls.c.tenant),
        controls.c.cut == cut,
        controls.c.month.between(first, last),
    )
    months = (
        (row[0], row[1], row[2], CostBasis(row[3])) for row in db.execute(charged.except_(read))
    )
    return set(months)


def verdicts(
    db: Connection, tenants: Tenants, first: int, last: int, basis: CostBasis, cut: str
) -> list[Verdict]:
    """The verdicts alone."""
    query = select(controls.c.verdict).where(
        tenants.clause(controls.c.tenant),
        controls.c.basis == basis.value,
        controls.c.cut == cut,
        controls.c.month.between(first, last),
    )
    return [Verdict(word) for word in db.scalars(query)]


def keep_page(db: Connection, row: Row) -> None:
    """Keep an answer as it came; one that is kept already is not kept twice."""
    put = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
    db.execute(put(pages).values(**row).on_conflict_do_nothing())


def put_budgets(
    db: Connection, tenants: Tenants, tenant: str, scope: str, rows: Sequence[Row]
) -> None:
    """Replace the budgets of a subscription."""
    mine = (budgets.c.tenant == tenant, budgets.c.scope == scope)
    db.execute(delete(budgets).where(*mine, tenants.clause(budgets.c.tenant)))
    if rows:
        db.execute(upsert(db, budgets), list(rows))


def budgets_of(db: Connection, tenants: Tenants) -> list[Budget]:
    """The cloud's own budgets, by tenant and name."""
    return _budgets(db, select(budgets).where(tenants.clause(budgets.c.tenant)))


def budgets_at(db: Connection, tenants: Tenants, tenant: str, scope: str) -> list[Budget]:
    """Those of one subscription, by name."""
    mine = (budgets.c.tenant == tenant, budgets.c.scope == scope)
    return _budgets(db, select(budgets).where(*mine, tenants.clause(budgets.c.tenant)))


def _budgets(db: Connection, query: Select[Any]) -> list[Budget]:
    return [
        Budget(
            tenant=TenantId(row.tenant),
            id=row.id,
            scope=row.scope,
            name=row.name,
            body=row.body,
            read_at=instant(row.read_at),
        )
        for row in db.execute(query.order_by(budgets.c.tenant, budgets.c.name, budgets.c.id))
    ]


def _control_row(control: Control, month: int) -> Row:
    stated = control.stated.parts if control.stated else (None, None)
    units, nanos = control.summed.parts
    return {
        "tenant": control.tenant,
        "scope": control.scope,
        "cut": control.cut,
        "basis": control.basis.value,
        "month": month,
        "currency": control.summed.currency,
        "first": day_period(control.first),
        "last": day_period(control.last),
        "stated_units": stated[0],
        "stated_nanos": stated[1],
        "units": units,
        "nanos": nanos,
        "rows": control.rows,
        "verdict": control.verdict.value,
        "reason": control.reason,
        "at": micros(control.at),
    }


def _control(row: Any) -> Control:  # noqa: ANN401  a row of seventeen columns
    known = row.stated_units is not None
    return Control(
        tenant=TenantId(row.tenant),
        scope=row.scope,
        cut=row.cut,
        basis=CostBasis(row.basis),
        first=day_of(row.first),
        last=day_of(row.last),
        stated=Money.of(row.stated_units, row.stated_nanos, row.currency) if known else None,
        summed=Money.of(row.units, row.nanos, row.currency),
        rows=row.rows,
        at=instant(row.at),
        reason=row.reason,
    )
