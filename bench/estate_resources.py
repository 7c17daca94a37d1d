"""A page of the inventory at 100,000 resources, over HTTP and by filter; and the sync of them.

Bars: GET of a page p95 < 20 ms; the second sync writes only what changed.
"""

import json
import statistics
import sys
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from sqlalchemy import Engine, text

from bench._databases import NAMES, database
from governance.estate import Estate
from quarterdeck.governance.inventory import service as inventory
from quarterdeck.governance.inventory.filters import Filter, spot
from quarterdeck.kernel.cache import Cache
from quarterdeck.kernel.db import open_engine
from quarterdeck.migrations.tables import metadata

TENANTS, EACH, PAGE = 8, 12_500, 1_000
CALLS = 200
KINDS = ("Microsoft.Web/sites", "Microsoft.Compute/disks", "Microsoft.Sql/servers")
PLACES = ("westeurope", "northeurope", "eastus", "westus")

QUESTIONS = {
    "first page": Filter(),
    "by type": Filter(type="microsoft.sql/servers"),
    "by location": Filter(location="eastus"),
    "by tag": Filter(tag="team=t7"),
    "by text, common": Filter(text="item-1"),
    "by text, rare": Filter(text="item-9999"),
}


def main() -> None:
    """Print, for each database, the syncs and the questions."""
    for name in NAMES:
        with database(name) as url:
            if url:
                engine = open_engine(url)
                metadata.create_all(engine)
                print(f"{name}, {TENANTS * EACH:,} resources")
                _measured(engine)
                engine.dispose()


def _measured(engine: Engine) -> None:
    estate = Estate(engine)
    for number in range(TENANTS):
        directory = f"tenant-{number}"
        _, cloud = estate.connect(directory)
        items = [_item(directory, n) for n in range(EACH)]
        cloud.pages = {directory: [items[n : n + PAGE] for n in range(0, EACH, PAGE)]}
    for word in ("first sync", "second sync"):
        began = perf_counter()
        estate.sync()
        changed = sum(run.counts.added for run in estate.runs()[:TENANTS])
        print(f"  {word:24} {perf_counter() - began:8.1f} s   {changed:,} written")
        estate.pass_time(hours=1)
    with engine.begin() as db:
        db.execute(text("ANALYZE"))  # as autovacuum does within a minute
    print(f"  {'question':24} {'p50 ms':>8} {'p95 ms':>8} {'count ms':>9} {'found':>8}")
    for word, wanted in QUESTIONS.items():
        print(f"  {word:24}" + "".join(f" {cell:>8}" for cell in _asked(estate, wanted)))


def _asked(estate: Estate, wanted: Filter) -> tuple[str, ...]:
    took, after, total = [], None, 0
    for _ in range(CALLS):
        began = perf_counter()
        with estate.look() as work:
            rows = inventory.page(work, wanted, None, after, 51)
        took.append((perf_counter() - began) * 1e3)
        after = spot(rows[-1]) if len(rows) > 50 else None
    began = perf_counter()
    for _ in range(10):
        with estate.look() as work:
            total = inventory.total(work, wanted, None, Cache(0))
    count_ms = (perf_counter() - began) * 100
    p95 = statistics.quantiles(took, n=20)[-1]
    return f"{statistics.median(took):.2f}", f"{p95:.2f}", f"{count_ms:9.2f}", f"{total:,}"


def _item(name: str, n: int) -> bytes:
    kind = KINDS[n % len(KINDS)]
    path = f"/subscriptions/{name}/resourceGroups/g{n % 40}/providers/{kind}/item-{n}"
    fields = {
        "id": path,
        "name": f"item-{n}",
        "type": kind,
        "location": PLACES[n % len(PLACES)],
        "tags": {"team": f"t{n % 50}", "env": "dev"},
        "properties": {"provisioningState": "Succeeded", "padding": "x" * 300},
    }
    return json.dumps(fields).encode()


if __name__ == "__main__":
    main()
