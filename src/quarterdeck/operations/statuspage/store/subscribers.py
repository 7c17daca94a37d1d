"""Who reads status pages by mail. Of links only digests are kept."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from quarterdeck.kernel.clock import instant, micros
from quarterdeck.kernel.work import Tenants
from quarterdeck.operations.statuspage.model.subscriber import Subscriber
from quarterdeck.operations.statuspage.store.tables import subscribers

c = subscribers.c


def of_address(db: Connection, tenants: Tenants, address: str) -> Subscriber | None:
    """Who has an address, if it was ever typed in."""
    row = db.execute(
        select(subscribers).where(tenants.clause(c.tenant), c.address == address)
    ).one_or_none()
    return None if row is None else _subscriber(row)


def ask(db: Connection, made: Subscriber, digest: str) -> bool:
    """Keep that an address is asked by a link; False if somebody else asks it just now."""
    put_new = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
    row = {
        "id": made.id,
        "tenant": made.tenant,
        "address": made.address,
        "digest": digest,
        "asks": made.asks,
        "asked_since": micros(made.asked_since),
        "asked_at": micros(made.asked_at),
    }
    fresh = put_new(subscribers).values(row).on_conflict_do_nothing().returning(c.id)
    return db.scalar(fresh) is not None


def ask_again(
    db: Connection, tenants: Tenants, before: Subscriber, made: Subscriber, digest: str
) -> bool:
    """Keep that it is asked once more; False if somebody else asks it just now."""
    here = (tenants.clause(c.tenant), c.id == made.id, c.asked_at == micros(before.asked_at))
    said = {
        "digest": digest,
        "asks": made.asks,
        "asked_since": micros(made.asked_since),
        "asked_at": micros(made.asked_at),
    }
    return db.execute(update(subscribers).where(*here).values(said)).rowcount == 1


def of_digest(db: Connection, digest: str) -> Subscriber | None:
    """Whom a link asks."""
    row = db.execute(select(subscribers).where(c.digest == digest)).one_or_none()
    return None if row is None else _subscriber(row)


def of_id(db: Connection, subscriber: str) -> Subscriber | None:
    """Whom a link that ends is for."""
    row = db.execute(select(subscribers).where(c.id == subscriber)).one_or_none()
    return None if row is None else _subscriber(row)


def confirm(db: Connection, tenants: Tenants, subscriber: str, at: datetime) -> bool:
    """Keep that it is meant; False if that was said before."""
    here = (tenants.clause(c.tenant), c.id == subscriber, c.confirmed_at.is_(None))
    return (
        db.execute(update(subscribers).where(*here).values(confirmed_at=micros(at))).rowcount == 1
    )


def remove(db: Connection, tenants: Tenants, subscriber: str) -> bool:
    """Forget an address; False if it is not there."""
    here = (tenants.clause(c.tenant), c.id == subscriber)
    return db.execute(delete(subscribers).where(*here)).rowcount == 1


def confirmed(db: Connection, tenants: Tenants, *, after: str = "", limit: int) -> list[Subscriber]:
    """The next of those who are told, by id."""
    here = (tenants.clause(c.tenant), c.confirmed_at.is_not(None), c.id > after)
    query = select(subscribers).where(*here).order_by(c.id).limit(limit)
    return [_subscriber(row) for row in db.execute(query)]


def count(db: Connection, tenants: Tenants) -> int:
    """How many are told."""
    here = (tenants.clause(c.tenant), c.confirmed_at.is_not(None))
    return db.scalar(select(func.count()).select_from(subscribers).where(*here)) or 0


def counts(db: Connection, tenants: Tenants) -> dict[str, int]:
    """How many are told, by tenant."""
    here = (tenants.clause(c.tenant), c.confirmed_at.is_not(None))
    query = select(c.tenant, func.count()).where(*here).group_by(c.tenant)
    return {row[0]: row[1] for row in db.execute(query)}


def asked_since(db: Connection, tenants: Tenants, since: datetime) -> int:
    """How many addresses were asked since then, and have not confirmed."""
    here = (tenants.clause(c.tenant), c.confirmed_at.is_(None), c.asked_at > micros(since))
    return db.scalar(select(func.count()).select_from(subscribers).where(*here)) or 0


def forget_unconfirmed(db: Connection, tenants: Tenants, before: datetime) -> int:
    """Forget addresses that were asked before then and did not confirm; how many."""
    here = (tenants.clause(c.tenant), c.confirmed_at.is_(None), c.asked_at < micros(before))
    return db.execute(delete(subscribers).where(*here)).rowcount


def _subscriber(row: Row[Any]) -> Subscriber:
    return Subscriber(
        id=row.id,
        tenant=row.tenant,
        address=row.address,
        asks=row.asks,
        asked_since=instant(row.asked_since),
        asked_at=instant(row.asked_at),
        confirmed_at=None if row.confirmed_at is None else instant(row.confirmed_at),
    )
