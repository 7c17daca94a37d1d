"""What a reading of identity writes."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from quarterdeck.governance.identity.model.assessment import Assessed
from quarterdeck.governance.identity.model.credentials import Credential
from quarterdeck.governance.identity.model.items import Change, Known, Listing, Sighting, What
from quarterdeck.governance.identity.store.tables import (
    changes,
    credentials,
    items,
    listings,
    users,
)
from quarterdeck.kernel.clock import micros
from quarterdeck.kernel.db import BULK_ROWS
from quarterdeck.kernel.work import Tenants


def known(
    db: Connection, tenants: Tenants, listing: Listing, ids: Sequence[str]
) -> dict[str, Known]:
    """Those of ``ids`` that are held already, also removed ones."""
    query = select(items.c.id, items.c.hash, items.c.digest, items.c.body, items.c.deleted_at)
    query = query.where(*_of(listing), items.c.id.in_(ids), tenants.check(items.c.tenant))
    return {
        row.id: Known(
            hash=row.hash, digest=row.digest, body=row.body, deleted=row.deleted_at is not None
        )
        for row in db.execute(query)
    }


def live(db: Connection, tenants: Tenants, listing: Listing) -> dict[str, str]:
    """What a listing has, as far as is known: hashes by id."""
    query = select(items.c.id, items.c.hash).where(
        *_of(listing), items.c.deleted_at.is_(None), tenants.clause(items.c.tenant)
    )
    return {row.id: row.hash for row in db.execute(query)}


def next_number(db: Connection, tenants: Tenants, run: str) -> int:
    """The number that the next change of ``run`` bears."""
    query = select(func.max(changes.c.number))
    last = db.scalar(query.where(changes.c.run == run, tenants.clause(changes.c.tenant)))
    return 0 if last is None else last + 1


def write(db: Connection, listing: Listing, fresh: Sequence[Sighting], at: int) -> None:
    """Insert what was never seen. ``at``: microseconds."""
    owner = _owner(listing)
    rows = [owner | _seen(sight) | {"id": sight.id, "first_seen": at} for sight in fresh]
    if rows:
        db.execute(insert(items), rows)


def rewrite(db: Connection, listing: Listing, other: Sequence[Sighting]) -> None:
    """Bring what is held up to date; what had been removed is back."""
    if not other:
        return
    put = update(items).where(*_of(listing), items.c.id == bindparam("of"))
    db.execute(
        put.values(
            hash=bindparam("hash"),
            digest=bindparam("digest"),
            body=bindparam("body"),
            deleted_at=None,
        ),
        [{"of": s.id, "hash": s.hash, "digest": s.digest, "body": s.body} for s in other],
    )


def remove(db: Connection, tenants: Tenants, listing: Listing, ids: Sequence[str], at: int) -> None:
    """Mark items as removed; what they were stays to be looked at."""
    mine = (*_of(listing), items.c.id.in_(ids), tenants.check(items.c.tenant))
    db.execute(update(items).where(*mine).values(deleted_at=at))


def keep(db: Connection, listing: Listing, found: Sequence[Change]) -> None:
    """Write down what changed."""
    rows = [
        {
            "run": listing.run,
            "number": change.number,
            "tenant": listing.tenant,
            "connection": listing.connection,
            "kind": listing.kind.value,
            "item": change.item,
            "what": change.what.value,
            "at": micros(change.at),
            "before": change.before,
            "after": change.after,
            "replaced": change.replaced,
        }
        for change in found
    ]
    if rows:
        db.execute(insert(changes), rows)


def put_listing(
    db: Connection,
    tenants: Tenants,
    listing: Listing,
    listed_at: int | None,
    missing: str,
    unread: str = "",
) -> None:
    """Keep how a listing ended; ``listed_at`` None leaves when it last came to its end."""
    told: dict[str, Any] = {"missing": missing, "unread": unread}
    if listed_at is not None:
        told["listed_at"] = listed_at
    mine = (
        listings.c.connection == listing.connection,
        listings.c.kind == listing.kind.value,
        listings.c.part == listing.part,
        tenants.clause(listings.c.tenant),
    )
    if db.execute(update(listings).where(*mine).values(told)).rowcount == 0:
        row = {"listed_at": listed_at} | told | _owner(listing)
        db.execute(insert(listings).values(row))


def drop_listing(db: Connection, tenants: Tenants, listing: Listing) -> None:
    """Expect nothing any more of a listing whose subscription is gone."""
    mine = (
        listings.c.connection == listing.connection,
        listings.c.kind == listing.kind.value,
        listings.c.part == listing.part,
    )
    db.execute(delete(listings).where(*mine, tenants.clause(listings.c.tenant)))


def replace_users(
    db: Connection, tenants: Tenants, listing: Listing, assessed: Sequence[Assessed]
) -> None:
    """Put what follows of each user in place of what followed before."""
    mine = (users.c.connection == listing.connection, tenants.clause(users.c.tenant))
    db.execute(delete(users).where(*mine))
    rows = [_user(listing, one) for one in assessed]
    for first in range(0, len(rows), BULK_ROWS):
        db.execute(insert(users), rows[first : first + BULK_ROWS])


def replace_credentials(
    db: Connection, tenants: Tenants, listing: Listing, found: Sequence[Credential]
) -> None:
    """Put these in place of the credentials known before."""
    mine = (credentials.c.connection == listing.connection, tenants.clause(credentials.c.tenant))
    db.execute(delete(credentials).where(*mine))
    rows = {(one.object, one.id, one.kind): _credential(listing, one) for one in found}
    if rows:
        db.execute(insert(credentials), list(rows.values()))


def tally(db: Connection, tenants: Tenants, run: str) -> dict[What, int]:
    """How many changes of each kind a run made."""
    query = (
        select(changes.c.what, func.count())
        .where(changes.c.run == run, tenants.clause(changes.c.tenant))
        .group_by(changes.c.what)
    )
    return {What(row[0]): row[1] for row in db.execute(query)}


def _of(listing: Listing) -> tuple[Any, ...]:
    return (
        items.c.connection == listing.connection,
        items.c.kind == listing.kind.value,
        items.c.part == listing.part,
    )


def _owner(listing: Listing) -> dict[str, Any]:
    return {
        "tenant": listing.tenant,
        "connection": listing.connection,
        "kind": listing.kind.value,
        "part": listing.part,
    }


def _seen(sight: Sighting) -> dict[str, Any]:
    return {"hash": sight.hash, "digest": sight.digest, "body": sight.body, "deleted_at": None}


def _user(listing: Listing, one: Assessed) -> dict[str, Any]:
    who = one.person
    created = None if who.created_at is None else micros(who.created_at)
    last = None if who.last_sign_in is None else micros(who.last_sign_in)
    why: Mapping[str, str] = {
        "privileged": one.privileged.why,
        "registered": one.registered.why,
        "enforced": one.enforced.why,
    }
    return {
        "connection": listing.connection,
        "id": who.id,
        "tenant": listing.tenant,
        "name": who.name,
        "sign_in_name": who.sign_in_name,
        "name_key": who.name.casefold(),
        "guest": who.guest,
        "enabled": who.enabled,
        "created_at": created,
        "last_sign_in": last,
        "active_at": (last if last is not None else created) if one.sign_ins else None,
        "privileged": one.privileged.verdict.value,
        "roles": json.dumps(list(one.roles)),
        "registered": one.registered.verdict.value,
        "enforced": one.enforced.verdict.value,
        "why": json.dumps(why),
    }


def _credential(listing: Listing, one: Credential) -> dict[str, Any]:
    return {
        "connection": listing.connection,
        "object": one.object,
        "id": one.id,
        "kind": one.kind,
        "tenant": listing.tenant,
        "holder": one.holder,
        "client": one.client,
        "application": one.application,
        "name": one.name,
        "ends_at": None if one.ends_at is None else micros(one.ends_at),
    }
