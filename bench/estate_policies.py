"""What reading only the policy states that were evaluated since saves, against the simulator.

A day of compliance at its interval of 4 hours: six readings of all, or one of all and five
of what was evaluated since the reading before, an hour more.
"""

import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from providers.rehearsal import cloud_of, rehearsing
from quarterdeck.governance.cloud.ports import Page
from quarterdeck.governance.compliance.model.coverage import LATE
from quarterdeck.kernel.clock import utc_now
from quarterdeck.providers.azure.cloud import AzureCloud
from quarterdeck.providers.simulator.options import SimulatorOptions
from quarterdeck.providers.simulator.server import running

INTERVAL = timedelta(hours=4)
RESOURCES = 20_000


def main() -> None:
    """Print both."""
    with TemporaryDirectory() as folder:
        options = SimulatorOptions(folder=Path(folder), tenants=1, resources=RESOURCES)
        with (
            running(options) as simulator,
            rehearsing(simulator) as rehearsal,
            cloud_of(rehearsal) as cloud,
        ):
            _measure(cloud)


def _measure(cloud: AzureCloud) -> None:
    whole = _read(cloud, None)
    part = _read(cloud, utc_now() - INTERVAL - LATE)
    print(f"{RESOURCES:,} resources          items   requests      bytes   seconds")
    day = tuple(6 * one for one in whole)
    less = tuple(one + 5 * other for one, other in zip(whole, part, strict=True))
    for name, row in (("all", whole), ("since 5 h", part), ("day, all", day), ("day", less)):
        print(f"{name:20}{row[0]:>14,.0f}{row[1]:>11,.0f}{row[2]:>14,.0f}{row[3]:>10.1f}")
    print(f"saved: {1 - less[0] / day[0]:.0%} of items, {1 - less[1] / day[1]:.0%} of requests")


def _read(cloud: AzureCloud, since: datetime | None) -> tuple[float, ...]:
    began, pages = perf_counter(), list(_pages(cloud, since))
    items = [item for page in pages for item in page.items]
    return len(items), len(pages), sum(map(len, items)), perf_counter() - began


def _pages(cloud: AzureCloud, since: datetime | None) -> Iterator[Page]:
    for one in cloud.subscriptions():
        yield from cloud.policy_states(one.id, since)


if __name__ == "__main__":
    main()
