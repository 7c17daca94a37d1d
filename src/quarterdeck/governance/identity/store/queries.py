"""What people ask of identity, and what an assessment is made from."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, case, func, or_, select, tuple_

from quarterdeck.governance.identity.model.credentials import Credential
from quarterdeck.governance.identity.model.items import Change, Kind, Listing, What
from quarterdeck.governance.identity.model.verdict import Verdict
from quarterdeck.governance.identity.model.views import (
    Count,
    Expiring,
    Filter,
    Gap,
    Spot,
    User,
)
from quarterdeck.governance.identity.store.tables import (
    changes,
    credentials,
    items,
    listings,
    users,
)
from quarterdeck.kernel.clock import instant, micros
from quarterdeck.kernel.ids import ConnectionId, TenantId
from quarterdeck.kernel.work import Tenants

ORDER = (users.c.name_key, users.c.connection, users.c.id)
VERDICTS = {"privileged": users.c.privileged, "registered": users.c.registered}
VERDICTS |= {"enforced": users.c.enforced}


def bodies(
    db: Connection, tenants: Tenants, connection: ConnectionId, kind: Kind
) -> list[tuple[str, str]]:
    """Part and body of every item that a listing has, by part and id."""
    query = (
        select(items.c.part, items.c.body)
        .where(
            items.c.connection == connection,
            items.c.kind == kind.value,
            items.c.deleted_at.is_(None),
            tenants.clause(items.c.tenant),
        )
        .order_by(items.c.part, items.c.id)
    )
    return [(row.part, row.body) for row in db.execute(query)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """How a listing last ended; ``missing`` is empty where it came to its end.

    Attributes:
        unread: what of it could not be read, in words; empty where all could.
    """

    kind: Kind
    part: str
    listed_at: datetime | None
    missing: str
    unread: str = ""

    @property
    def known(self) -> bool:
        """Whether all of it is known."""
        return self.listed_at is not None and not self.missing and not self.unread


def listed(db: Connection, tenants: Tenants, connection: ConnectionId) -> list[Listed]:
    """Every listing of a connection."""
    query = select(listings).where(
        listings.c.connection == connection, tenants.clause(listings.c.tenant)
    )
    return [
        Listed(
            kind=Kind(row.kind),
            part=row.part,
            listed_at=None if row.listed_at is None else instant(row.listed_at),
            missing=row.missing,
            unread=row.unread,
        )
        for row in db.execute(query)
    ]


def assessed(db: Connection, tenants: Tenants) -> dict[tuple[str, str], datetime]:
    """When each connection was last assessed, by tenant and connection."""
    query = select(listings.c.tenant, listings.c.connection, listings.c.listed_at).where(
        listings.c.kind == Kind.ASSESSMENT.value,
        listings.c.listed_at.is_not(None),
        tenants.clause(listings.c.tenant),
    )
    return {(row.tenant, row.connection): instant(row.listed_at) for row in db.execute(query)}


def gaps(db: Connection, tenants: Tenants) -> list[Gap]:
    """What could not be read, and what is missing for it."""
    missing = case((listings.c.missing != "", listings.c.missing), else_=listings.c.unread)
    told = missing.label("missing")
    query = (
        select(listings.c.tenant, listings.c.kind, told)
        .where(missing != "", tenants.clause(listings.c.tenant))
        .distinct()
        .order_by(listings.c.tenant, listings.c.kind, told)
    )
    return [
        Gap(tenant=TenantId(row.tenant), what=row.kind, missing=row.missing)
        for row in db.execute(query)
    ]


def count(db: Connection, tenants: Tenants, stale_before: datetime) -> Count:
    """Users by what is known of them, in one pass."""
    told = {
        "users": func.count(),
        "guests": _sum(users.c.guest),
        "disabled": _sum(~users.c.enabled),
        **{f"stale_{v.value}": _sum(_stale(v, stale_before)) for v in Verdict},
        **{
            f"{name}_{v.value}": _sum(column == v.value)
            for name, column in VERDICTS.items()
            for v in Verdict
        },
    }
    query = select(*(value.label(name) for name, value in told.items()))
    row = db.execute(query.where(tenants.clause(users.c.tenant))).one()
    return Count(**{name: int(value or 0) for name, value in row._mapping.items()})  # noqa: SLF001  SQLAlchemy's public name


def page(
    db: Connection, tenants: Tenants, wanted: Filter, after: Spot | None, limit: int
) -> list[User]:
    """The next ``limit`` users after a spot, by name, connection and id."""
    query = select(users).where(tenants.clause(users.c.tenant), *_conditions(wanted))
    if after is not None:
        query = query.where(tuple_(*ORDER) > tuple_(*after))
    return [_user(row, wanted) for row in db.execute(query.order_by(*ORDER).limit(limit))]


def found(db: Connection, tenants: Tenants, wanted: Filter) -> int:
    """How many users a filter finds."""
    query = select(func.count()).select_from(users)
    query = query.where(tenants.clause(users.c.tenant), *_conditions(wanted))
    return db.scalars(query).one()


def expiring(db: Connection, tenants: Tenants, until: datetime, limit: int) -> list[Expiring]:
    """Credentials that ended, or end by ``until``; the soonest first."""
    query = (
        select(credentials)
        .where(credentials.c.ends_at <= micros(until), tenants.clause(credentials.c.tenant))
        .order_by(credentials.c.ends_at, credentials.c.object, credentials.c.id)
        .limit(limit)
    )
    return [_expiring(row) for row in db.execute(query)]


def ends(db: Connection, tenants: Tenants, until: datetime) -> list[datetime]:
    """When credentials end, of those that do by ``until``."""
    query = select(credentials.c.ends_at).where(
        credentials.c.ends_at <= micros(until), tenants.clause(credentials.c.tenant)
    )
    return [instant(end) for end in db.scalars(query) if end is not None]


def of_run(db: Connection, tenants: Tenants, run: str, after: int, limit: int) -> list[Change]:
    """Changes of a run after number ``after``, in order."""
    query = (
        select(changes)
        .where(changes.c.run == run, changes.c.number > after, tenants.clause(changes.c.tenant))
        .order_by(changes.c.number)
        .limit(limit)
    )
    return [_change(row) for row in db.execute(query)]


def changed_items(db: Connection, tenants: Tenants, listing: Listing, number: int) -> set[str]:
    """Items of a listing that the run's changes from ``number`` on are about."""
    query = select(changes.c.item).where(
        changes.c.run == listing.run,
        changes.c.kind == listing.kind.value,
        changes.c.number >= number,
        tenants.clause(changes.c.tenant),
    )
    return set(db.scalars(query))


