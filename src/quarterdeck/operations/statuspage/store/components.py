"""Components of status pages, and the spans of time in which it was known how they were."""

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, Select, and_, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from quarterdeck.kernel import versions
from quarterdeck.kernel.clock import instant, micros
from quarterdeck.kernel.work import Tenants
from quarterdeck.operations.statuspage.model.component import Component, KeptComponent, Status
from quarterdeck.operations.statuspage.model.uptime import Span
from quarterdeck.operations.statuspage.store.tables import components, spans

ORDER = (components.c.tenant, components.c.position, components.c.name)


def put(db: Connection, tenants: Tenants, made: KeptComponent) -> bool:
    """Keep what is written of a component at its version; False if it is not at the one before."""
    one = made.component
    row = {
        "tenant": made.tenant,
        "name": one.name,
        "version": made.version,
        "position": one.position,
        "environment": one.environment,
        "service": one.service,
        "spec": msgspec.json.encode(one).decode(),
        "by": made.by,
        "at": micros(made.at),
    }
    return versions.put(db, tenants, components, row)


def say(
    db: Connection, tenants: Tenants, name: str, status: Status | None, *, post: str = ""
) -> bool:
    """Keep how somebody said that a component is; None: nobody does. False: there is none."""
    here = update(components).where(*_named(tenants, name))
    said = {"said": None if status is None else status.value, "post": post or None}
    return db.execute(here.values(said)).rowcount == 1


def remove(db: Connection, tenants: Tenants, name: str, version: int) -> bool:
    """Take a component away with its history; False if it is at another version."""
    if not versions.remove(db, tenants, components.c.name, name, version):
        return False
    db.execute(delete(spans).where(*_spans_of(tenants, name)))
    return True


def listed(db: Connection, tenants: Tenants) -> list[KeptComponent]:
    """Components with how they are, by tenant, position and name."""
    query = _standing().where(tenants.clause(components.c.tenant)).order_by(*ORDER)
    return [_kept(row) for row in db.execute(query)]


def of_name(db: Connection, tenants: Tenants, name: str) -> KeptComponent | None:
    """One component, if it is there."""
    row = db.execute(_standing().where(*_named(tenants, name))).one_or_none()
    return None if row is None else _kept(row)


def following(
    db: Connection, tenants: Tenants, environment: str, service: str
) -> list[KeptComponent]:
    """The components that follow a service."""
    here = (components.c.environment == environment, components.c.service == service)
    query = _standing().where(tenants.clause(components.c.tenant), *here).order_by(*ORDER)
    return [_kept(row) for row in db.execute(query)]


def spans_of(db: Connection, tenants: Tenants, after: datetime) -> dict[str, list[Span]]:
    """By component, what was known of it after an instant, oldest first."""
    ends_later = or_(spans.c.until.is_(None), spans.c.until > micros(after))
    query = select(spans).where(tenants.clause(spans.c.tenant), ends_later)
    found: dict[str, list[Span]] = {}
    for row in db.execute(query.order_by(spans.c.component, spans.c.since)):
        found.setdefault(row.component, []).append(_span(row))
    return found


def last_known(db: Connection, tenants: Tenants, name: str) -> datetime | None:
    """Until when history is written down: the end of its last span, or the begin of one open."""
    last = func.max(func.coalesce(spans.c.until, spans.c.since))
    at = db.scalar(select(last).where(*_spans_of(tenants, name)))
    return None if at is None else instant(at)


def end_span(db: Connection, tenants: Tenants, name: str, since: datetime, at: datetime) -> bool:
    """End what began at ``since``; False if somebody did before. One of no length is none."""
    here = (*_spans_of(tenants, name), spans.c.since == micros(since), spans.c.until.is_(None))
    if at <= since:
        return db.execute(delete(spans).where(*here)).rowcount == 1
    return db.execute(update(spans).where(*here).values(until=micros(at))).rowcount == 1


def begin_span(db: Connection, tenant: str, name: str, since: datetime, status: Status) -> bool:
    """Begin a span; False if another goes on."""
    put_new = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
    row = {"tenant": tenant, "component": name, "since": micros(since), "status": status.value}
    fresh = put_new(spans).values(row).on_conflict_do_nothing().returning(spans.c.since)
    return db.scalar(fresh) is not None


def _standing() -> Select[Any]:
    mine = and_(
        spans.c.tenant == components.c.tenant,
        spans.c.component == components.c.name,
        spans.c.until.is_(None),
    )
    return select(components, spans.c.status, spans.c.since).outerjoin(spans, mine)


def _named(tenants: Tenants, name: str) -> tuple[Any, Any]:
    return tenants.clause(components.c.tenant), components.c.name == name


def _spans_of(tenants: Tenants, name: str) -> tuple[Any, Any]:
    return tenants.clause(spans.c.tenant), spans.c.component == name


def _kept(row: Row[Any]) -> KeptComponent:
    return KeptComponent(
        tenant=row.tenant,
        version=row.version,
        by=row.by,
        at=instant(row.at),
        component=msgspec.json.decode(row.spec, type=Component),
        said=None if row.said is None else Status(row.said),
        post=row.post or "",
        status=None if row.status is None else Status(row.status),
        since=None if row.since is None else instant(row.since),
    )


def _span(row: Row[Any]) -> Span:
    return Span(
        since=instant(row.since),
        until=None if row.until is None else instant(row.until),
        status=Status(row.status),
    )
