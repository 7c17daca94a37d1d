"""A page of the inventory at 1,000,000 resources by every kind of filter; and its CSV.

Bars: any filter, paged, p95 < 50 ms; the CSV streamed, first byte < 200 ms, RSS flat, and 50,000
rows a second; the same as NDJSON.
Rows are put in by SQL, not by a sync: what is measured is how they are asked for.
"""

import resource
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from sqlalchemy import Engine, text

from bench._databases import NAMES, database
from governance.estate import ROOT
from quarterdeck.governance.exports.sources import resource_columns
from quarterdeck.governance.inventory import service as inventory
from quarterdeck.governance.inventory.filters import Filter, Sort, spot
from quarterdeck.governance.inventory.model import Resource
from quarterdeck.governance.inventory.store import search, tables
from quarterdeck.kernel.bulk import put
from quarterdeck.kernel.cache import Cache
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.db import open_engine
from quarterdeck.kernel.tabular import Format, written
from quarterdeck.kernel.work import Tenants, read
from quarterdeck.migrations.tables import metadata
from quarterdeck.web.streaming import PAGE_ROWS, SMALL_ROWS

ROWS = int(sys.argv[sys.argv.index("--rows") + 1]) if "--rows" in sys.argv else 1_000_000
TENANTS, CHUNK, CALLS, PAGE = 100, 10_000, 100, 51
KINDS = ("Microsoft.Web/sites", "Microsoft.Compute/disks", "Microsoft.Sql/servers")
PLACES = ("westeurope", "northeurope", "eastus", "westus")
RARE = 100_000
SOME = Tenants(frozenset({"t7", "t8", "t9"}))

QUESTIONS: dict[str, tuple[Filter, Tenants | None]] = {
    "first page": (Filter(), None),
    "three tenants": (Filter(), SOME),
    "by type": (Filter(type="microsoft.sql/servers"), None),
    "by location": (Filter(location="eastus"), None),
    "by location, rare": (Filter(location="norwayeast"), None),
    "by group": (Filter(group="g17"), None),
    "by tag, of all": (Filter(tag="env"), None),
    "by tag, 1 in 50": (Filter(tag="team=t7"), None),
    "by tag, rare": (Filter(tag="odd=yes"), None),
    "by tag and tenants": (Filter(tag="team=t7"), SOME),
    "by tag and location": (Filter(tag="team=t7", location="eastus"), None),
    "by text, common": (Filter(text="item-1"), None),
    "by text, rare": (Filter(text="item-99999"), None),
    "by text and tag": (Filter(text="item-9", tag="team=t9"), None),
    "by owner": (Filter(owner="t7", owner_tags=("owner", "team")), None),
    "by name": (Filter(sort=Sort.NAME), None),
    "newest": (Filter(sort=Sort.NEWEST), None),
    "newest, by tag": (Filter(sort=Sort.NEWEST, tag="team=t7"), None),
}


def main() -> None:
    """Print, for each database, the questions and the file."""
    for name in [n for n in NAMES if n in sys.argv] or NAMES:
        with database(name, durable=False) as url:
            if url:
                engine = open_engine(url)
                metadata.create_all(engine)
                print(
                    f"{name}, {ROWS:,} resources, in by SQL in {_filled(engine):.0f} s", flush=True
                )
                _asked(engine)
                for form in (Format.CSV, Format.NDJSON):
                    _exported(engine, form)
                engine.dispose()


def _filled(engine: Engine) -> float:
    began = perf_counter()
    for first in range(0, ROWS, CHUNK):
        rows = [_row(n) for n in range(first, min(first + CHUNK, ROWS))]
        with engine.begin() as db:
            put(db, tables.resources, rows)
            put(db, tables.tags, [tag for row in rows for tag in _tags(row)])
            search.put(db, [(str(row["id"]), str(row["name_key"])) for row in rows])
    with engine.begin() as db:
        db.execute(text("ANALYZE"))  # as autovacuum does within a minute
    return perf_counter() - began


def _asked(engine: Engine) -> None:
    print(
        f"  {'question':24} {'p50 ms':>8} {'p95 ms':>8} {'max ms':>8} {'count ms':>9} {'found':>10}"
    )
    for word, (wanted, only) in QUESTIONS.items():
        took, after = [], None
        for _ in range(CALLS):
            began = perf_counter()
            with read(engine, ROOT, utc_now) as work:
                rows = inventory.page(work, wanted, only, after, PAGE)
            took.append((perf_counter() - began) * 1e3)
            after = spot(rows[-1], wanted.sort) if len(rows) == PAGE else None
        began = perf_counter()
        with read(engine, ROOT, utc_now) as work:
            total = inventory.total(work, wanted, only, Cache(0))
        count_ms = (perf_counter() - began) * 1e3
        p95 = statistics.quantiles(took, n=20)[-1]
        figures = f"{statistics.median(took):8.2f} {p95:8.2f} {max(took):8.2f} {count_ms:9.1f}"
        print(f"  {word:24} {figures} {total:>10,}", flush=True)


def _exported(engine: Engine, form: Format) -> None:
    before, began, first, size = _rss_mib(), perf_counter(), 0.0, 0
    for piece in written(form, resource_columns(("owner", "team")), _pages(engine)):
        size += len(piece)
        first = first or perf_counter() - began if size > len(piece) else first
    took = perf_counter() - began
    print(
        f"  {form}: {size / 1e6:.0f} MB in {took:.0f} s, {ROWS / took:,.0f} rows/s, "
        f"first rows after {first * 1e3:.0f} ms, "
        f"peak memory {before:.0f} -> {_rss_mib():.0f} MiB",
        flush=True,
    )


def _pages(engine: Engine) -> Iterator[list[Resource]]:
    after = None
    while True:
        with read(engine, ROOT, utc_now) as work:
            rows = SMALL_ROWS if after else PAGE_ROWS  # as an answer is streamed
            page = inventory.page(work, Filter(seen_before=utc_now()), None, after, rows)
        if not page:
            return
        yield page
        after = spot(page[-1])


def _rss_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _row(n: int) -> dict[str, object]:
    kind, name = KINDS[n % 3], f"item-{n}"
    group = f"g{n % 2000}"
    return {
        "id": f"{n * 2654435761 % 2**32:08x}{n:024x}",
        "tenant": f"t{n % TENANTS}",
        "connection": f"c{n % TENANTS}",
        "subscription": f"s{n % TENANTS}",
        "cloud_id": f"/subscriptions/s{n % TENANTS}/resourceGroups/{group}/providers/{kind}/{name}",
        "name": name,
        "type": kind,
        "name_key": name,
        "type_key": kind.casefold(),
        "location": "norwayeast" if n % RARE == 0 else PLACES[n % 4],
        "hash": "0" * 64,
        "first_seen": n,
        "seen_at": n,
        "group_key": group,
        "judged": 1,
    }


def _tags(row: dict[str, object]) -> Iterator[dict[str, object]]:
    n = int(str(row["name"]).removeprefix("item-"))
    borne = {"team": f"t{n % 50}", "env": "dev"} | ({"odd": "yes"} if n % RARE == 0 else {})
    for name, value in borne.items():
        yield {
            "resource": row["id"],
            "name": name,
            "name_key": name,
            "value": value,
            "tenant": row["tenant"],
            "type_key": row["type_key"],
            "sort_key": row["name_key"],
            "location": row["location"],
        }


if __name__ == "__main__":
    main()
