"""Pages in SQL: as they stand, and how they came to be so."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Connection, Executable, Row, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from quarterdeck.kernel.clock import MICROSECOND, instant, micros
from quarterdeck.kernel.work import Tenants
from quarterdeck.operations.escalation.model.page import Change, Page, PageState, What
from quarterdeck.operations.escalation.store.table import (
    IS_HOLDING,
    IS_OPEN,
    IS_WAITING,
    alerts,
    changes,
    pages,
    steps,
)


def add(db: Connection, tenants: Tenants, made: Sequence[Page]) -> set[str]:
    """Open pages; the ids of those under whose keys none is open: of the others nothing is kept."""
    del tenants  # each page bears its own; it says that the caller asked
    # In one order: two who open the same could wait for each other.
    rows = [_row(one) for one in sorted(made, key=lambda one: one.key)]
    return set(db.scalars(_fresh(db.dialect.name), rows)) if rows else set()


@cache
def _fresh(dialect: str) -> Executable:
    # Made once: in a storm, making it costs as much as the database does.
    make = sqlite.insert if dialect == "sqlite" else postgresql.insert
    return (
        make(pages)
        .on_conflict_do_nothing(index_elements=["tenant", "key"], index_where=IS_OPEN)
        .returning(pages.c.id)
    )


def of_id(db: Connection, tenants: Tenants, page: str) -> Page | None:
    """One page, if it is there."""
    query = select(pages).where(pages.c.id == page, tenants.clause(pages.c.tenant))
    row = db.execute(query).one_or_none()
    return None if row is None else _page(row)


def abouts(db: Connection, tenants: Tenants, ids: Collection[str]) -> dict[str, str]:
    """What each page is about, by its id."""
    mine = (pages.c.id.in_(ids), tenants.check(pages.c.tenant))
    return {row.id: row.about for row in db.execute(select(pages.c.id, pages.c.about).where(*mine))}


def taken(db: Connection, tenants: Tenants, page: str) -> Page | None:
    """One page that nobody else changes until the transaction ends, if it is there."""
    mine = (pages.c.id == page, tenants.clause(pages.c.tenant))
    row = db.execute(select(pages).where(*mine).with_for_update()).one_or_none()
    return None if row is None else _page(row)


def grabbed(db: Connection, tenants: Tenants, ids: Collection[str]) -> list[Page]:
    """As ``taken``, of many; without those that another has just now."""
    mine = (pages.c.id.in_(ids), tenants.check(pages.c.tenant))
    query = select(pages).where(*mine).order_by(pages.c.id).with_for_update(skip_locked=True)
    return [_page(row) for row in db.execute(query)]


def open_under(db: Connection, tenants: Tenants, keys: Collection[str]) -> dict[str, Page]:
    """The pages that are open under keys, by these, taken."""
    mine = (pages.c.key.in_(keys), IS_OPEN, tenants.clause(pages.c.tenant))
    query = select(pages).where(*mine).order_by(pages.c.id).with_for_update()
    return {row.key: _page(row) for row in db.execute(query)}


def open_about(db: Connection, tenants: Tenants, about: str) -> list[str]:
    """The ids of the pages that are open about something."""
    mine = (pages.c.about == about, IS_OPEN, tenants.clause(pages.c.tenant))
    return list(db.scalars(select(pages.c.id).where(*mine).order_by(pages.c.id)))


def save(db: Connection, tenants: Tenants, page: Page) -> None:
    """Write down how a page stands that was taken before."""
    mine = (pages.c.id == page.id, tenants.clause(pages.c.tenant))
    db.execute(update(pages).where(*mine).values(_row(page)))


def newest(
    db: Connection,
    tenants: Tenants,
    *,
    states: Sequence[PageState] = (),
    before: str = "",
    limit: int,
) -> list[Page]:
    """The next pages, newest first, with ids before one."""
    query = select(pages).where(tenants.clause(pages.c.tenant))
    if states:
        query = query.where(pages.c.state.in_(states))
    if before:
        query = query.where(pages.c.id < before)
    return [_page(row) for row in db.execute(query.order_by(pages.c.id.desc()).limit(limit))]


def counts(db: Connection, tenants: Tenants) -> dict[tuple[str, str], int]:
    """How many pages are not resolved, by tenant and state."""
    by = (pages.c.tenant, pages.c.state)
    query = select(*by, func.count()).where(IS_OPEN, tenants.clause(pages.c.tenant)).group_by(*by)
    return {(row[0], row[1]): row[2] for row in db.execute(query)}


def due(db: Connection, now: datetime, limit: int) -> list[tuple[str, str]]:
    """Pages, with their tenants, for which the clock has something to do."""
    waiting = select(steps.c.page, steps.c.tenant).where(IS_WAITING, steps.c.due_at <= micros(now))
    found = list(db.execute(waiting.order_by(steps.c.due_at).limit(limit)))
    over = select(pages.c.id, pages.c.tenant).where(IS_HOLDING, pages.c.holds_until <= micros(now))
    found += db.execute(over.order_by(pages.c.holds_until).limit(limit))
    return list(dict.fromkeys((row[0], row[1]) for row in found))


def watched(db: Connection) -> list[Page]:
    """Every page that is not resolved, first to last."""
    query = select(pages).where(IS_OPEN).order_by(pages.c.id)
    return [_page(row) for row in db.execute(query)]


def note(db: Connection, found: Sequence[tuple[Page, Change]]) -> None:
    """Keep changes of pages."""
    rows = [
        {
            "page": page.id,
            "tenant": page.tenant,
            "at": micros(change.at),
            "what": change.what,
            "by": change.by,
            "words": change.words,
            "severity": change.severity,
            "flags": json.dumps(sorted(change.flags)),
        }
        for page, change in found
    ]
    if rows:
        db.execute(insert(changes), rows)


def history(db: Connection, tenants: Tenants, page: str) -> list[Change]:
    """The changes of a page, in order."""
    return histories(db, tenants, [page]).get(page, [])


def histories(db: Connection, tenants: Tenants, ids: Collection[str]) -> dict[str, list[Change]]:
    """The changes of pages, in order, by their ids."""
    mine = (changes.c.page.in_(ids), tenants.check(changes.c.tenant))
    found: dict[str, list[Change]] = {}
    for row in db.execute(select(changes).where(*mine).order_by(changes.c.id)):
        change = Change(
            at=instant(row.at),
            what=row.what,
            by=row.by,
            words=row.words,
            severity=row.severity,
            flags=frozenset(json.loads(row.flags)),
        )
        found.setdefault(row.page, []).append(change)
    return found


def about_alerts(
    db: Connection, tenants: Tenants, found: Sequence[tuple[Page, Collection[int]]]
) -> None:
    """Have pages be about these alerts too."""
    del tenants  # the pages were found by them
    make = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
    rows = [
        {"page": page.id, "alert": one, "tenant": page.tenant}
        for page, ids in found
        for one in sorted(ids)
    ]
    if rows:
        db.execute(make(alerts).on_conflict_do_nothing(), rows)


def alerts_of(db: Connection, tenants: Tenants, page: str) -> list[int]:
    """The alerts that a page is about."""
    return alerts_of_each(db, tenants, [page]).get(page, [])


def alerts_of_each(db: Connection, tenants: Tenants, ids: Collection[str]) -> dict[str, list[int]]:
    """The alerts that pages are about, by the ids of these."""
    mine = (alerts.c.page.in_(ids), tenants.check(alerts.c.tenant))
    found: dict[str, list[int]] = {}
    query = select(alerts.c.page, alerts.c.alert).where(*mine).order_by(alerts.c.alert)
    for row in db.execute(query):
        found.setdefault(row.page, []).append(row.alert)
    return found


def with_alerts(db: Connection, tenants: Tenants, ids: Collection[int] | None) -> list[str]:
    """The open pages that are about some of these alerts; None: about any."""
    query = select(pages.c.id).where(
        IS_OPEN,
        tenants.clause(pages.c.tenant),
        pages.c.id.in_(
            select(alerts.c.page)
            if ids is None
            else select(alerts.c.page).where(alerts.c.alert.in_(ids))
        ),
    )
    return list(db.scalars(query.order_by(pages.c.id)))


def _row(page: Page) -> dict[str, Any]:
    return {
        "id": page.id,
        "tenant": page.tenant,
        "key": page.key,
        "policy": page.policy,
        "version": page.version,
        "document": page.document,
        "title": page.what.title,
        "about": page.what.about,
        "facts": json.dumps(page.what.facts),
        "links": json.dumps(page.what.links),
        "flags": json.dumps(sorted(page.what.flags)),
        "said": page.what.severity,
        "severity": page.severity,
        "state": page.state,
        "opened_at": micros(page.opened_at),
        "held": page.held // MICROSECOND,
        "acknowledged_at": _micros(page.acknowledged_at),
        "acknowledged_by": page.acknowledged_by,
        "means": page.means,
        "holds_until": _micros(page.holds_until),
        "resolved_at": _micros(page.resolved_at),
        "resolved_by": page.resolved_by,
    }


def _page(row: Row[Any]) -> Page:
    said: Mapping[str, Any] = row._asdict()
    plain = ("id", "tenant", "key", "policy", "version", "document", "severity")
    return Page(
        **{name: said[name] for name in (*plain, "acknowledged_by", "means", "resolved_by")},
        what=What(
            title=said["title"],
            severity=said["said"],
            about=said["about"],
            facts=_pairs(said["facts"]),
            links=_pairs(said["links"]),
            flags=frozenset(json.loads(said["flags"])),
        ),
        state=PageState(said["state"]),
        opened_at=instant(said["opened_at"]),
        held=timedelta(microseconds=said["held"]),
        acknowledged_at=_instant(said["acknowledged_at"]),
        holds_until=_instant(said["holds_until"]),
        resolved_at=_instant(said["resolved_at"]),
    )


def _pairs(text: str) -> tuple[tuple[str, str], ...]:
    return tuple((label, value) for label, value in json.loads(text))


def _micros(at: datetime | None) -> int | None:
    return None if at is None else micros(at)


def _instant(at: int | None) -> datetime | None:
    return None if at is None else instant(at)
