"""What spoke, when; scores; and how each day ended."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from quarterdeck.governance.compliance.model.coverage import Heard, Part
from quarterdeck.governance.compliance.model.posture import USUAL_SCORE
from quarterdeck.governance.compliance.model.verdict import Tally
from quarterdeck.governance.compliance.store.tables import days, heard, scores, states
from quarterdeck.kernel.clock import instant
from quarterdeck.kernel.ids import ConnectionId, TenantId
from quarterdeck.kernel.work import Tenants

Whose = Mapping[str, object]
"""``tenant``, ``connection`` and ``subscription`` by name."""

DayRow = tuple[str, str, Tally, float | None, float | None]
"""Day (ISO 8601), tenant, tally, points, most points."""


def hear(db: Connection, whose: Whose, part: Part, **told: object) -> None:
    """Keep what became of reading ``part``: columns of the table by name."""
    mine = (
        heard.c.connection == whose["connection"],
        heard.c.subscription == whose["subscription"],
        heard.c.part == part.value,
    )
    if db.execute(update(heard).where(*mine).values(**told)).rowcount == 0:
        row = {"read_at": None, "failure": "", "missing": "", "name": "", "part": part.value}
        db.execute(insert(heard).values(row | dict(whose) | told))


def heard_of(db: Connection, tenants: Tenants, part: Part) -> list[Heard]:
    """What each subscription said of ``part``, by tenant and name."""
    query = (
        select(heard)
        .where(heard.c.part == part.value, tenants.clause(heard.c.tenant))
        .order_by(heard.c.tenant, heard.c.name, heard.c.subscription)
    )
    return [
        Heard(
            tenant=TenantId(row.tenant),
            connection=ConnectionId(row.connection),
            subscription=row.subscription,
            name=row.name,
            part=part,
            read_at=_instant(row.read_at),
            failure=row.failure,
            missing=row.missing,
            items=row.items,
            unread=row.unread,
            full_at=_instant(row.full_at),
            evaluated_until=_instant(row.evaluated_until),
        )
        for row in db.execute(query)
    ]


def subscriptions_of(db: Connection, tenants: Tenants, connection: ConnectionId) -> set[str]:
    """Subscriptions of a connection that were heard of."""
    query = select(heard.c.subscription).where(
        heard.c.connection == connection, tenants.clause(heard.c.tenant)
    )
    return set(db.scalars(query))


def forget(db: Connection, tenants: Tenants, connection: ConnectionId, subscription: str) -> None:
    """Expect no word any more of a subscription that is gone; its days stay."""
    for table in (heard, scores):
        mine = (table.c.connection == connection, table.c.subscription == subscription)
        db.execute(delete(table).where(*mine, tenants.clause(table.c.tenant)))


def put_scores(
    db: Connection, whose: Whose, rows: Sequence[Mapping[str, object]], *, every: bool
) -> None:
    """Secure scores of a subscription, instead of those before; ``every``: it has no others."""
    mine = [
        scores.c.connection == whose["connection"],
        scores.c.subscription == whose["subscription"],
    ]
    if not every:
        mine.append(scores.c.name.in_([row["name"] for row in rows]))
    db.execute(delete(scores).where(*mine))
    if rows:
        db.execute(insert(scores), [dict(whose) | dict(row) for row in rows])


def scores_of(
    db: Connection, tenants: Tenants
) -> list[tuple[TenantId, str, str, str, float | None, float | None]]:
    """Tenant, subscription, name, title, points and most points of each secure score."""
    query = (
        select(scores)
        .where(tenants.clause(scores.c.tenant))
        .order_by(scores.c.tenant, scores.c.subscription, scores.c.name)
    )
    return [
        (TenantId(row.tenant), row.subscription, row.name, row.title, row.current, row.most)
        for row in db.execute(query)
    ]


def end_day(db: Connection, tenants: Tenants, whose: Whose, day: str) -> None:
    """Keep how a subscription stands as how ``day`` ended so far."""
    counted = _tally(db, tenants, whose)
    points, most = _points(db, tenants, whose)
    values = {**counted, "points": points, "most_points": most}
    put = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
    row = put(days).values(**dict(whose), day=day, **values)
    keys = ["connection", "subscription", "day"]
    db.execute(row.on_conflict_do_update(index_elements=keys, set_=values))


def days_of(db: Connection, tenants: Tenants, first: str, last: str) -> list[DayRow]:
    """How each day from ``first`` to ``last`` ended, by day and tenant; a day unread is absent."""
    verdicts = [days.c[name] for name in Tally.__slots__]
    query = (
        select(
            days.c.day,
            days.c.tenant,
            *(func.sum(column).label(column.name) for column in verdicts),
            func.sum(days.c.points).label("points"),
            func.sum(days.c.most_points).label("most_points"),
        )
        .where(days.c.day.between(first, last), tenants.clause(days.c.tenant))
        .group_by(days.c.day, days.c.tenant)
        .order_by(days.c.day, days.c.tenant)
    )
    return [
        (
            row.day,
            row.tenant,
            Tally(**{name: int(row._mapping[name]) for name in Tally.__slots__}),  # noqa: SLF001  public
            row.points,
            row.most_points,
        )
        for row in db.execute(query)
    ]


def _instant(at: int | None) -> datetime | None:
    return None if at is None else instant(at)


def _tally(db: Connection, tenants: Tenants, whose: Whose) -> dict[str, int]:
    query = (
        select(states.c.verdict, func.count().label("many"))
        .where(
            states.c.connection == whose["connection"],
            states.c.subscription == whose["subscription"],
            states.c.closed_at.is_(None),
            tenants.clause(states.c.tenant),
        )
        .group_by(states.c.verdict)
    )
    found = {row.verdict: row.many for row in db.execute(query)}
    return {name: found.get(name, 0) for name in Tally.__slots__}


def _points(db: Connection, tenants: Tenants, whose: Whose) -> tuple[float | None, float | None]:
    query = select(scores.c.current, scores.c.most).where(
        scores.c.connection == whose["connection"],
        scores.c.subscription == whose["subscription"],
        scores.c.name == USUAL_SCORE,
        tenants.clause(scores.c.tenant),
    )
    row = db.execute(query).one_or_none()
    return (None, None) if row is None else (row.current, row.most)
