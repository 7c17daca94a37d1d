"""Alerts that fire, as they come, go on and end."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    TextClause,
    bindparam,
    case,
    literal,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from quarterdeck.kernel.bulk import change_many
from quarterdeck.kernel.clock import instant, micros
from quarterdeck.kernel.db import BULK_ROWS
from quarterdeck.kernel.work import Tenants
from quarterdeck.operations.alerts.labels import fingerprint
from quarterdeck.operations.alerts.model import LIVE, Alert, AlertState, Change, Sign
from quarterdeck.operations.alerts.store import counts
from quarterdeck.operations.alerts.store.table import IS_LASTING, IS_LIVE, alerts, changes

AGAIN = (
    *("severity", "title", "annotations", "generator_url"),
    *("starts_at", "seen_at", "expires_at", "guessed"),
)
"""What a push may change of an alert that fires."""

PUSHED_AS = ("alert", *(f"_{name}" for name in AGAIN))
PUSHED = (
    update(alerts)
    .where(alerts.c.id == bindparam("alert"), IS_LIVE)
    .values({n: bindparam(f"_{n}", type_=alerts.c[n].type) for n in AGAIN})
    .values(times=alerts.c.times + 1)
)
CHANGED = "".join(f"{name} = new.column{n}, " for n, name in enumerate(AGAIN, 2))
CHANGED = f"{CHANGED}times = times + 1"


def words_of(pairs: Mapping[str, str]) -> str:
    """Labels, or annotations, as they are kept: in one order, so that a pair can be looked for."""
    return orjson.dumps(dict(pairs), option=orjson.OPT_SORT_KEYS).decode()


def row_of(sign: Sign, at: datetime, printed: str = "") -> dict[str, Any]:
    """A sign as the row of an alert that begins at ``at``."""
    return {
        "key": sign.key,
        "tenant": sign.tenant,
        "type": sign.type,
        "severity": sign.severity,
        "title": sign.title,
        "labels": words_of(sign.labels),
        "annotations": words_of(sign.annotations),
        "generator_url": sign.generator_url,
        "fingerprint": printed or fingerprint(sign.labels),
        "state": AlertState.FIRING,
        "starts_at": micros(at),
        "seen_at": micros(at),
        "times": 1,
        "resolved_by": "",
        "expires_at": None,
        "guessed": False,
    }


def add(db: Connection, tenants: Tenants, rows: Sequence[dict[str, Any]]) -> dict[str, int]:
    """Begin alerts; their ids by their keys, those of which another was quicker left out."""
    del tenants  # each row bears its own; it says that the caller asked
    insert = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
    statement = insert(alerts).on_conflict_do_nothing(index_elements=["key"], index_where=IS_LIVE)
    made = db.execute(statement.returning(alerts.c.key, alerts.c.id, alerts.c.tenant), rows).all()
    counts.more(db, AlertState.FIRING, made)
    return {row.key: row.id for row in made}


def known(db: Connection, tenants: Tenants, keys: Sequence[str]) -> dict[str, Row[Any]]:
    """Alerts that fire under ``keys``, locked in one order until the transaction ends."""
    query = (
        select(alerts)
        .where(alerts.c.key.in_(keys), IS_LIVE, tenants.check(alerts.c.tenant))
        .order_by(alerts.c.id)
        .with_for_update()
    )
    return {row.key: row for row in db.execute(query)}


def renew(db: Connection, tenants: Tenants, rows: Sequence[dict[str, Any]]) -> None:
    """Write what was pushed again; each of ``rows`` bears what ``PUSHED_AS`` names."""
    del tenants  # the rows were found by ``known``, in this transaction
    if db.dialect.name == "sqlite":
        change_many(db, alerts, CHANGED, [tuple(map(row.__getitem__, PUSHED_AS)) for row in rows])
    else:
        db.execute(PUSHED, rows)


def renew_sign(db: Connection, tenants: Tenants, old: Alert, sign: Sign, at: datetime) -> None:
    """Write down that a sign was seen again; where its labels changed, it is put anew."""
    values = {
        name: value
        for name, value in row_of(sign, at).items()
        if name not in ("key", "tenant", "state", "starts_at", "times", "resolved_by")
    }
    values |= _placed_anew(old, sign) | {"times": alerts.c.times + 1}
    mine = (alerts.c.id == old.id, tenants.clause(alerts.c.tenant))
    db.execute(update(alerts).where(*mine).values(values))


def relabel(db: Connection, tenants: Tenants, old: Alert, sign: Sign) -> None:
    """Put an alert under the labels of ``sign``, where these are not its own."""
    anew = _placed_anew(old, sign)
    if anew:
        mine = (alerts.c.id == old.id, tenants.clause(alerts.c.tenant))
        labels = {"labels": words_of(sign.labels), "fingerprint": fingerprint(sign.labels)}
        db.execute(update(alerts).where(*mine).values(anew | labels))


def _placed_anew(old: Alert, sign: Sign) -> dict[str, Any]:
    """What has it put into other groups, where its labels have changed."""
    if dict(old.sign.labels) == dict(sign.labels):
        return {}
    placed_as = case((alerts.c.routed == 0, alerts.c.was), else_=alerts.c.labels)
    return {"was": placed_as, "routed": 0}


def end(
    db: Connection, tenants: Tenants, ids: Sequence[int], at: datetime, by: str
) -> list[Row[Any]]:
    """Resolve alerts: id, tenant, type of those that fired."""
    values = {"state": AlertState.RESOLVED, "ends_at": micros(at), "resolved_by": by}
    return _move(db, tenants, ids, LIVE, values)


def acknowledge(
    db: Connection, tenants: Tenants, ids: Sequence[int], at: datetime, by: str
) -> list[Row[Any]]:
    """Have somebody look after alerts; as ``end``, of those that nobody looked after."""
    values = {
        "state": AlertState.ACKNOWLEDGED,
        "acknowledged_at": micros(at),
        "acknowledged_by": by,
    }
    return _move(db, tenants, ids, (AlertState.FIRING,), values)


def unacknowledge(db: Connection, tenants: Tenants, ids: Sequence[int]) -> list[Row[Any]]:
    """Have alerts want somebody again; as ``end``."""
    values = {"state": AlertState.FIRING, "acknowledged_at": None, "acknowledged_by": ""}
    return _move(db, tenants, ids, (AlertState.ACKNOWLEDGED,), values)


def reopen(db: Connection, tenants: Tenants, ids: Sequence[int], now: datetime) -> list[Row[Any]]:
    """Have resolved alerts fire again; as ``end``.

    Of those with one key the newest, and none whose cause has begun another. One whose time
    has passed fires until it is seen again, or somebody ends it. That it ended by itself stays
    in its history.
    """
    mine = (
        alerts.c.id.in_(ids),
        alerts.c.state == AlertState.RESOLVED,
        tenants.check(alerts.c.tenant),
    )
    ended = select(alerts.c.id, alerts.c.ends_at).where(*mine, alerts.c.resolved_by == "")
    by_itself = {row.id: row.ends_at for row in db.execute(ended)}
    statement = update(alerts).where(*mine, ~_another(ids)).values(_anew(now))
    found = list(db.execute(statement.returning(alerts.c.id, alerts.c.tenant, alerts.c.type)))
    counts.more(db, AlertState.FIRING, found)
    for row in found:
        if row.id in by_itself:
            note(db, [row], Change(at=instant(by_itself[row.id]), state=AlertState.RESOLVED))
    return found


def _another(ids: Sequence[int]) -> ColumnElement[bool]:
    """Whether its cause has begun another alert, or a newer one is among ``ids``."""
    other = alerts.alias()
    same = select(other.c.id).where(other.c.key == alerts.c.key, other.c.id != alerts.c.id)
    newer = same.where(other.c.id.in_(ids), other.c.id > alerts.c.id)
    fires = other.c.state != literal("resolved", literal_execute=True)
    return same.where(fires).exists() | newer.exists()


def _anew(now: datetime) -> dict[str, Any]:
    over = alerts.c.expires_at <= micros(now)
    return {
        "state": AlertState.FIRING,
        "ends_at": None,
        "resolved_by": "",
        "acknowledged_at": None,
        "acknowledged_by": "",
        "expires_at": case((over, None), else_=alerts.c.expires_at),
        "routed": 0,
    }


def expired(db: Connection, now: datetime) -> list[Row[Any]]:
    """Some alerts whose time has passed: id, tenant, type, expires_at."""
    query = (
        select(alerts.c.id, alerts.c.tenant, alerts.c.type, alerts.c.expires_at)
        .where(IS_LASTING, alerts.c.expires_at <= micros(now))
        .order_by(alerts.c.expires_at, alerts.c.id)
        .limit(BULK_ROWS)
    )
    return list(db.execute(query))


def expire(db: Connection, tenants: Tenants, ids: Sequence[int], now: datetime) -> list[Row[Any]]:
    """Resolve those of ``ids`` whose time has passed, as of when it did; as ``end``."""
    over = (IS_LASTING, alerts.c.expires_at <= micros(now))
    values = {"state": AlertState.RESOLVED, "ends_at": alerts.c.expires_at}
    return _move(db, tenants, ids, LIVE, values, *over)


def note(db: Connection, found: Sequence[Row[Any]], change: Change) -> None:
    """Keep one change of each of the alerts (id, tenant) that ``found`` names."""
    what = {
        "at": micros(change.at),
        "state": change.state,
        "by": change.by,
        "words": change.words,
    }
    if found:
        db.execute(
            changes.insert(), [what | {"alert": row.id, "tenant": row.tenant} for row in found]
        )


def note_one(db: Connection, alert: Alert, change: Change) -> None:
    """Keep one change of one alert."""
    what = {"at": micros(change.at), "state": change.state, "by": change.by}
    own = {"alert": alert.id, "tenant": alert.sign.tenant, "words": change.words}
    db.execute(changes.insert().values(what | own))


def _move(
    db: Connection,
    tenants: Tenants,
    ids: Sequence[int],
    states: Sequence[AlertState],
    values: Mapping[str, object],
    *where: ColumnElement[bool] | TextClause,
) -> list[Row[Any]]:
    """Have those that are in ``states`` be in another, and count them there.

    They are locked in the order in which ``known`` locks them.
    """
    mine = (alerts.c.id.in_(ids), alerts.c.state.in_(states), *where)
    query = select(alerts.c.id, alerts.c.tenant, alerts.c.type, alerts.c.state).where(
        *mine, tenants.check(alerts.c.tenant)
    )
    found: list[Row[Any]] = list(db.execute(query.order_by(alerts.c.id).with_for_update()))
    if found:
        moved = alerts.c.id.in_([row.id for row in found])
        db.execute(update(alerts).where(moved).values(**values))
    for state in states:
        counts.fewer(db, state, [row for row in found if row.state == state])
    if (now_in := AlertState(str(values["state"]))) in LIVE:
        counts.more(db, now_in, found)
    return found
