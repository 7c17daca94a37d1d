"""What Azure really said, played back over HTTPS, through client and sync into the inventory."""

import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from time import sleep

import pytest
from sqlalchemy import select
from typing_extensions import override

from governance.estate import Estate
from quarterdeck.governance.cloud.ports import Cloud, Pause
from quarterdeck.governance.connections.model import Connection
from quarterdeck.governance.inventory.store.tables import bodies, resources
from quarterdeck.governance.sync.model import RunState
from quarterdeck.kernel.clock import utc_now
from quarterdeck.providers.simulator.recorded import open_recorded


@dataclass
class Recorded(Estate):
    """An estate whose one cloud is the recording in hand."""

    playing: Cloud | None = None

    @override
    def open(self, connection: Connection, pause: Pause = sleep, /) -> Cloud:
        return self.playing or super().open(connection, pause)


def recorded(cassette: Path) -> dict[str, list[str]]:
    """Every resource of a GET in the file by its id, by the standard library alone."""
    found = defaultdict(list)
    for one in json.loads(cassette.read_text())["interactions"]:
        body = one["response"]["body"]
        answer = body.get("data", body.get("string"))
        if isinstance(answer, str) and answer.startswith("{"):
            answer = json.loads(answer)
        if one["request"]["method"] != "GET" or not isinstance(answer, dict):
            continue
        value = answer.get("value")
        for item in value if isinstance(value, list) else [answer]:
            typed = isinstance(item, dict) and "type" in item
            named = str(item.get("id")) if typed else ""
            if named.startswith("/subscriptions/"):
                found[item["id"].casefold()].append(canonical(item))
    return found


def canonical(item: object) -> str:
    return json.dumps(item, sort_keys=True)


def arrived(estate: Estate) -> dict[str, str]:
    """The inventory: each body by its cloud's id."""
    query = select(resources.c.cloud_id, bodies.c.body).join_from(bodies, resources)
    with estate.engine.connect() as db:
        rows = db.execute(query).all()
    return {row.cloud_id.casefold(): canonical(json.loads(row.body)) for row in rows}


@pytest.fixture
def cassettes(shared_data: Path) -> list[Path]:
    folder = shared_data / "data" / "azure-recordings" / "cassettes"
    if not folder.is_dir():
        pytest.skip(f"no recorded exchanges at {folder}")
    return sorted(folder.glob("*.json"))


def test_every_resource_that_azure_was_recorded_with_arrives_whole(
    estate: Estate, cassettes: list[Path], tmp_path: Path
) -> None:
    expected: dict[str, list[str]] = defaultdict(list)
    for cassette in cassettes:
        for resource, told in recorded(cassette).items():
            expected[resource] += told
    inventory = Recorded(estate.engine)
    inventory.connect("recorded")
    with open_recorded(cassettes, tmp_path, utc_now()) as inventory.playing:
        run = inventory.sync()
    assert (run.state, run.counts.quarantined) == (RunState.SUCCESS, 0)
    assert run.counts.seen >= sum(map(len, expected.values())) > 950
    held = arrived(inventory)
    assert held.keys() == expected.keys()
    assert all(held[resource] in told for resource, told in expected.items())


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_bodies_are_the_recorded_bytes(
    estate: Estate, cassettes: list[Path], tmp_path: Path
) -> None:
    [cassette] = [file for file in cassettes if file.name == "ArmResourceTest.common.json"]
    inventory = Recorded(estate.engine)
    inventory.connect("recorded")
    with open_recorded([cassette], tmp_path, utc_now()) as inventory.playing:
        assert inventory.sync().counts.added == 7
    with estate.engine.connect() as db:
        kept = list(db.scalars(select(bodies.c.body)))
    file = cassette.read_bytes()
    assert all(body.encode() in file for body in kept)
