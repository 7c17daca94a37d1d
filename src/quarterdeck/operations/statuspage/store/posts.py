"""Posts of status pages, and their updates."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from quarterdeck.kernel.clock import micros
from quarterdeck.kernel.work import Tenants
from quarterdeck.operations.statuspage.model.post import Post, Update
from quarterdeck.operations.statuspage.store.tables import posts, updates


def add(db: Connection, made: Post) -> bool:
    """Keep a new post; False if its maintenance is announced already."""
    put_new = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
    fresh = put_new(posts).values(_row(made)).on_conflict_do_nothing()
    return db.scalar(fresh.returning(posts.c.id)) is not None


def change(db: Connection, tenants: Tenants, made: Post) -> bool:
    """Keep a post at its version; False if it is not at the one before."""
    old = (
        posts.c.id == made.id,
        posts.c.version == made.version - 1,
        tenants.clause(posts.c.tenant),
    )
    return db.execute(update(posts).where(*old).values(_row(made))).rowcount == 1


def say(db: Connection, tenant: str, made: Update) -> None:
    """Keep an update."""
    spec = msgspec.json.encode(made).decode()
    row = {"id": made.id, "tenant": tenant, "post": made.post, "spec": spec}
    db.execute(insert(updates).values(row))


def remove(db: Connection, tenants: Tenants, post: str, version: int) -> bool:
    """Take a post away with its updates; False if it is at another version."""
    here = (tenants.clause(posts.c.tenant), posts.c.id == post, posts.c.version == version)
    if db.execute(delete(posts).where(*here)).rowcount != 1:
        return False
    db.execute(delete(updates).where(tenants.clause(updates.c.tenant), updates.c.post == post))
    return True


def of_id(db: Connection, tenants: Tenants, post: str) -> Post | None:
    """One post, if it is there."""
    mine = (posts.c.id == post, tenants.clause(posts.c.tenant))
    return _post(db.scalar(select(posts.c.spec).where(*mine)))


def announcing(db: Connection, tenants: Tenants, window: str) -> Post | None:
    """The post that announces a maintenance window, if one does."""
    mine = (posts.c.maintenance == window, tenants.clause(posts.c.tenant))
    return _post(db.scalar(select(posts.c.spec).where(*mine)))


def newest(
    db: Connection,
    tenants: Tenants,
    *,
    is_open: bool | None = None,
    kind: str = "",
    before: str = "",
    limit: int,
) -> list[Post]:
    """The next posts, newest first."""
    query = select(posts.c.spec).where(tenants.clause(posts.c.tenant))
    if is_open is not None:
        query = query.where(posts.c.is_open == is_open)
    if kind:
        query = query.where(posts.c.kind == kind)
    if before:
        query = query.where(posts.c.id < before)
    found = db.scalars(query.order_by(posts.c.id.desc()).limit(limit))
    return [msgspec.json.decode(spec, type=Post) for spec in found]


def updates_of(db: Connection, tenants: Tenants, of: Sequence[str]) -> dict[str, list[Update]]:
    """The updates of these posts, newest first."""
    mine = (tenants.clause(updates.c.tenant), updates.c.post.in_(of))
    query = select(updates.c.spec).where(*mine).order_by(updates.c.id.desc())
    found: dict[str, list[Update]] = {post: [] for post in of}
    for spec in db.scalars(query):
        made = msgspec.json.decode(spec, type=Update)
        found[made.post].append(made)
    return found


def update_of_id(db: Connection, tenants: Tenants, update_id: str) -> Update | None:
    """One update, if it is there."""
    mine = (updates.c.id == update_id, tenants.clause(updates.c.tenant))
    spec = db.scalar(select(updates.c.spec).where(*mine))
    return None if spec is None else msgspec.json.decode(spec, type=Update)


def _row(made: Post) -> dict[str, Any]:
    return {
        "id": made.id,
        "tenant": made.tenant,
        "version": made.version,
        "kind": made.kind.value,
        "maintenance": made.window,
        "is_open": made.is_open,
        "updated_at": micros(made.updated_at),
        "spec": msgspec.json.encode(made).decode(),
    }


def _post(spec: str | None) -> Post | None:
    return None if spec is None else msgspec.json.decode(spec, type=Post)
