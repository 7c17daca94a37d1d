"""Resources that one run found gone here and new there."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, exists, select, update

from quarterdeck.governance.inventory.model import What
from quarterdeck.governance.inventory.store.tables import bodies, changes, resources
from quarterdeck.kernel.work import Tenants

NEW = (What.ADDED, What.RESTORED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A resource that is gone, and one of its name and type that came: perhaps the same."""

    old: str
    new: str
    cloud_id: str
    before: str
    after: str
    old_body: str
    new_body: str


def candidates(db: Connection, tenants: Tenants, run: str) -> list[Pair]:
    """Pairs that ``run`` made, in order; none whose new one was linked before."""
    old, new = resources.alias("old"), resources.alias("new")
    was, now = bodies.alias("was"), bodies.alias("now")
    came = changes.alias("came")
    query = (
        select(
            *(old.c.id.label("old"), new.c.id.label("new"), new.c.cloud_id),
            *(old.c.hash.label("before"), new.c.hash.label("after")),
            *(was.c.body.label("old_body"), now.c.body.label("new_body")),
        )
        .select_from(changes)
        .join(old, old.c.id == changes.c.resource)
        .join(
            new,
            (new.c.tenant == old.c.tenant)
            & (new.c.type_key == old.c.type_key)
            & (new.c.name_key == old.c.name_key)
            & (new.c.connection == old.c.connection),
        )
        .join(was, was.c.resource == old.c.id)
        .join(now, now.c.resource == new.c.id)
        .where(
            changes.c.run == run,
            changes.c.what == What.REMOVED,
            tenants.clause(changes.c.tenant),
            new.c.deleted_at.is_(None),
            new.c.was == "",
            exists().where(came.c.resource == new.c.id, came.c.run == run, came.c.what.in_(NEW)),
        )
        .order_by(changes.c.number)
    )
    return [_pair(row) for row in db.execute(query)]


def link(db: Connection, tenants: Tenants, pair: Pair) -> bool:
    """Say that the new one was the old one; False if it was something before already."""
    mine = (resources.c.id == pair.new, resources.c.was == "", tenants.clause(resources.c.tenant))
    return db.execute(update(resources).where(*mine).values(was=pair.old)).rowcount == 1


def _pair(row: Any) -> Pair:  # noqa: ANN401  SQLAlchemy types rows by their columns
    return Pair(
        old=row.old,
        new=row.new,
        cloud_id=row.cloud_id,
        before=row.before,
        after=row.after,
        old_body=row.old_body,
        new_body=row.new_body,
    )
