"""Idempotency keys in SQL. All times by the database's clock: servers' clocks differ."""

import json
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    LargeBinary,
    Row,
    String,
    Table,
    Text,
    and_,
    delete,
    literal,
    select,
    text,
    update,
)

from quarterdeck.kernel.db import metadata, now_micros
from quarterdeck.web.idempotency.model import Claim, Kept

keys = Table(
    "web_idempotency",
    metadata,
    Column("actor", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("digest", String, nullable=False),
    Column("token", String, nullable=False),
    Column("claimed_until", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("status", Integer),
    Column("headers", Text),
    Column("body", LargeBinary),
    Index("web_idempotency_expires", "expires_at"),
)

ADD = text(
    "INSERT INTO web_idempotency (actor, key, digest, token, claimed_until, expires_at) "
    "VALUES (:actor, :key, :digest, :token, :now + :lease, :now + :kept_for) "
    "ON CONFLICT DO NOTHING"
)


def sweep(db: Connection) -> None:
    """Forget every key whose time is over."""
    db.execute(delete(keys).where(keys.c.expires_at <= now_micros()))


def add(db: Connection, claim: Claim, lease: int, kept_for: int) -> bool:
    """Write a new claim, for ``lease`` microseconds; False if the key is known already."""
    now = db.scalar(select(now_micros()))
    row = {"now": now, "lease": lease, "kept_for": kept_for}
    row |= {"actor": claim.actor, "key": claim.key, "digest": claim.digest, "token": claim.token}
    return db.execute(ADD, row).rowcount == 1


def digest_of(db: Connection, claim: Claim) -> str | None:
    """The digest of the request that first used the key."""
    return db.scalar(select(keys.c.digest).where(_same_key(claim)))


def kept(db: Connection, claim: Claim) -> Kept | None:
    """The answer under the key, once there is one."""
    query = select(keys).where(_same_key(claim), keys.c.status.is_not(None))
    row = db.execute(query).one_or_none()
    return None if row is None else _kept(row)


def take_over(db: Connection, claim: Claim, lease: int) -> bool:
    """Make an unanswered claim whose lease is over ours; False if it is not over."""
    over = and_(keys.c.status.is_(None), keys.c.claimed_until <= now_micros())
    renewed = now_micros() + literal(lease)
    change = update(keys).values(token=claim.token, claimed_until=renewed)
    return db.execute(change.where(_same_key(claim), over)).rowcount == 1


def keep(db: Connection, claim: Claim, answer: Kept) -> bool:
    """Write the answer; False if the claim is ours no more."""
    change = update(keys).values(
        status=answer.status, headers=json.dumps(answer.headers), body=answer.body
    )
    return db.execute(change.where(_ours(claim))).rowcount == 1


def release(db: Connection, claim: Claim) -> None:
    """Forget a claim that came to nothing, if it is still ours."""
    db.execute(delete(keys).where(_ours(claim)))


def _same_key(claim: Claim) -> ColumnElement[bool]:
    return and_(keys.c.actor == claim.actor, keys.c.key == claim.key)


def _ours(claim: Claim) -> ColumnElement[bool]:
    return and_(_same_key(claim), keys.c.token == claim.token, keys.c.status.is_(None))


def _kept(row: Row[Any]) -> Kept:
    headers = tuple((name, value) for name, value in json.loads(row.headers))
    return Kept(status=row.status, headers=headers, body=row.body)
