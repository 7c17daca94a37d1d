"""Webhooks, what waits to be sent, and what was tried, in SQL."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    Row,
    String,
    Table,
    Text,
    delete,
    insert,
    select,
    update,
)

from quarterdeck.kernel.db import metadata
from quarterdeck.kernel.work import Tenants
from quarterdeck.trail.query.model import Filter
from quarterdeck.trail.webhooks.model import Attempt, Delivery, State, Webhook

webhooks = Table(
    "trail_webhook",
    metadata,
    Column("id", String, primary_key=True),
    Column("tenant", String, nullable=False, index=True),
    Column("url", Text, nullable=False),
    Column("wanted", Text, nullable=False),
    Column("begins", BigInteger, nullable=False),
    Column("state", String, nullable=False),
    Column("secret_version", Integer, nullable=False),
    Column("overlap_until", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("by", String, nullable=False),
)
deliveries = Table(
    "trail_webhook_delivery",
    metadata,
    Column("webhook", String, primary_key=True),
    Column("idx", BigInteger, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("record", String, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("since", BigInteger, nullable=False),
    Index("trail_webhook_due", "webhook", "due_at"),
)
attempts = Table(
    "trail_webhook_attempt",
    metadata,
    Column("id", String, primary_key=True),
    Column("webhook", String, nullable=False, index=True),
    Column("tenant", String, nullable=False),
    Column("idx", BigInteger),
    Column("number", Integer, nullable=False),
    Column("status", Integer),
    Column("error", Text, nullable=False),
    Column("took_ms", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
)
tables = (webhooks, deliveries, attempts)


def add(db: Connection, webhook: Webhook) -> None:
    """Insert a webhook."""
    db.execute(insert(webhooks).values(_row(webhook)))


def put(db: Connection, tenants: Tenants, webhook: Webhook) -> bool:
    """Keep the webhook as it is now; False if it is not there."""
    here = (tenants.clause(webhooks.c.tenant), webhooks.c.id == webhook.id)
    return db.execute(update(webhooks).where(*here).values(_row(webhook))).rowcount == 1


def of_tenants(db: Connection, tenants: Tenants) -> list[Webhook]:
    """Every webhook, oldest first."""
    query = select(webhooks).where(tenants.clause(webhooks.c.tenant)).order_by(webhooks.c.id)
    return [_webhook(row) for row in db.execute(query)]


def tenants(db: Connection) -> frozenset[str]:
    """Those who have a webhook."""
    return frozenset(db.scalars(select(webhooks.c.tenant).distinct()))


def remove(db: Connection, tenants: Tenants, webhook: str) -> bool:
    """Forget a webhook, what waits for it, and what was tried; False if it is not there."""
    here = (tenants.clause(webhooks.c.tenant), webhooks.c.id == webhook)
    if db.execute(delete(webhooks).where(*here)).rowcount == 0:
        return False
    for table in (deliveries, attempts):
        db.execute(delete(table).where(tenants.clause(table.c.tenant), table.c.webhook == webhook))
    return True


def history(db: Connection, tenants: Tenants, webhook: str, limit: int) -> list[Attempt]:
    """The last attempts, newest first."""
    query = (
        select(attempts)
        .where(tenants.clause(attempts.c.tenant), attempts.c.webhook == webhook)
        .order_by(attempts.c.id.desc())
        .limit(limit)
    )
    return [_attempt(row) for row in db.execute(query)]


def tell(db: Connection, attempt: Attempt) -> None:
    """Insert an attempt."""
    row = asdict(attempt)
    row["idx"] = row.pop("index")
    db.execute(insert(attempts).values(row))


def enqueue(db: Connection, found: Sequence[Delivery]) -> None:
    """Have records sent; those that wait already wait on."""
    for one in found:
        here = (deliveries.c.webhook == one.webhook, deliveries.c.idx == one.index)
        if db.scalar(select(deliveries.c.idx).where(*here)) is None:
            row = asdict(one)
            row["idx"] = row.pop("index")
            db.execute(insert(deliveries).values(row))


def due(db: Connection, webhook: str, now: int, limit: int) -> list[Delivery]:
    """What is to be sent now, in the log's order."""
    query = (
        select(deliveries)
        .where(deliveries.c.webhook == webhook, deliveries.c.due_at <= now)
        .order_by(deliveries.c.idx)
        .limit(limit)
    )
    return [_delivery(row) for row in db.execute(query)]


def move(db: Connection, one: Delivery, due_at: int, tried: int) -> bool:
    """Put it off, with so many attempts; False if another process did meanwhile."""
    values = {"due_at": due_at, "attempts": tried}
    return db.execute(update(deliveries).where(*_is(one)).values(values)).rowcount == 1


def done(db: Connection, one: Delivery) -> bool:
    """Forget it: it was taken, or is a dead letter."""
    return db.execute(delete(deliveries).where(*_is(one))).rowcount == 1


def _is(one: Delivery) -> Any:  # noqa: ANN401  conditions
    return (
        deliveries.c.webhook == one.webhook,
        deliveries.c.idx == one.index,
        deliveries.c.due_at == one.due_at,
    )


def _row(webhook: Webhook) -> dict[str, Any]:
    row = asdict(webhook)
    return row | {"wanted": json.dumps(row["wanted"], sort_keys=True)}


def _webhook(row: Row[Any]) -> Webhook:
    fields = row._asdict()
    return Webhook(
        **fields | {"wanted": Filter(**json.loads(row.wanted)), "state": State(row.state)}
    )


def _delivery(row: Row[Any]) -> Delivery:
    fields = row._asdict()
    return Delivery(index=fields.pop("idx"), **fields)


def _attempt(row: Row[Any]) -> Attempt:
    fields = row._asdict()
    return Attempt(index=fields.pop("idx"), **fields)
