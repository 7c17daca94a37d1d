"""The directory in SQL. Entries are kept as JSON, what is asked for as columns."""

from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    Row,
    String,
    Table,
    Text,
    func,
    select,
)

from quarterdeck.kernel import versions
from quarterdeck.kernel.clock import instant, micros
from quarterdeck.kernel.db import metadata
from quarterdeck.kernel.work import Tenants
from quarterdeck.operations.contacts.model import Contact, Kept

contacts = Table(
    "operations_contact",
    metadata,
    Column("tenant", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("section", String, nullable=False),
    Column("level", Integer, nullable=False),
    Column("spec", Text, nullable=False),
    Column("by", String, nullable=False),
    Column("at", BigInteger, nullable=False),
)


def listed(
    db: Connection,
    tenants: Tenants,
    *,
    section: str = "",
    level: int = 0,
    after: tuple[str, str] = ("", ""),
    limit: int,
) -> list[Kept]:
    """The next contacts by tenant and name, after one; of a section, of a level, if asked."""
    query = versions.after(tenants, contacts, after, limit)
    if section:
        query = query.where(contacts.c.section == section)
    if level:
        query = query.where(contacts.c.level == level)
    return [_kept(row) for row in db.execute(query)]


def of_name(db: Connection, tenants: Tenants, name: str) -> Kept | None:
    """One contact, if it is there."""
    row = versions.of_name(db, tenants, contacts, name)
    return None if row is None else _kept(row)


def counts(db: Connection, tenants: Tenants) -> dict[tuple[str, str], int]:
    """How many contacts there are, by tenant and section."""
    by = (contacts.c.tenant, contacts.c.section)
    query = select(*by, func.count()).where(tenants.clause(contacts.c.tenant)).group_by(*by)
    return {(row[0], row[1]): row[2] for row in db.execute(query)}


def put(db: Connection, tenants: Tenants, made: Kept) -> bool:
    """Keep a contact at its version; False if it is not at the one before."""
    return versions.put(db, tenants, contacts, _row(made))


def remove(db: Connection, tenants: Tenants, name: str, version: int) -> bool:
    """Take a contact out; False if it is not there at that version."""
    return versions.remove(db, tenants, contacts.c.name, name, version)


def _row(made: Kept) -> dict[str, Any]:
    return {
        "tenant": made.tenant,
        "name": made.contact.name,
        "version": made.version,
        "section": made.contact.section.value,
        "level": made.contact.level,
        "spec": msgspec.json.encode(made.contact).decode(),
        "by": made.by,
        "at": micros(made.at),
    }


def _kept(row: Row[Any]) -> Kept:
    return Kept(
        tenant=row.tenant,
        version=row.version,
        by=row.by,
        at=instant(row.at),
        contact=msgspec.json.decode(row.spec, type=Contact),
    )
