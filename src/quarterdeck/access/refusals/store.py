"""Refusals in SQL. They are counted for whoever is refused, and take no tenants."""

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    String,
    Table,
    delete,
    select,
    text,
)

from quarterdeck.access.refusals.model import Refusal
from quarterdeck.kernel.db import metadata

refusals = Table(
    "access_refusal",
    metadata,
    Column("actor", String, primary_key=True),
    Column("permission", String, primary_key=True),
    Column("minute", BigInteger, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("home", String, nullable=False),
    Column("times", Integer, nullable=False),
    Index("access_refusal_minute", "minute"),
)

COUNT = text(
    "INSERT INTO access_refusal (actor, permission, minute, tenant, home, times)"
    " VALUES (:actor, :permission, :minute, :tenant, :home, 1)"
    " ON CONFLICT (actor, permission, minute) DO UPDATE SET times = access_refusal.times + 1"
)


def count(db: Connection, refusal: Refusal) -> None:
    """Add one to the row of this actor, permission and minute."""
    db.execute(
        COUNT,
        {
            "actor": refusal.actor,
            "permission": refusal.permission,
            "minute": refusal.minute,
            "tenant": refusal.on,
            "home": refusal.home,
        },
    )


def any_before(db: Connection, before: int) -> bool:
    """Whether anything was counted in a minute that began before ``before``."""
    found = select(refusals.c.minute).where(refusals.c.minute < before).limit(1)
    return db.scalar(found) is not None


def take(db: Connection, before: int) -> list[Refusal]:
    """Delete and return what was counted in minutes that began before ``before``."""
    taken = delete(refusals).where(refusals.c.minute < before).returning(refusals)
    found = [
        Refusal(
            actor=row.actor,
            permission=row.permission,
            minute=row.minute,
            on=row.tenant,
            home=row.home,
            count=row.times,
        )
        for row in db.execute(taken)
    ]
    return sorted(found, key=lambda refusal: (refusal.minute, refusal.actor, refusal.permission))
