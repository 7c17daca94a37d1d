"""The ledger in SQL: each step that a page promises, and what was kept of it."""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from quarterdeck.kernel.clock import MICROSECOND, instant, micros
from quarterdeck.kernel.db import BULK_ROWS
from quarterdeck.kernel.work import Tenants
from quarterdeck.operations.escalation.model.page import (
    DONE_STEPS,
    OPEN_STEPS,
    Entry,
    Late,
    StepState,
    Told,
)
from quarterdeck.operations.escalation.model.plan import Step, StepKind
from quarterdeck.operations.escalation.store.table import lates, secrets, steps


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """What a person gets with a step, to answer its page by.

    Attributes:
        digest: of it; itself it is not kept.
        person: their word, their id.
    """

    step: Entry
    digest: str
    person: tuple[str, str]
    until: datetime


def of_page(db: Connection, tenants: Tenants, page: str) -> list[Entry]:
    """The steps of a page, in the order in which they are due."""
    return of_pages(db, tenants, [page]).get(page, [])


def of_pages(db: Connection, tenants: Tenants, ids: Collection[str]) -> dict[str, list[Entry]]:
    """The steps of pages, in the order in which they are due, by the ids of these."""
    mine = (steps.c.page.in_(ids), tenants.check(steps.c.tenant))
    key = (steps.c.due_at, steps.c.level, steps.c.kind, steps.c.number)
    found: dict[str, list[Entry]] = {}
    for row in db.execute(select(steps).where(*mine).order_by(*key)):
        found.setdefault(row.page, []).append(_entry(row))
    return found


def add(db: Connection, tenants: Tenants, rows: Sequence[Entry]) -> None:
    """Promise steps."""
    del tenants  # each bears its own
    if rows:
        db.execute(insert(steps), [_row(one) for one in rows])


def done(db: Connection, tenants: Tenants, some: Sequence[Entry]) -> bool:
    """Write down what became of steps that waited; False if one of them waits no more."""
    del tenants  # each bears its own
    rows = [{f"its_{name}": value for name, value in _row(one).items()} for one in some]
    return not rows or db.execute(_DONE, rows).rowcount == len(rows)


_KEY = (steps.c.tenant, steps.c.page, steps.c.level, steps.c.kind, steps.c.number)
_KEPT = (steps.c.state, steps.c.at, steps.c.told, steps.c.why)
# Made once: in a storm, making it costs as much as the database does.
_DONE = (
    update(steps)
    .where(*(one == bindparam(f"its_{one.name}") for one in _KEY))
    .where(steps.c.state == StepState.WAITING)
    .values({one: bindparam(f"its_{one.name}", type_=one.type) for one in _KEPT})
)


def unsay(db: Connection, tenants: Tenants, one: Entry) -> None:
    """Write down that of a step that was told something was refused."""
    mine = (*_key(one), steps.c.state == StepState.TOLD, tenants.clause(steps.c.tenant))
    row = _row(one)
    values = {name: row[name] for name in ("state", "told", "why")}
    db.execute(update(steps).where(*mine).values(values))


def mark(db: Connection, tenants: Tenants, one: Entry) -> None:
    """Write down what became of what a step sent."""
    mine = (*_key(one), tenants.clause(steps.c.tenant))
    db.execute(update(steps).where(*mine).values(told=_row(one)["told"]))


def move(db: Connection, tenants: Tenants, one: Entry, step: Step, state: StepState) -> None:
    """Have a step that was not done be due as a plan has it now."""
    mine = (*_key(one), steps.c.state.not_in(DONE_STEPS), tenants.clause(steps.c.tenant))
    values = {
        "due_at": micros(step.due_at),
        "lasting": step.lasting,
        "state": state,
        "at": None,
        "why": "",
    }
    db.execute(update(steps).where(*mine).values(values))


def hasten(db: Connection, tenants: Tenants, one: Entry, at: datetime) -> None:
    """Have a step that waits be due sooner."""
    mine = (*_key(one), steps.c.state == StepState.WAITING, tenants.clause(steps.c.tenant))
    db.execute(update(steps).where(*mine).values(due_at=micros(at)))


def void(
    db: Connection, tenants: Tenants, page: str, now: datetime, why: str, only: Iterable[Entry] = ()
) -> None:
    """Have steps of a page be due no more: all that are not done, or some."""
    values = {"state": StepState.VOID, "at": micros(now), "why": why}
    mine = (steps.c.page == page, steps.c.state.in_(OPEN_STEPS), tenants.clause(steps.c.tenant))
    some = list(only)
    for clause in [_key(one) for one in some] or [()]:
        db.execute(update(steps).where(*mine, *clause).values(values))


