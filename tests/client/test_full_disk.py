"""A disk that is full costs events, which are counted, and never the application its work."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from client.conftest import ordered
from client.trail import Trail
from quarterdeck.client import Client
from quarterdeck.client.spool import Spool, SpoolFull

BEGIN = """
import asyncio, json, logging, resource, sys
from quarterdeck.client import *

client = Client("http://127.0.0.1:9", "token", spool=sys.argv[1])
told = []
logging.getLogger("quarterdeck.client").addHandler(
    type("Told", (logging.Handler,), {"emit": lambda self, record: told.append(record.levelname)})()
)
ADA, ORDER = Party("user", "u"), Party("order", "1")
ordered = lambda: Event(action="orders:create", actor=ADA, resource=ORDER)
kept = []
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, 1_000))
"""
END = """
print(json.dumps({"kept": kept, "lost": client.condition.lost, "critical": told.count("CRITICAL")}))
client.close(0)
"""
WAYS = {
    "the client": "kept += [client.record(ordered()) for _ in range(9)]",
    "the asynchronous client": """
async def record():
    return [await AsyncClient(client).record(ordered()) for _ in range(9)]
kept += asyncio.run(record())
""",
    "the handler": """
logging.raiseExceptions = False
logger = logging.getLogger("app")
logger.addHandler(AuditHandler(client))
for _ in range(9):
    logger.warning("orders:create", extra={"actor": ADA})
    kept.append(client.condition.lost == 0)
""",
    "the middleware": """
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
async def answered(message):
    kept.append(client.condition.lost == 0)
scope = {"type": "http", "method": "POST", "path": "/orders", "headers": []}
async def ask():
    for _ in range(9):
        await AuditMiddleware(app, client)(scope, None, answered)
asyncio.run(ask())
""",
}


def ran(spool: Path, way: str) -> dict[str, Any]:
    """What a process told whose files cannot grow beyond 1,000 bytes."""
    child = subprocess.run(
        [sys.executable, "-c", BEGIN + WAYS[way] + END, str(spool)],
        check=True,
        capture_output=True,
        text=True,
    )
    assert child.stderr == ""
    told: dict[str, Any] = json.loads(child.stdout)
    return told


@pytest.mark.parametrize("way", WAYS)
def test_a_full_disk_raises_nothing_into_the_application(tmp_path: Path, way: str) -> None:
    told = ran(tmp_path, way)
    assert len(told["kept"]) == 9
    assert told["kept"][0] is True
    assert told["kept"][-1] is False
    assert told["lost"] > 0
    assert told["critical"] == 1


def test_what_a_full_disk_took_is_whole_and_what_it_lost_is_a_gap(
    trail: Trail, tmp_path: Path
) -> None:
    kept = ran(tmp_path, "the client")["kept"].count(True)
    with Client(trail.url, "token", spool=tmp_path) as client:
        assert client.record(ordered())
        assert client.flush(10)
        assert client.condition.lost == 9 - kept
    assert trail.numbers == [*range(1, kept + 1), 10]


def test_what_could_not_even_be_counted_on_disk_is_counted_later(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 10_000)
    spool.append(ordered(1))
    (tmp_path / "lock").unlink()
    (tmp_path / "lock").mkdir()
    for _ in range(2):
        with pytest.raises(SpoolFull, match="cannot be written"):
            spool.append(ordered(2))
    (tmp_path / "lock").rmdir()
    assert spool.lost == 2
    assert spool.append(ordered(3)) == 4
    assert Spool(tmp_path, 10_000).lost == 2
