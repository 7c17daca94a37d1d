"""What is kept of programmes, and asked of them."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from quarterdeck.governance.programmes.model import Evidence, Judgement, Maturity, State
from quarterdeck.governance.programmes.store.tables import (
    enabled,
    evidence,
    maturity,
    programmes,
    results,
)
from quarterdeck.kernel.clock import instant, micros
from quarterdeck.kernel.work import Tenants

Look = tuple[State, str, int]
"""State, reason, and when (microseconds)."""


def put(db: Connection, name: str, spec: str, at: int, by: str) -> None:
    """Define a programme, or define it anew."""
    values = {"spec": spec, "defined_at": at, "defined_by": by}
    known = update(programmes).where(programmes.c.name == name).values(values)
    if db.execute(known).rowcount == 0:
        db.execute(insert(programmes).values(name=name, **values))


def specs(db: Connection) -> dict[str, str]:
    """Every programme's definition, JSON, by name."""
    query = select(programmes.c.name, programmes.c.spec).order_by(programmes.c.name)
    return {row.name: row.spec for row in db.execute(query)}


def spec_of(db: Connection, name: str) -> str | None:
    """One programme's definition, JSON."""
    return db.scalar(select(programmes.c.spec).where(programmes.c.name == name))


def enable(db: Connection, programme: str, tenant: str, at: int) -> bool:
    """Have a tenant take part; False if it does already."""
    put_new = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
    row = put_new(enabled).values(programme=programme, tenant=tenant, enabled_at=at)
    return db.execute(row.on_conflict_do_nothing()).rowcount == 1


def disable(db: Connection, tenants: Tenants, programme: str) -> bool:
    """Have tenants take part no more; False if none did."""
    mine = (enabled.c.programme == programme, tenants.clause(enabled.c.tenant))
    return db.execute(delete(enabled).where(*mine)).rowcount > 0


def taking_part(db: Connection, tenants: Tenants) -> list[tuple[str, str]]:
    """Programme and tenant, of those that take part."""
    query = (
        select(enabled.c.programme, enabled.c.tenant)
        .where(tenants.clause(enabled.c.tenant))
        .order_by(enabled.c.programme, enabled.c.tenant)
    )
    return [(row.programme, row.tenant) for row in db.execute(query)]


def add_evidence(db: Connection, programme: str, tenant: str, said: Evidence) -> None:
    """Keep what a person said."""
    db.execute(
        insert(evidence).values(
            id=said.id,
            programme=programme,
            tenant=tenant,
            requirement=said.requirement,
            state=said.state.value,
            link=said.link,
            note=said.note,
            expires=said.expires and said.expires.isoformat(),
            by=said.by,
            at=micros(said.at),
        )
    )


def newest_evidence(db: Connection, tenants: Tenants, programme: str) -> dict[str, Evidence]:
    """What was said last of each requirement; for ``tenants`` that are one."""
    mine = (evidence.c.programme == programme, tenants.clause(evidence.c.tenant))
    last = select(func.max(evidence.c.id)).where(*mine).group_by(evidence.c.requirement)
    query = select(evidence).where(evidence.c.id.in_(last), *mine)
    return {row.requirement: _evidence(row) for row in db.execute(query)}


def all_evidence(
    db: Connection, tenants: Tenants, programme: str, requirement: str, limit: int
) -> list[Evidence]:
    """The newest ``limit`` things said of a requirement, newest first."""
    query = (
        select(evidence)
        .where(
            evidence.c.programme == programme,
            evidence.c.requirement == requirement,
            tenants.clause(evidence.c.tenant),
        )
        .order_by(evidence.c.id.desc())
        .limit(limit)
    )
    return [_evidence(row) for row in db.execute(query)]


def put_results(
    db: Connection, tenants: Tenants, programme: str, tenant: str, found: Sequence[Judgement]
) -> None:
    """What a look found, instead of what looks before did."""
    mine = (results.c.programme == programme, tenants.clause(results.c.tenant))
    db.execute(delete(results).where(*mine))
    rows = [
        {
            "programme": programme,
            "tenant": tenant,
            "requirement": one.requirement.id,
            "state": one.state.value,
            "reason": one.reason,
            "at": micros(one.at),
        }
        for one in found
        if one.at is not None
    ]
    if rows:
        db.execute(insert(results), rows)


def results_of(db: Connection, tenants: Tenants, programme: str) -> dict[str, Look]:
    """What the last look found, by requirement; for ``tenants`` that are one."""
    query = select(results).where(
        results.c.programme == programme, tenants.clause(results.c.tenant)
    )
    return {row.requirement: (State(row.state), row.reason, row.at) for row in db.execute(query)}


def end_day(db: Connection, programme: str, tenant: str, day: date, stood: Maturity) -> None:
    """Keep how ``day`` ended so far."""
    values = {"met": stood.met, "unmet": stood.unmet, "not_known": stood.not_known}
    put_new = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
    row = put_new(maturity).values(
        programme=programme, tenant=tenant, day=day.isoformat(), **values
    )
    keys = ["programme", "tenant", "day"]
    db.execute(row.on_conflict_do_update(index_elements=keys, set_=values))


def days_of(db: Connection, tenants: Tenants, programme: str, first: date) -> dict[date, Maturity]:
    """How each day since ``first`` ended; days without a look are absent."""
    query = select(maturity).where(
        maturity.c.programme == programme,
        maturity.c.day >= first.isoformat(),
        tenants.clause(maturity.c.tenant),
    )
    return {
        date.fromisoformat(row.day): Maturity(met=row.met, unmet=row.unmet, not_known=row.not_known)
        for row in db.execute(query)
    }


def _evidence(row: Any) -> Evidence:  # noqa: ANN401  SQLAlchemy types such rows in no common way
    return Evidence(
        id=row.id,
        requirement=row.requirement,
        state=State(row.state),
        link=row.link,
        note=row.note,
        expires=date.fromisoformat(row.expires) if row.expires else None,
        by=row.by,
        at=instant(row.at),
    )
