"""Principals and grants in SQL.

``known``, ``identified``, ``with_email`` and ``held`` ask before there is an actor: they are
how one is found, and take no tenants.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Row,
    String,
    Table,
    UniqueConstraint,
    delete,
    func,
    insert,
    select,
    update,
)

from quarterdeck.access.principals.model import Grant, Identity, Kind, Principal
from quarterdeck.access.roles.model import ADMIN
from quarterdeck.kernel.clock import instant, micros
from quarterdeck.kernel.db import BULK_ROWS, metadata
from quarterdeck.kernel.ids import PLATFORM, PrincipalId, TenantId
from quarterdeck.kernel.work import Tenants

FORGOTTEN = "(erased)"
"""Stands where the name of a person stood who was erased."""

principals = Table(
    "access_principal",
    metadata,
    Column("id", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("name", String, nullable=False),
    Column("email", String),
    Column("home", String, nullable=False),
    Column("issuer", String),
    Column("subject", String),
    Column("created_at", BigInteger, nullable=False),
    Column("disabled_at", BigInteger),
    UniqueConstraint("email"),
    UniqueConstraint("issuer", "subject"),
)

grants = Table(
    "access_grant",
    metadata,
    Column("id", String, primary_key=True),
    Column("principal", String, nullable=False),
    Column("role", String, nullable=False),
    Column("tenant", String, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("principal", "role", "tenant"),
    Index("access_grant_tenant", "tenant"),
)


def add(db: Connection, principal: Principal) -> None:
    """Insert ``principal``."""
    db.execute(
        insert(principals).values(
            id=principal.id,
            kind=principal.kind,
            name=principal.name,
            email=principal.email or None,
            home=principal.home,
            issuer=principal.issuer or None,
            subject=principal.subject or None,
            created_at=micros(principal.created_at),
        )
    )


def known(db: Connection, principal: str) -> Principal | None:
    """The principal of that id, wherever it is at home."""
    return _one(db.execute(select(principals).where(principals.c.id == principal)).one_or_none())


def identified(db: Connection, identity: Identity) -> Principal | None:
    """The principal that is linked to ``identity``."""
    query = select(principals).where(
        principals.c.issuer == identity.issuer, principals.c.subject == identity.subject
    )
    return _one(db.execute(query).one_or_none())


def with_email(db: Connection, email: str) -> Principal | None:
    """The principal that has this address."""
    return _one(db.execute(select(principals).where(principals.c.email == email)).one_or_none())


def named(db: Connection, names: Sequence[str]) -> list[Principal]:
    """Those who have one of these ids or addresses, wherever they are at home."""
    found: list[Principal] = []
    for at in range(0, len(names), BULK_ROWS):
        some = names[at : at + BULK_ROWS]
        either = principals.c.id.in_(some) | principals.c.email.in_(some)
        found += [_principal(row) for row in db.execute(select(principals).where(either))]
    return found


def with_role_on(db: Connection, ids: Sequence[str], places: Sequence[str]) -> set[str]:
    """Of these principals, those who hold a role on one of ``places``."""
    found: set[str] = set()
    for at in range(0, len(ids), BULK_ROWS):
        mine = (grants.c.principal.in_(ids[at : at + BULK_ROWS]), grants.c.tenant.in_(places))
        found |= set(db.scalars(select(grants.c.principal).where(*mine)))
    return found


def page(db: Connection, among: Tenants, after: str, limit: int) -> list[Principal]:
    """The next ``limit`` principals at home in these, oldest first, ``after`` one."""
    query = (
        select(principals)
        .where(among.clause(principals.c.home), principals.c.id > after)
        .order_by(principals.c.id)
        .limit(limit)
    )
    return [_principal(row) for row in db.execute(query)]


def link(db: Connection, principal: str, identity: Identity) -> bool:
    """Link the principal to ``identity``; False if it is linked already."""
    put = (
        update(principals)
        .where(principals.c.id == principal, principals.c.subject.is_(None))
        .values(issuer=identity.issuer, subject=identity.subject)
    )
    return db.execute(put).rowcount == 1


def disable(db: Connection, principal: str, at: int) -> bool:
    """Shut the principal out; False if it was already."""
    put = (
        update(principals)
        .where(principals.c.id == principal, principals.c.disabled_at.is_(None))
        .values(disabled_at=at)
    )
    return db.execute(put).rowcount == 1


def forget(db: Connection, principal: str, home: str) -> bool:
    """Take the name, the address and the identity of a principal at home there away.

    False: none is at home there, or it was forgotten before.
    """
    put = (
        update(principals)
        .where(
            principals.c.id == principal, principals.c.home == home, principals.c.name != FORGOTTEN
        )
        .values(name=FORGOTTEN, email=None, issuer=None, subject=None)
    )
    return db.execute(put).rowcount == 1


def held(db: Connection, principal: str) -> list[tuple[str, str]]:
    """Every role that the principal holds, with its tenant."""
    query = select(grants.c.role, grants.c.tenant).where(grants.c.principal == principal)
    return [(row.role, row.tenant) for row in db.execute(query)]


def give(db: Connection, grant: Grant) -> None:
    """Insert ``grant``."""
    db.execute(
        insert(grants).values(
            id=grant.id,
            principal=grant.principal,
            role=grant.role,
            tenant=grant.tenant,
            created_at=micros(grant.created_at),
        )
    )


def grant_of(db: Connection, among: Tenants, grant: str) -> Grant | None:
    """The grant of that id, if it is on one of these."""
    query = select(grants).where(grants.c.id == grant, among.clause(grants.c.tenant))
    row = db.execute(query).one_or_none()
    return None if row is None else _grant(row)


def take(db: Connection, among: Tenants, grant: str) -> bool:
    """Delete the grant; False if it is gone."""
    gone = delete(grants).where(grants.c.id == grant, among.clause(grants.c.tenant))
    return db.execute(gone).rowcount == 1


def grants_page(
    db: Connection, among: Tenants, principal: str, after: str, limit: int
) -> list[Grant]:
    """The next ``limit`` grants on these, oldest first; of one principal unless that is empty."""
    query = (
        select(grants)
        .where(among.clause(grants.c.tenant), grants.c.id > after)
        .order_by(grants.c.id)
        .limit(limit)
    )
    if principal:
        query = query.where(grants.c.principal == principal)
    return [_grant(row) for row in db.execute(query)]


def other_admins(db: Connection, principal: str) -> int:
    """How many others may do everything everywhere, and were not shut out."""
    query = (
        select(func.count())
        .select_from(grants.join(principals, grants.c.principal == principals.c.id))
        .where(
            grants.c.role == ADMIN,
            grants.c.tenant == PLATFORM,
            grants.c.principal != principal,
            principals.c.disabled_at.is_(None),
        )
    )
    return db.scalars(query).one()


def _one(row: Row[Any] | None) -> Principal | None:
    return None if row is None else _principal(row)


def _principal(row: Row[Any]) -> Principal:
    return Principal(
        id=PrincipalId(row.id),
        kind=Kind(row.kind),
        name=row.name,
        email=row.email or "",
        home=TenantId(row.home),
        issuer=row.issuer or "",
        subject=row.subject or "",
        created_at=instant(row.created_at),
        disabled_at=None if row.disabled_at is None else instant(row.disabled_at),
    )


def _grant(row: Row[Any]) -> Grant:
    return Grant(
        id=row.id,
        principal=PrincipalId(row.principal),
        role=row.role,
        tenant=TenantId(row.tenant),
        created_at=instant(row.created_at),
    )