def hold(db: Connection, tenants: Tenants, page: str) -> None:
    """Have the steps of a page wait, but for those that are due whoever looks after it."""
    mine = (
        steps.c.page == page,
        steps.c.state == StepState.WAITING,
        steps.c.lasting.is_(False),
        tenants.clause(steps.c.tenant),
    )
    db.execute(update(steps).where(*mine).values(state=StepState.HELD))


def go_on(db: Connection, tenants: Tenants, page: str, held: timedelta) -> None:
    """Have what was held be due, later by as long as it was held."""
    mine = (
        steps.c.page == page,
        steps.c.state == StepState.HELD,
        tenants.clause(steps.c.tenant),
    )
    later = steps.c.due_at + held // MICROSECOND
    db.execute(update(steps).where(*mine).values(state=StepState.WAITING, due_at=later))


def keep_secrets(db: Connection, made: Sequence[Secret]) -> None:
    """Keep what opens pages."""
    rows = [
        {
            "digest": one.digest,
            "page": one.step.page,
            "tenant": one.step.tenant,
            "person": one.person[0],
            "principal": one.person[1],
            "expires_at": micros(one.until),
        }
        for one in made
    ]
    if rows:
        db.execute(insert(secrets), rows)


def secret(db: Connection, digest: str) -> Row[Any] | None:
    """What a secret opens."""
    return db.execute(select(secrets).where(secrets.c.digest == digest)).one_or_none()


def use_secret(db: Connection, digest: str, now: datetime) -> bool:
    """Use a secret; False if it was used, or has expired."""
    mine = (
        secrets.c.digest == digest,
        secrets.c.used_at.is_(None),
        secrets.c.expires_at > micros(now),
    )
    return db.execute(update(secrets).where(*mine).values(used_at=micros(now))).rowcount == 1


def forget_secrets(db: Connection, now: datetime) -> int:
    """Drop some secrets that open nothing any more; how many."""
    old = select(secrets.c.digest).where(secrets.c.expires_at < micros(now)).limit(BULK_ROWS)
    return db.execute(delete(secrets).where(secrets.c.digest.in_(old))).rowcount


def add_late(db: Connection, tenants: Tenants, found: Late) -> bool:
    """Keep that a step was not kept; False if that is known."""
    del tenants  # it bears its own
    make = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
    row = asdict(found) | {"at": micros(found.at)}
    fresh = make(lates).values(row).on_conflict_do_nothing().returning(lates.c.step)
    return db.execute(fresh).one_or_none() is not None


def lates_of(db: Connection, tenants: Tenants, pages: Collection[str]) -> list[Late]:
    """What the auditor found of pages, in order."""
    mine = (lates.c.page.in_(pages), tenants.clause(lates.c.tenant))
    rows = db.execute(select(lates).where(*mine).order_by(lates.c.at, lates.c.step))
    return [Late(**row._asdict() | {"at": instant(row.at)}) for row in rows]


def late_counts(db: Connection, tenants: Tenants, since: datetime) -> dict[str, int]:
    """How many steps were not kept since then, by tenant."""
    mine = (lates.c.at >= micros(since), tenants.clause(lates.c.tenant))
    query = select(lates.c.tenant, func.count()).where(*mine).group_by(lates.c.tenant)
    return {row[0]: row[1] for row in db.execute(query)}


def _key(one: Entry) -> tuple[Any, ...]:
    return (
        steps.c.page == one.page,
        steps.c.level == one.level,
        steps.c.kind == one.kind,
        steps.c.number == one.number,
    )


def _row(one: Entry) -> dict[str, Any]:
    return {
        "page": one.page,
        "tenant": one.tenant,
        "level": one.level,
        "kind": one.kind,
        "number": one.number,
        "due_at": micros(one.due_at),
        "lasting": one.lasting,
        "state": one.state,
        "at": None if one.at is None else micros(one.at),
        "told": json.dumps([asdict(each) for each in one.told]),
        "why": one.why,
    }


def _entry(row: Row[Any]) -> Entry:
    return Entry(
        page=row.page,
        tenant=row.tenant,
        level=row.level,
        kind=StepKind(row.kind),
        number=row.number,
        due_at=instant(row.due_at),
        lasting=row.lasting,
        state=StepState(row.state),
        at=None if row.at is None else instant(row.at),
        told=tuple(Told(**each) for each in json.loads(row.told)),
        why=row.why,
    )
