"""Kept checks in SQL."""

from typing import Any

import msgspec
from sqlalchemy import Connection, insert, select

from quarterdeck.governance.compliance.model.check import Check, Finding, Result
from quarterdeck.governance.compliance.model.verdict import Tally
from quarterdeck.governance.compliance.store.tables import checks
from quarterdeck.kernel.clock import instant, micros
from quarterdeck.kernel.ids import TenantId
from quarterdeck.kernel.work import Tenants


def add(db: Connection, check: Check) -> None:
    """Keep a check."""
    found = {"tally": check.tally, "findings": check.findings}
    db.execute(
        insert(checks).values(
            id=check.id,
            tenant=check.tenant,
            framework=check.framework,
            at=micros(check.at),
            by=check.by,
            result=check.result.value,
            reason=check.reason,
            as_of=check.as_of and micros(check.as_of),
            found=msgspec.json.encode(found).decode(),
        )
    )


def newest(db: Connection, tenants: Tenants, before: str | None, limit: int) -> list[Check]:
    """The next ``limit`` checks, newest first, older than the one with id ``before``."""
    query = select(checks).where(tenants.clause(checks.c.tenant))
    if before is not None:
        query = query.where(checks.c.id < before)
    rows = db.execute(query.order_by(checks.c.id.desc()).limit(limit))
    return [_check(row) for row in rows]


def last(db: Connection, tenants: Tenants, framework: str) -> Check | None:
    """The newest check of this framework."""
    query = select(checks).where(tenants.clause(checks.c.tenant), checks.c.framework == framework)
    row = db.execute(query.order_by(checks.c.id.desc()).limit(1)).one_or_none()
    return None if row is None else _check(row)


def of_id(db: Connection, tenants: Tenants, check: str) -> Check | None:
    """One check."""
    query = select(checks).where(checks.c.id == check, tenants.clause(checks.c.tenant))
    row = db.execute(query).one_or_none()
    return None if row is None else _check(row)


def _check(row: Any) -> Check:  # noqa: ANN401  SQLAlchemy types such rows in no common way
    found = msgspec.json.decode(row.found)
    return Check(
        id=row.id,
        tenant=TenantId(row.tenant),
        framework=row.framework,
        at=instant(row.at),
        by=row.by,
        result=Result(row.result),
        reason=row.reason,
        tally=Tally(**found["tally"]),
        as_of=None if row.as_of is None else instant(row.as_of),
        findings=msgspec.convert(found["findings"], tuple[Finding, ...]),
    )
