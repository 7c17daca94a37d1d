"""Tokens in SQL.

``known`` asks before there is an actor: it is how one is found. ``mark_used`` keeps times of
use for whoever showed a token. Neither takes tenants.
"""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Index,
    Row,
    String,
    Table,
    Text,
    bindparam,
    insert,
    or_,
    select,
    update,
)

from quarterdeck.access.principals.model import Scope
from quarterdeck.access.tokens.model import Token
from quarterdeck.kernel.clock import instant, micros
from quarterdeck.kernel.db import metadata
from quarterdeck.kernel.ids import PrincipalId, TenantId, TokenId
from quarterdeck.kernel.work import Tenants

tokens = Table(
    "access_token",
    metadata,
    Column("id", String, primary_key=True),
    Column("principal", String, nullable=False),
    Column("home", String, nullable=False),
    Column("name", String, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("permissions", Text),
    Column("tenants", Text),
    Column("single_use", Boolean, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("used_at", BigInteger),
    Column("spent_at", BigInteger),
    Column("revoked_at", BigInteger),
    Column("successor", String),
    Index("access_token_principal", "principal"),
)


def add(db: Connection, token: Token) -> None:
    """Insert ``token``."""
    db.execute(
        insert(tokens).values(
            id=token.id,
            principal=token.principal,
            home=token.home,
            name=token.name,
            digest=token.digest,
            permissions=_list(token.scope.permissions),
            tenants=_list(token.scope.tenants),
            single_use=token.single_use,
            created_at=micros(token.created_at),
            expires_at=micros(token.expires_at),
        )
    )


def known(db: Connection, token: str) -> Token | None:
    """The token of that id, wherever it is at home."""
    row = db.execute(select(tokens).where(tokens.c.id == token)).one_or_none()
    return None if row is None else _token(row)


def page(db: Connection, among: Tenants, principal: str, after: str, limit: int) -> list[Token]:
    """The next ``limit`` tokens at home in these, oldest first; of one principal if named."""
    query = (
        select(tokens)
        .where(among.clause(tokens.c.home), tokens.c.id > after)
        .order_by(tokens.c.id)
        .limit(limit)
    )
    if principal:
        query = query.where(tokens.c.principal == principal)
    return [_token(row) for row in db.execute(query)]


def replace(db: Connection, token: str, successor: str, expires_at: int, now: int) -> bool:
    """Give the token a successor and a near end; False if it ended or has one."""
    put = (
        update(tokens)
        .where(
            tokens.c.id == token,
            tokens.c.successor.is_(None),
            tokens.c.revoked_at.is_(None),
            tokens.c.spent_at.is_(None),
            tokens.c.expires_at > now,
        )
        .values(successor=successor, expires_at=expires_at)
    )
    return db.execute(put).rowcount == 1


def revoke(db: Connection, token: str, now: int) -> bool:
    """End the token; False if it was revoked before."""
    put = update(tokens).where(tokens.c.id == token, tokens.c.revoked_at.is_(None))
    return db.execute(put.values(revoked_at=now)).rowcount == 1


def spend(db: Connection, token: str, now: int) -> bool:
    """Take a single-use token for a sign-in; False if it was taken or ended."""
    put = (
        update(tokens)
        .where(
            tokens.c.id == token,
            tokens.c.spent_at.is_(None),
            tokens.c.revoked_at.is_(None),
            tokens.c.expires_at > now,
        )
        .values(spent_at=now, used_at=now)
    )
    return db.execute(put).rowcount == 1


def mark_used(db: Connection, uses: Mapping[str, int]) -> None:
    """Keep when each token was last used; never an earlier time than is kept."""
    put = (
        update(tokens)
        .where(
            tokens.c.id == bindparam("token"),
            or_(tokens.c.used_at.is_(None), tokens.c.used_at < bindparam("at")),
        )
        .values(used_at=bindparam("at"))
    )
    # In one order everywhere, or two processes could wait for each other's rows.
    db.execute(put, [{"token": token, "at": uses[token]} for token in sorted(uses)])


def _list(names: frozenset[str] | None) -> str | None:
    return None if names is None else json.dumps(sorted(names))


def _set(text: str | None) -> frozenset[str] | None:
    return None if text is None else frozenset(json.loads(text))


def _token(row: Row[Any]) -> Token:
    return Token(
        id=TokenId(row.id),
        principal=PrincipalId(row.principal),
        home=TenantId(row.home),
        name=row.name,
        digest=row.digest,
        scope=Scope(permissions=_set(row.permissions), tenants=_set(row.tenants)),
        single_use=row.single_use,
        created_at=instant(row.created_at),
        expires_at=instant(row.expires_at),
        used_at=None if row.used_at is None else instant(row.used_at),
        spent_at=None if row.spent_at is None else instant(row.spent_at),
        revoked_at=None if row.revoked_at is None else instant(row.revoked_at),
        successor=row.successor or "",
    )
