"""Summaries of costs at 50 million rows: now, as of a past day, and the first byte of an export.

Bars: summary p95 < 200 ms as known now, < 2 s as of a past day, on both databases; a CSV of
the charges begins within 200 ms and needs no more memory however long it is.

``python -m bench.estate_costs [ROWS]``; 50 million rows need about 10 GB of disk.
"""

import resource
import statistics
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from sqlalchemy import Engine, Table, insert, text

from bench._databases import NAMES, database
from governance.estate import Estate
from quarterdeck.governance.costs.calendar import Span, day_period, months
from quarterdeck.governance.costs.question import Figure, Listing, Question
from quarterdeck.governance.costs.service import summaries
from quarterdeck.governance.costs.store import tables
from quarterdeck.kernel.cache import Cache
from quarterdeck.kernel.clock import micros
from quarterdeck.kernel.db import open_engine
from quarterdeck.migrations.tables import metadata

ROWS = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000_000
TENANTS, SUBSCRIPTIONS, GROUPS, BASES = 100, 10, 4, ("actual", "amortized")
FIRST, LAST = date(2025, 1, 1), date(2025, 12, 31)
DAYS = [FIRST + timedelta(days=n) for n in range(365)]
SERVICES = max(1, round(ROWS / (TENANTS * SUBSCRIPTIONS * GROUPS * len(BASES) * len(DAYS))))
THEN, LATER = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 20, tzinfo=UTC)
RESTATED = 20  # versions that each month's sums have had, one each night that it was open
CALLS, CHUNK = 60, 20_000

YEAR, QUARTER = Span(FIRST, LAST), Span(date(2025, 10, 1), LAST)
ODD = Span(date(2025, 3, 7), date(2025, 11, 23))
QUESTIONS = {
    "year, total": Question(span=YEAR),
    "year, by service": Question(span=YEAR, by="service"),
    "year, by tenant": Question(span=YEAR, by="tenant"),
    "odd days, by group": Question(span=ODD, by="group"),
    "quarter, by subscription": Question(span=QUARTER, by="subscription"),
    "quarter, by day": Question(span=QUARTER, by="day"),
}


def main() -> None:
    """Print, for each database, what each question took."""
    for name in NAMES:
        with database(name, durable=False) as url:
            if url:
                engine = open_engine(url)
                metadata.create_all(engine)
                _filled(engine, name)
                _measured(engine)
                engine.dispose()


def _filled(engine: Engine, name: str) -> None:
    began = perf_counter()
    with engine.begin() as db:
        lines = [
            {"tenant": f"t{t}", "scope": f"t{t}-s{s}", "cut": "service", "currency": "EUR"}
            | {"label": f"service {n}", "resource_group": f"group-{g}"}
            for t in range(TENANTS)
            for s in range(SUBSCRIPTIONS)
            for n in range(SERVICES)
            for g in range(GROUPS)
        ]
        _put(db.execute, tables.series, lines)
        db.execute(text("CREATE TEMPORARY TABLE bench_day (day INTEGER, basis VARCHAR)"))
        days = [{"day": day_period(day), "basis": basis} for day in DAYS for basis in BASES]
        db.execute(text("INSERT INTO bench_day VALUES (:day, :basis)"), days)
        db.execute(
            text(
                "INSERT INTO governance_cost (series, day, basis, known_from, units, nanos) "
                "SELECT s.id, d.day, d.basis, :at, 1, 500000000 "
                "FROM governance_cost_series s CROSS JOIN bench_day d ORDER BY 1, 2, 3"
            ),
            {"at": micros(THEN)},
        )
        _put(db.execute, tables.rollups, _rollups())
        _put(db.execute, tables.past_rollups, _past())
    with engine.begin() as db:
        db.execute(text("ANALYZE"))  # as autovacuum does within a minute
        many = db.scalar(text("SELECT count(*) FROM governance_cost"))
        sums = db.scalar(text("SELECT count(*) FROM governance_cost_rollup"))
    print(f"{name}, {many:,} rows, {sums:,} sums, filled in {perf_counter() - began:.0f} s")


