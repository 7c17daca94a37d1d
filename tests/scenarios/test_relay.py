"""The outbox relay as a process of its own: it says that it starts and stops, and publishes."""

import json
from pathlib import Path

import pytest

from quarterdeck.kernel import beats
from quarterdeck.kernel.db import reading
from quarterdeck.trail.deliveries.model import RELAY
from scenarios.installation import program, run
from servers import databases
from waiting import until

pytestmark = pytest.mark.postgres


def said(log: Path) -> list[str]:
    """What the relay told of itself in its log."""
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    return [one["event"] for one in lines if one["event"].startswith("relay ")]


def test_a_relay_apart_says_when_it_starts_and_stops(tmp_path: Path, postgres_url: str) -> None:
    data = tmp_path / "data"
    environment = {"QUARTERDECK_DATA": str(data), "QUARTERDECK_DATABASE": postgres_url}
    migrated = run("migrate", **environment)
    assert migrated.returncode == 0, migrated.stderr
    with databases.opened(postgres_url) as engine:

        def relays() -> int:
            with reading(engine) as db:
                return [one.role for one in beats.alive(db)].count(RELAY)

        with program("serve", "--role", "outbox-relay", **environment) as relay:
            relay.await_words("relay started")
            until(relays, 20, "its beat")
            assert relay.end() == 0
            relay.await_words("relay stopped")
        assert relays() == 0
    (log,) = (data / "logs").glob("outbox-relay*.jsonl")
    assert said(log) == ["relay started", "relay stopped"]
