"""Timelines, which only grow, and action items."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from quarterdeck.kernel.clock import instant, micros
from quarterdeck.kernel.work import Tenants
from quarterdeck.operations.incidents.model.timeline import ActionItem, Entry, Wrote
from quarterdeck.operations.incidents.store.tables import actions, entries, incidents


def append(
    db: Connection, tenants: Tenants, incident: str, entry: Entry, *, key: str = ""
) -> int | None:
    """Add a line, after all others; its number. None: one under its ``key`` is there already."""
    mine = (incidents.c.id == incident, tenants.clause(incidents.c.tenant))
    count = update(incidents).where(*mine).values(entries=incidents.c.entries + 1)
    # The row is held until the transaction ends: no two lines get one number.
    row = db.execute(count.returning(incidents.c.entries, incidents.c.tenant)).one()
    put_new = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
    added = put_new(entries).values(
        incident=incident,
        number=row.entries,
        tenant=row.tenant,
        at=micros(entry.at),
        kind=entry.kind.value,
        by=entry.by,
        text=entry.text,
        link=entry.link,
        key=key,
    )
    number: int | None = db.scalar(added.on_conflict_do_nothing().returning(entries.c.number))
    return number


def listed(db: Connection, tenants: Tenants, incident: str) -> list[Entry]:
    """The timeline, in the order of what happened."""
    mine = (entries.c.incident == incident, tenants.clause(entries.c.tenant))
    query = select(entries).where(*mine).order_by(entries.c.at, entries.c.number)
    return [_entry(row) for row in db.execute(query)]


def keys(db: Connection, tenants: Tenants, incidents_: Collection[str]) -> set[tuple[str, str]]:
    """What wrote itself: pairs of an incident and a key."""
    c = entries.c
    mine = (c.incident.in_(incidents_), c.key != "", tenants.clause(c.tenant))
    return {(row[0], row[1]) for row in db.execute(select(c.incident, c.key).where(*mine))}


def add_action(db: Connection, made: ActionItem) -> None:
    """Keep an action item."""
    db.execute(
        insert(actions).values(
            incident=made.incident,
            number=made.number,
            tenant=made.tenant,
            text=made.text,
            owner=made.owner,
            due_at=None if made.due_at is None else micros(made.due_at),
            made_at=micros(made.made_at),
            done_by="",
        )
    )


def count_actions(db: Connection, tenants: Tenants, incident: str) -> int:
    """How many action items an incident has."""
    mine = (actions.c.incident == incident, tenants.clause(actions.c.tenant))
    return db.scalars(select(func.count()).select_from(actions).where(*mine)).one()


def tick_action(
    db: Connection,
    tenants: Tenants,
    incident: str,
    number: int,
    *,
    done: tuple[datetime, str] | None,
) -> bool:
    """Have an action item be done, or not any more; False if it is so already, or not there."""
    was = actions.c.done_at.is_(None) if done else actions.c.done_at.is_not(None)
    mine = (actions.c.incident == incident, actions.c.number == number, was)
    values = {
        "done_at": micros(done[0]) if done else None,
        "done_by": done[1] if done else "",
    }
    ticked = update(actions).where(*mine, tenants.clause(actions.c.tenant)).values(values)
    return db.execute(ticked).rowcount == 1


def actions_of(db: Connection, tenants: Tenants, incident: str) -> list[ActionItem]:
    """The action items of an incident."""
    mine = (actions.c.incident == incident, tenants.clause(actions.c.tenant))
    return [_action(r) for r in db.execute(select(actions).where(*mine).order_by(actions.c.number))]


def open_actions(
    db: Connection, tenants: Tenants, *, after: tuple[str, int] = ("", 0), limit: int
) -> list[ActionItem]:
    """The next action items that are not done, across incidents."""
    c = actions.c
    beyond = (c.incident > after[0]) | ((c.incident == after[0]) & (c.number > after[1]))
    query = select(actions).where(tenants.clause(c.tenant), c.done_at.is_(None), beyond)
    rows = db.execute(query.order_by(c.incident, c.number).limit(limit))
    return [_action(row) for row in rows]


def _entry(row: Row[Any]) -> Entry:
    return Entry(
        number=row.number,
        at=instant(row.at),
        kind=Wrote(row.kind),
        by=row.by,
        text=row.text,
        link=row.link,
    )


def _action(row: Row[Any]) -> ActionItem:
    return ActionItem(
        incident=row.incident,
        tenant=row.tenant,
        number=row.number,
        text=row.text,
        owner=row.owner,
        due_at=None if row.due_at is None else instant(row.due_at),
        made_at=instant(row.made_at),
        done_at=None if row.done_at is None else instant(row.done_at),
        done_by=row.done_by,
    )