def _put(execute: Callable[..., Any], table: Table, rows: Sequence[Any] | Iterator[Any]) -> None:
    left = iter(rows)
    while chunk := list(islice(left, CHUNK)):
        execute(insert(table), chunk)


def _sums() -> Iterator[dict[str, Any]]:
    """Every sum of the entries: they all are 1.50, so each is known by how many it holds."""
    each = {
        "total": [("", SUBSCRIPTIONS * SERVICES * GROUPS)],
        "service": [(f"service {n}", SUBSCRIPTIONS * GROUPS) for n in range(SERVICES)],
        "group": [(f"group-{n}", SUBSCRIPTIONS * SERVICES) for n in range(GROUPS)],
        "subscription": [(f"s{n}", SERVICES * GROUPS) for n in range(SUBSCRIPTIONS)],
    }
    periods = [(day_period(day), 1) for day in DAYS]
    periods += [(day_period(m.first) // 100, m.days) for m in months(YEAR)]
    for basis in BASES:
        for dimension, values in each.items():
            for period, days in periods:
                for t in range(TENANTS):
                    for value, entries in values:
                        many = entries * days
                        yield {
                            "basis": basis,
                            "dimension": dimension,
                            "period": period,
                            "tenant": f"t{t}",
                            "currency": "EUR",
                            "value": f"t{t}-{value}" if dimension == "subscription" else value,
                            "units": many * 3 // 2,
                            "nanos": many % 2 * 500_000_000,
                            "entries": many,
                        }


def _rollups() -> Iterator[dict[str, Any]]:
    for row in _sums():
        yield row | {"known_from": micros(LATER)}


def _past() -> Iterator[dict[str, Any]]:
    """What the sums were before: a day's once, a month's every night that it was open."""
    for row in _sums():
        versions = RESTATED if row["period"] < 1_000_000 else 1
        step = (LATER - THEN) / versions
        for number in range(versions):
            since, until = THEN + step * number, THEN + step * (number + 1)
            yield row | {"known_from": micros(since), "known_until": micros(until)}


def _measured(engine: Engine) -> None:
    estate = Estate(engine)
    print(f"  {'question':28} {'now p50':>9} {'now p95':>9} {'then p50':>9} {'then p95':>9} ms")
    for word, asked in QUESTIONS.items():
        then = Question(span=asked.span, by=asked.by, as_of=THEN + timedelta(days=3))
        cells = [*_asked(estate, asked, CALLS), *_asked(estate, then, CALLS // 3)]
        print(f"  {word:28}" + "".join(f" {cell:9.1f}" for cell in cells))
    _exported(estate)


def _asked(estate: Estate, asked: Question, calls: int) -> tuple[float, float]:
    took = []
    for _ in range(calls):
        began = perf_counter()
        with estate.look() as work:
            found = summaries.summary(work, asked, None, _none())
        took.append((perf_counter() - began) * 1e3)
        assert found.totals
    return statistics.median(took), statistics.quantiles(took, n=20)[-1]


def _none() -> Cache[Sequence[Figure]]:
    """A cache that keeps nothing: what is measured is the question."""
    return Cache(0)


def _exported(estate: Estate) -> None:
    asked, after, rows, first = Listing(span=QUARTER), None, 0, 0.0
    began, before = perf_counter(), _rss_mb()
    while rows < 1_000_000:
        with estate.look() as work:
            found = summaries.page(work, asked, None, after, 500)
        first = first or (perf_counter() - began) * 1e3
        if not found:
            break
        rows, after = rows + len(found), found[-1].spot
    took = perf_counter() - began
    print(
        f"  export of {rows:,} rows: first page {first:.1f} ms, {rows / took:,.0f} rows/s, "
        f"+{_rss_mb() - before:.0f} MB RSS"
    )


def _rss_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
