"""Sessions in SQL.

``known`` asks before there is an actor: it is how one is found. ``mark_seen`` keeps times of
use for whoever is signed in, and ``forget`` removes what ended. None takes tenants.
"""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Row,
    String,
    Table,
    Text,
    bindparam,
    delete,
    insert,
    select,
    update,
)

from quarterdeck.access.principals.model import Scope
from quarterdeck.access.sessions.model import Method, Session
from quarterdeck.kernel.clock import instant, micros
from quarterdeck.kernel.db import metadata
from quarterdeck.kernel.ids import PrincipalId, TenantId
from quarterdeck.kernel.work import Tenants

sessions = Table(
    "access_session",
    metadata,
    Column("id", String, primary_key=True),
    Column("principal", String, nullable=False),
    Column("home", String, nullable=False),
    Column("method", String, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("csrf", String, nullable=False),
    Column("token", String, nullable=False),
    Column("permissions", Text),
    Column("tenants", Text),
    Column("opened_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Index("access_session_principal", "principal"),
)


def add(db: Connection, session: Session) -> None:
    """Insert ``session``."""
    db.execute(
        insert(sessions).values(
            id=session.id,
            principal=session.principal,
            home=session.home,
            method=session.method,
            digest=session.digest,
            csrf=session.csrf,
            token=session.token,
            permissions=_list(session.scope.permissions),
            tenants=_list(session.scope.tenants),
            opened_at=micros(session.opened_at),
            seen_at=micros(session.seen_at),
            expires_at=micros(session.expires_at),
        )
    )


def known(db: Connection, session: str) -> Session | None:
    """The session of that id, wherever it is at home."""
    row = db.execute(select(sessions).where(sessions.c.id == session)).one_or_none()
    return None if row is None else _session(row)


def page(
    db: Connection, among: Tenants, principal: str, now: int, after: str, limit: int
) -> list[Session]:
    """The next ``limit`` sessions that have not ended, oldest first; of one principal if named."""
    query = (
        select(sessions)
        .where(
            among.clause(sessions.c.home),
            sessions.c.id > after,
            sessions.c.ended_at.is_(None),
            sessions.c.expires_at > now,
        )
        .order_by(sessions.c.id)
        .limit(limit)
    )
    if principal:
        query = query.where(sessions.c.principal == principal)
    return [_session(row) for row in db.execute(query)]


def end(db: Connection, session: str, now: int) -> bool:
    """End the session; False if it ended before."""
    put = update(sessions).where(sessions.c.id == session, sessions.c.ended_at.is_(None))
    return db.execute(put.values(ended_at=now)).rowcount == 1


def mark_seen(db: Connection, uses: Mapping[str, int]) -> None:
    """Keep when each session was last used; never an earlier time than is kept."""
    put = (
        update(sessions)
        .where(
            sessions.c.id == bindparam("session"),
            sessions.c.seen_at < bindparam("at"),
        )
        .values(seen_at=bindparam("at"))
    )
    # In one order everywhere, or two processes could wait for each other's rows.
    db.execute(put, [{"session": session, "at": uses[session]} for session in sorted(uses)])


def forget(db: Connection, principal: str, before: int) -> None:
    """Delete the principal's sessions whose time was over ``before`` an instant."""
    gone = (sessions.c.principal == principal, sessions.c.expires_at < before)
    db.execute(delete(sessions).where(*gone))


def _list(names: frozenset[str] | None) -> str | None:
    return None if names is None else json.dumps(sorted(names))


def _set(text: str | None) -> frozenset[str] | None:
    return None if text is None else frozenset(json.loads(text))


def _session(row: Row[Any]) -> Session:
    return Session(
        id=row.id,
        principal=PrincipalId(row.principal),
        home=TenantId(row.home),
        method=Method(row.method),
        digest=row.digest,
        csrf=row.csrf,
        token=row.token,
        scope=Scope(permissions=_set(row.permissions), tenants=_set(row.tenants)),
        opened_at=instant(row.opened_at),
        seen_at=instant(row.seen_at),
        expires_at=instant(row.expires_at),
        ended_at=None if row.ended_at is None else instant(row.ended_at),
    )
