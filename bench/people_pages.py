"""Pages: from an alert that begins to the receiver of whoever is paged, each a group of its own.

The processes of ``bench.signals_alerts``, a policy that tells one channel at once, and no wait for
others of the group. What is answered is durable.

``python -m bench.people_pages [sqlite|postgres] [--sync] [--tenants N]``. ``--sync``: a whole
installation (``up``) instead, at rest first, and then while it reads N tenants of 1,000 resources
each for the first time. The simulated cloud, the load, the receiver and the database share the
machine with it: what each took of a processor is said.
"""

import asyncio
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, perf_counter

import httpx2
import uvloop

from bench import estate_sync
from bench._databases import NAMES, database
from bench.signals_alerts import (
    PER_SECOND,
    SECONDS,
    TOLD_BAR_MS,
    Load,
    known,
    prepared,
    running,
    show,
)
from quarterdeck.access.principals.model import installation
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.db import open_engine
from quarterdeck.kernel.telemetry import log_to_stderr
from quarterdeck.kernel.work import begin
from quarterdeck.operations.channels.model.channel import Channel, Kind
from quarterdeck.operations.channels.service import keeping
from quarterdeck.operations.escalation.service import policies
from quarterdeck.operations.routing.service import configuring
from quarterdeck.providers.sealing.safe import KeySafe
from quarterdeck.trail.keys.keystore import KeyStore
from servers import sink
from waiting import until

POST = 10
ROUTING: Mapping[str, object] = {
    "route": {"receiver": "pager", "group_by": ["..."], "group_wait": "0s"},
    "receivers": [{"name": "pager", "page_configs": [{"policy": "incidents"}]}],
}
POLICY = "levels: [{name: L1, targets: [channel pager], engage_at: 0}]"


def main() -> None:
    """Print a line for each database, or some."""
    log_to_stderr("ERROR", "text")
    measured = _beside_a_sync if "--sync" in sys.argv else _alone
    for name in [n for n in NAMES if n in sys.argv] or NAMES:
        with database(name) as url, TemporaryDirectory() as folder, sink.running() as team:
            if url:
                measured(name, url, Path(folder), team)


def _alone(name: str, url: str, folder: Path, team: sink.Sink) -> None:
    secret = prepared(url)
    _apply(url, folder, team.url)
    with running(url, folder) as port:
        _paged(name, Load(port, secret), team, "")


def _beside_a_sync(name: str, url: str, folder: Path, team: sink.Sink) -> None:
    own = url if name == "postgres" else f"sqlite:///{folder}/data/quarterdeck.db"
    os.environ["QUARTERDECK_WEBHOOK_NETWORKS"] = "127.0.0.0/8"
    with estate_sync.cloud(folder) as said, estate_sync.house(url, folder, said) as (client, pid):
        load = Load(client.base_url.port or 80, known(own))
        _apply(own, folder, team.url)
        estate_sync.connect(client, folder, said)
        with _used(name, pid):
            _paged(name, load, team, ", a whole installation at rest")
        with _used(name, pid):
            before, began = estate_sync.begin_sync(client), perf_counter()
            beside = lambda: not estate_sync.all_ended(client, before)  # noqa: E731  twice
            _paged(name, load, team, f", beside a sync of {estate_sync.TENANTS} tenants", beside)
            until(lambda: estate_sync.all_ended(client, before), 600, "the last tenant")
            print(f"{name:<9} that sync took {perf_counter() - began:.1f} s", flush=True)


@contextmanager
def _used(name: str, pid: int) -> Iterator[None]:
    """Say how much of a processor each process took meanwhile, and how many wanted one."""
    before, began = estate_sync.processes(pid), perf_counter()
    yield
    took, after = perf_counter() - began, estate_sync.processes(pid)
    shares = [f"{(now[0] - before[one][0]) / took:.0%}" for one, now in after.items()]
    words = f"up, worker, jobs, web: {', '.join(shares)} of a processor"
    print(f"{name:<9} {words}; load average {os.getloadavg()[0]:.1f}", flush=True)


def _paged(
    name: str,
    load: Load,
    team: sink.Sink,
    words: str,
    goes_on: Callable[[], bool] = lambda: True,
) -> None:
    took = sorted(uvloop.run(_page(load, team)))
    ended = "" if goes_on() else " (it had ended before)"
    what = f"alert to page at the sink at {PER_SECOND}/s, {len(took)} pages{words}{ended}"
    show(name, what, took, TOLD_BAR_MS)


def _apply(url: str, folder: Path, hook: str) -> None:
    engine = open_engine(url)
    channel = Channel(name="pager", kind=Kind.WEBHOOK, url=f"{hook}/page")
    with begin(engine, installation(), utc_now) as work:
        keeping.put(work, "acme", channel, secret="", safe=KeySafe(KeyStore(folder / "keys")))
        policies.apply(work, "acme", "incidents", POLICY)
        configuring.apply(work, "acme", json.dumps(ROUTING))
    engine.dispose()


async def _page(load: Load, team: sink.Sink) -> list[float]:
    """Push so many a second; how long until each is at the sink."""
    pushed: dict[str, float] = {}
    async with httpx2.AsyncClient(base_url=load.url, headers=load.headers, timeout=30) as client:
        began = perf_counter()
        for number in range(int(SECONDS * PER_SECOND / POST)):
            await asyncio.sleep(max(0.0, began + number * POST / PER_SECOND - perf_counter()))
            first, load.number = load.number, load.number + POST
            body = [load.alert("Page", n) for n in range(first, load.number)]
            pushed |= dict.fromkeys(map(str, range(first, load.number)), monotonic())
            answer = await client.post("/api/v2/alerts", json=body)
            assert answer.is_success, answer.text
    until(lambda: len(_told(team, pushed)) >= len(pushed), 120, "the last page")
    return [got.at - pushed[_number(got)] for got in _told(team, pushed)]


def _told(team: sink.Sink, pushed: Mapping[str, float]) -> list[sink.Got]:
    return [got for got in team.of("/page") if _number(got) in pushed]


def _number(got: sink.Got) -> str:
    facts = {one["label"]: one["value"] for one in got.body["messages"][0]["facts"]}
    return str(facts["number"])


if __name__ == "__main__":
    main()
