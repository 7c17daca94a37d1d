"""Pages: from an alert that begins to the receiver of whoever is paged, each a group of its own.

The processes of ``bench.signals_alerts``, a policy that tells one channel at once, and no wait for
others of the group. What is answered is durable.
"""

import asyncio
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, perf_counter

import httpx2
import uvloop

from bench._databases import NAMES, database
from bench.signals_alerts import PER_SECOND, SECONDS, TOLD_BAR_MS, Load, prepared, running, show
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
    """Print a line for each database."""
    log_to_stderr("ERROR", "text")
    for name in sys.argv[1:] or NAMES:
        with database(name) as url, TemporaryDirectory() as folder, sink.running() as team:
            if url:
                _measured(name, url, Path(folder), team)


def _measured(name: str, url: str, folder: Path, team: sink.Sink) -> None:
    secret = prepared(url)
    _apply(url, folder, team.url)
    with running(url, folder) as port:
        took = sorted(uvloop.run(_page(Load(port, secret), team)))
    show(name, f"alert to page at the sink at {PER_SECOND}/s, {len(took)} pages", took, TOLD_BAR_MS)


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
    until(lambda: len(team.of("/page")) >= len(pushed), 120, "the last page")
    return [got.at - pushed[_number(got)] for got in team.of("/page")]


def _number(got: sink.Got) -> str:
    facts = {one["label"]: one["value"] for one in got.body["messages"][0]["facts"]}
    return str(facts["number"])


if __name__ == "__main__":
    main()