def history(db: Connection, tenants: Tenants, item: str, limit: int) -> list[Change]:
    """The newest changes of one item, newest first."""
    query = (
        select(changes)
        .where(changes.c.item == item, tenants.clause(changes.c.tenant))
        .order_by(changes.c.at.desc(), changes.c.number.desc())
        .limit(limit)
    )
    return [_change(row) for row in db.execute(query)]


def _sum(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0))


def _stale(verdict: Verdict, before: datetime) -> ColumnElement[bool]:
    old = users.c.active_at < micros(before)
    if verdict is Verdict.YES:
        return users.c.enabled & old
    if verdict is Verdict.NO:
        return ~users.c.enabled | (users.c.active_at >= micros(before))
    return users.c.enabled & users.c.active_at.is_(None)


def _conditions(wanted: Filter) -> list[ColumnElement[bool]]:
    conditions = [
        VERDICTS[name] == verdict.value
        for name, verdict in (
            ("privileged", wanted.privileged),
            ("registered", wanted.registered),
            ("enforced", wanted.enforced),
        )
        if verdict is not None
    ]
    if wanted.stale is not None:
        conditions.append(_stale(wanted.stale, wanted.stale_before))
    if wanted.guest is not None:
        conditions.append(users.c.guest.is_(wanted.guest))
    if wanted.enabled is not None:
        conditions.append(users.c.enabled.is_(wanted.enabled))
    if wanted.text:
        text = wanted.text.casefold()
        names = (users.c.name_key, func.lower(users.c.sign_in_name))
        conditions.append(or_(*(name.contains(text, autoescape=True) for name in names)))
    return conditions


def _user(row: Row[Any], wanted: Filter) -> User:
    active = None if row.active_at is None else instant(row.active_at)
    why = json.loads(row.why)
    return User(
        id=row.id,
        tenant=TenantId(row.tenant),
        connection=ConnectionId(row.connection),
        name=row.name,
        sign_in_name=row.sign_in_name,
        guest=row.guest,
        enabled=row.enabled,
        created_at=None if row.created_at is None else instant(row.created_at),
        last_sign_in=None if row.last_sign_in is None else instant(row.last_sign_in),
        stale=_verdict_of(active, enabled=row.enabled, before=wanted.stale_before),
        privileged=Verdict(row.privileged),
        roles=tuple(json.loads(row.roles)),
        registered=Verdict(row.registered),
        enforced=Verdict(row.enforced),
        why={name: words for name, words in why.items() if words},
    )


def _verdict_of(active: datetime | None, *, enabled: bool, before: datetime) -> Verdict:
    if not enabled:
        return Verdict.NO
    if active is None:
        return Verdict.NOT_KNOWN
    return Verdict.YES if active < before else Verdict.NO


def _expiring(row: Row[Any]) -> Expiring:
    return Expiring(
        tenant=TenantId(row.tenant),
        connection=ConnectionId(row.connection),
        credential=Credential(
            id=row.id,
            kind=row.kind,
            holder=row.holder,
            object=row.object,
            client=row.client,
            application=row.application,
            name=row.name,
            ends_at=None if row.ends_at is None else instant(row.ends_at),
        ),
    )


def _change(row: Row[Any]) -> Change:
    return Change(
        number=row.number,
        kind=Kind(row.kind),
        item=row.item,
        what=What(row.what),
        at=instant(row.at),
        before=row.before,
        after=row.after,
        replaced=row.replaced,
    )
