"""Status pages, one of a tenant."""

from typing import Any

import msgspec
from sqlalchemy import Connection, Row, delete, select

from quarterdeck.kernel import versions
from quarterdeck.kernel.clock import instant, micros
from quarterdeck.kernel.work import Tenants
from quarterdeck.operations.statuspage.model.page import Kept, StatusPage
from quarterdeck.operations.statuspage.store.tables import (
    components,
    pages,
    posts,
    spans,
    subscribers,
    updates,
)


def put(db: Connection, tenants: Tenants, made: Kept) -> bool:
    """Keep a page at its version; False if it is not at the one before."""
    return versions.put(db, tenants, pages, _row(made))


def listed(db: Connection, tenants: Tenants) -> list[Kept]:
    """Pages by tenant."""
    query = select(pages).where(tenants.clause(pages.c.tenant)).order_by(pages.c.tenant)
    return [_kept(row) for row in db.execute(query)]


def of_slug(db: Connection, slug: str) -> Kept | None:
    """The page at an address, published or not."""
    row = db.execute(select(pages).where(pages.c.slug == slug)).one_or_none()
    return None if row is None else _kept(row)


def remove(db: Connection, tenants: Tenants, version: int) -> bool:
    """Take a tenant's page away with all that is on it; False if it is at another version."""
    mine = (tenants.clause(pages.c.tenant), pages.c.version == version)
    if db.execute(delete(pages).where(*mine)).rowcount != 1:
        return False
    for table in (components, spans, posts, updates, subscribers):
        db.execute(delete(table).where(tenants.clause(table.c.tenant)))
    return True


def _row(made: Kept) -> dict[str, Any]:
    return {
        "tenant": made.tenant,
        "version": made.version,
        "slug": made.page.slug,
        "published": made.published,
        "spec": msgspec.json.encode(made.page).decode(),
        "by": made.by,
        "at": micros(made.at),
    }


def _kept(row: Row[Any]) -> Kept:
    return Kept(
        tenant=row.tenant,
        version=row.version,
        published=row.published,
        by=row.by,
        at=instant(row.at),
        page=msgspec.json.decode(row.spec, type=StatusPage),
    )
