"""Incidents: each a row, what is asked for as columns, all of it as JSON."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from quarterdeck.kernel.clock import micros
from quarterdeck.kernel.work import Tenants
from quarterdeck.operations.incidents.model.incident import Incident
from quarterdeck.operations.incidents.store.tables import incidents, links, numbers

Times = tuple[str, int, int | None, int | None]
"""Of an incident: its severity, and when it was declared, acknowledged, resolved (microseconds)."""


def next_number(db: Connection, year: int) -> int:
    """The next number of a year, this transaction's alone until it ends."""
    put_new = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
    db.execute(put_new(numbers).values(year=year, last=0).on_conflict_do_nothing())
    take = update(numbers).where(numbers.c.year == year).values(last=numbers.c.last + 1)
    number: int = db.scalars(take.returning(numbers.c.last)).one()
    return number


def hold_rooms(db: Connection, tenants: Tenants, like: str) -> set[str]:
    """The war rooms whose names begin so, of all that ever were.

    Held against others who name one, until the transaction ends.
    """
    # A write of nothing: it waits for whoever names a room, and others wait for this.
    db.execute(update(numbers).values(last=numbers.c.last))
    query = select(incidents.c.war_room).where(
        tenants.clause(incidents.c.tenant), incidents.c.war_room.startswith(like, autoescape=True)
    )
    return {*db.scalars(query)}


def add(db: Connection, made: Incident) -> None:
    """Keep a new incident."""
    db.execute(insert(incidents).values(id=made.id, entries=0, **_row(made)))


def change(db: Connection, tenants: Tenants, made: Incident) -> bool:
    """Keep an incident at its version; False if it is not at the one before."""
    old = (
        incidents.c.id == made.id,
        incidents.c.version == made.version - 1,
        tenants.clause(incidents.c.tenant),
    )
    return db.execute(update(incidents).where(*old).values(_row(made))).rowcount == 1


def of_id(db: Connection, tenants: Tenants, incident: str) -> Incident | None:
    """One incident, if it is there."""
    mine = (incidents.c.id == incident, tenants.clause(incidents.c.tenant))
    spec = db.scalar(select(incidents.c.spec).where(*mine))
    return None if spec is None else _incident(spec)


def open_of_key(db: Connection, tenants: Tenants, key: str) -> Incident | None:
    """The incident that is open about the same, if one is."""
    mine = (incidents.c.key == key, incidents.c.is_open, tenants.clause(incidents.c.tenant))
    spec = db.scalar(select(incidents.c.spec).where(*mine))
    return None if spec is None else _incident(spec)


def newest(
    db: Connection,
    tenants: Tenants,
    *,
    is_open: bool | None = None,
    severity: str = "",
    before: tuple[bool, int, str] | None = None,
    limit: int,
) -> list[Incident]:
    """The next incidents: those that are open first, then the newest, after the key ``before``."""
    c = incidents.c
    query = select(c.spec).where(tenants.clause(c.tenant))
    if is_open is not None:
        query = query.where(c.is_open == is_open)
    if severity:
        query = query.where(c.severity == severity)
    if before:
        lives, at, last = before
        older = or_(c.declared_at < at, (c.declared_at == at) & (c.id < last))
        same = (c.is_open == lives) & older
        query = query.where(or_(same, ~c.is_open) if lives else same)
    query = query.order_by(c.is_open.desc(), c.declared_at.desc(), c.id.desc()).limit(limit)
    return [_incident(spec) for spec in db.scalars(query)]


def unclosed(db: Connection, tenants: Tenants, limit: int) -> list[Incident]:
    """Incidents whose postmortem is not done: those that are open first, then the newest."""
    c = incidents.c
    query = select(c.spec).where(~c.is_closed, tenants.clause(c.tenant))
    query = query.order_by(c.is_open.desc(), c.id.desc()).limit(limit)
    return [_incident(spec) for spec in db.scalars(query)]


def link(db: Connection, tenant: str, about: str, incident: str) -> bool:
    """Have an incident be about something; False where it is already."""
    put_new = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
    row = put_new(links).values(tenant=tenant, about=about, incident=incident)
    return db.scalar(row.on_conflict_do_nothing().returning(links.c.incident)) is not None


def unlink(db: Connection, tenants: Tenants, incident: str, like: str) -> None:
    """Have an incident be about nothing more that begins so."""
    mine = (links.c.incident == incident, links.c.about.startswith(like, autoescape=True))
    db.execute(delete(links).where(*mine, tenants.clause(links.c.tenant)))


def about(db: Connection, tenants: Tenants, what: str) -> list[str]:
    """Ids of the incidents that are about something, oldest first."""
    mine = (links.c.about == what, tenants.clause(links.c.tenant))
    return [*db.scalars(select(links.c.incident).where(*mine).order_by(links.c.incident))]


def linked(db: Connection, tenants: Tenants, incident: str) -> list[str]:
    """What an incident is about."""
    mine = (links.c.incident == incident, tenants.clause(links.c.tenant))
    return [*db.scalars(select(links.c.about).where(*mine).order_by(links.c.about))]


def counts(db: Connection, tenants: Tenants) -> dict[tuple[str, str], int]:
    """How many incidents are open, by tenant and severity."""
    by = (incidents.c.tenant, incidents.c.severity)
    mine = (incidents.c.is_open, tenants.clause(incidents.c.tenant))
    return {
        (r[0], r[1]): r[2] for r in db.execute(select(*by, func.count()).where(*mine).group_by(*by))
    }


def times(db: Connection, tenants: Tenants, since: datetime) -> Sequence[tuple[str, Times]]:
    """The tenant and times of each incident declared since."""
    c = incidents.c
    query = select(c.tenant, c.severity, c.declared_at, c.acknowledged_at, c.resolved_at)
    rows = db.execute(query.where(tenants.clause(c.tenant), c.declared_at >= micros(since)))
    return [(r[0], (r[1], r[2], r[3], r[4])) for r in rows]


def _row(made: Incident) -> dict[str, Any]:
    return {
        "tenant": made.tenant,
        "version": made.version,
        "severity": made.severity.name,
        "stage": made.stage.value,
        "is_open": made.is_open,
        "is_closed": made.closed_at is not None,
        "key": made.key,
        "war_room": made.war_room,
        "declared_at": micros(made.declared_at),
        "acknowledged_at": _micros(made.acknowledged.at if made.acknowledged else None),
        "resolved_at": _micros(made.resolved_at),
        "spec": msgspec.json.encode(made).decode(),
    }


def _micros(at: datetime | None) -> int | None:
    return None if at is None else micros(at)


def _incident(spec: str) -> Incident:
    return msgspec.json.decode(spec, type=Incident)
