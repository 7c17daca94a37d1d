"""What people ask: sums from the roll-ups where they hold the answer, from entries elsewhere."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    Table,
    func,
    literal,
    select,
    tuple_,
    union_all,
)

from quarterdeck.governance.cloud.ports import CostBasis
from quarterdeck.governance.costs.calendar import (
    LAST_MONTH,
    Periods,
    day_of,
    day_period,
    days,
    month_period,
    periods,
)
from quarterdeck.governance.costs.model import TAG, Entry
from quarterdeck.governance.costs.question import (
    DAY,
    GROUP,
    MONTH,
    NOTHING,
    SERVICE,
    SUBSCRIPTION,
    TENANT,
    Figure,
    Listing,
    Question,
)
from quarterdeck.governance.costs.store.rollups import TOTAL
from quarterdeck.governance.costs.store.tables import (
    entries,
    observations,
    past_entries,
    past_rollups,
    rollups,
    series,
)
from quarterdeck.kernel.clock import instant, micros
from quarterdeck.kernel.ids import TenantId
from quarterdeck.kernel.money import Money, carried
from quarterdeck.kernel.work import Tenants

Spot = tuple[int, int, str]
WIDE = BigInteger()
MOST_LINES = 2000
FREE = (NOTHING, TENANT, DAY, MONTH)
COLUMNS = {SUBSCRIPTION: series.c.scope, SERVICE: series.c.label, GROUP: series.c.resource_group}


def sums(db: Connection, tenants: Tenants, asked: Question, *, daily: bool = False) -> list[Figure]:
    """The sums that are asked for, by key and currency; ``daily``: each day apart, in order."""
    parts = (
        _of_rollups(tenants, asked, daily=daily)
        if _rolled_up(asked)
        else _of_entries(tenants, asked)
    )
    every = union_all(*parts).subquery() if len(parts) > 1 else parts[0].subquery()
    period: ColumnElement[Any] = every.c.period if daily or asked.by in {DAY, MONTH} else literal(0)
    query = select(
        every.c.key,
        every.c.currency,
        period.label("period"),
        func.sum(every.c.units).label("units"),
        func.sum(every.c.nanos).label("nanos"),
        func.sum(every.c.entries).label("entries"),
    ).group_by(every.c.key, every.c.currency, *([] if period is not every.c.period else [period]))
    return _figures(db.execute(query).all(), asked, daily=daily)


def page(
    db: Connection, tenants: Tenants, asked: Listing, after: Spot | None, limit: int
) -> list[Entry]:
    """The next ``limit`` entries by line, day and basis."""
    found: list[Entry] = []
    for lines in _lines(db, tenants, asked, after, limit):
        found += _of_lines(db, asked, lines, after, limit - len(found))
        if len(found) == limit:
            break
    return found


def edition(db: Connection, tenants: Tenants) -> str:
    """Another word whenever the ledger of any of ``tenants`` has changed."""
    counted = observations.c.added + observations.c.restated + observations.c.lost
    query = select(func.count(), func.max(observations.c.observed_at), func.sum(counted)).where(
        tenants.clause(observations.c.tenant)
    )
    return " ".join(map(str, db.execute(query).one()))


def tags(db: Connection, tenants: Tenants) -> list[str]:
    """The names of tags that costs are kept by."""
    query = select(series.c.cut).where(tenants.clause(series.c.tenant), series.c.cut.like("tag:%"))
    return sorted(cut.removeprefix(TAG) for cut in db.scalars(query.distinct()))


def _rolled_up(asked: Question) -> bool:
    if not asked.narrowed:
        return True
    [*narrowed] = asked.narrowed
    return len(narrowed) == 1 and asked.by in {*FREE, narrowed[0]}


def _of_rollups(tenants: Tenants, asked: Question, *, daily: bool) -> list[Select[Any]]:
    parts = [days(asked.span)] if daily or asked.by == DAY else periods(asked.span)
    tables = [rollups] if asked.as_of is None else [rollups, past_rollups]
    return [_part(tenants, asked, table, part) for table in tables for part in parts]


def _part(tenants: Tenants, asked: Question, table: Table, part: Periods) -> Select[Any]:
    dimension = next(iter(asked.narrowed), TOTAL if asked.by in FREE else asked.by)
    key: ColumnElement[Any] = literal("")
    if asked.by == TENANT:
        key = table.c.tenant
    elif asked.by not in FREE:
        key = table.c.value
    query = select(
        key.label("key"),
        table.c.currency,
        table.c.period,
        table.c.units,
        table.c.nanos.cast(WIDE).label("nanos"),
        table.c.entries.cast(WIDE).label("entries"),
    ).where(
        table.c.basis == asked.basis.value,
        table.c.dimension == dimension,
        table.c.period.between(part.first, part.last),
        tenants.clause(table.c.tenant),
        *(table.c.value == value for value in asked.narrowed.values()),
    )
    return query.where(*_known(table, asked.as_of))


def _of_entries(tenants: Tenants, asked: Question) -> list[Select[Any]]:
    tables = [entries] if asked.as_of is None else [entries, past_entries]
    label = {asked.cut: series.c.label, **COLUMNS}
    key: ColumnElement[Any] = {**label, TENANT: series.c.tenant}.get(asked.by, literal(""))
    return [
        select(
            key.label("key"),
            series.c.currency,
            table.c.day.label("period"),
            table.c.units,
            table.c.nanos.cast(WIDE).label("nanos"),
            literal(1, WIDE).label("entries"),
        )
        .join_from(series, table, table.c.series == series.c.id)
        .where(
            tenants.clause(series.c.tenant),
            series.c.cut == asked.cut,
            *(label[name] == value for name, value in asked.narrowed.items()),
            table.c.basis == asked.basis.value,
            table.c.day.between(day_period(asked.span.first), day_period(asked.span.last)),
            *_known(table, asked.as_of),
        )
        for table in tables
    ]


def _known(table: Table, as_of: Any) -> Sequence[ColumnElement[bool]]:  # noqa: ANN401  an instant or None
    if as_of is None:
        return ()
    at = micros(as_of)
    until = table.c.get("known_until")
    return (table.c.known_from <= at, *([] if until is None else [until > at]))


def _figures(rows: Sequence[Any], asked: Question, *, daily: bool) -> list[Figure]:
    found: dict[tuple[str, str, int], tuple[int, int, int]] = {}
    for row in rows:
        period = _period(asked, row.period)
        key = str(period) if asked.by in {DAY, MONTH} else row.key
        at = (key, row.currency, period if daily else 0)
        units, nanos, many = found.get(at, (0, 0, 0))
        found[at] = (units + int(row.units), nanos + int(row.nanos), many + int(row.entries))
    return [
        Figure(
            key=_named(asked, key),
            amount=Money.of(*carried(units, nanos), currency),
            entries=many,
            day=day_of(period) if daily else None,
        )
        for (key, currency, period), (units, nanos, many) in sorted(
            found.items(), key=lambda item: (item[0][2], item[0][0], item[0][1])
        )
    ]


def _period(asked: Question, period: int) -> int:
    return month_period(period) if asked.by == MONTH and period > LAST_MONTH else period


def _named(asked: Question, key: str) -> str:
    if asked.by == DAY:
        return day_of(int(key)).isoformat()
    return day_of(int(key)).isoformat()[:7] if asked.by == MONTH else key


def _tables(asked: Listing) -> list[Table]:
    return [entries] if asked.as_of is None else [entries, past_entries]


def _lines(
    db: Connection, tenants: Tenants, asked: Listing, after: Spot | None, limit: int
) -> Iterator[dict[int, Any]]:
    # Lines first, then their entries by key: PostgreSQL would join all of both for a page.
    wanted = {
        series.c.scope: asked.subscription,
        series.c.label: asked.label,
        series.c.resource_group: asked.group,
    }
    query = select(series).where(
        tenants.clause(series.c.tenant),
        series.c.cut == asked.cut,
        *(column == value for column, value in wanted.items() if value),
    )
    behind, many = (after[0] - 1 if after else 0), limit // asked.span.days + 2
    while True:
        rest = query.where(series.c.id > behind).order_by(series.c.id).limit(many)
        lines = {row.id: row for row in db.execute(rest)}
        if not lines:
            return
        yield lines
        behind, many = max(lines), min(many * 2, MOST_LINES)


def _of_lines(
    db: Connection, asked: Listing, lines: Mapping[int, Any], after: Spot | None, limit: int
) -> list[Entry]:
    # Each table's rows are in order and cut short: so is the head of both together.
    rows = [
        row
        for table in _tables(asked)
        for row in db.execute(_listed(asked, table, lines, after, limit))
    ]
    rows.sort(key=lambda row: (row.series, row.day, row.basis))
    return [_entry(lines[row.series], row) for row in rows[:limit]]


def _listed(
    asked: Listing, table: Table, lines: Collection[int], after: Spot | None, limit: int
) -> Select[Any]:
    query = select(table).where(
        table.c.series.in_(sorted(lines)),
        table.c.day.between(day_period(asked.span.first), day_period(asked.span.last)),
        *([table.c.basis == asked.basis.value] if asked.basis else []),
        *_known(table, asked.as_of),
    )
    if after is not None:
        query = query.where(tuple_(table.c.series, table.c.day, table.c.basis) > after)
    return query.order_by(table.c.series, table.c.day, table.c.basis).limit(limit)


def _entry(line: Any, row: Any) -> Entry:  # noqa: ANN401  rows of two tables
    return Entry(
        series=row.series,
        tenant=TenantId(line.tenant),
        scope=line.scope,
        cut=line.cut,
        label=line.label,
        group=line.resource_group,
        day=day_of(row.day),
        basis=CostBasis(row.basis),
        amount=Money.of(row.units, row.nanos, line.currency),
        observed_at=instant(row.known_from),
    )
