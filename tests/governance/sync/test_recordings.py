"""What Azure really said, played back over HTTPS, through client and sync into the inventory."""

import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select

from governance.estate import Estate
from quarterdeck.governance.connections.model import Connection
from quarterdeck.governance.inventory.store.tables import bodies, resources
from quarterdeck.governance.sync.model import RunState
from quarterdeck.governance.sync.ports import Cloud
from quarterdeck.kernel.clock import utc_now
from quarterdeck.providers.simulator.recorded import open_recorded


@dataclass
class Recorded(Estate):
    """An estate whose one cloud is the recording in hand."""

    playing: Cloud | None = None

    def open(self, connection: Connection) -> Cloud:
        return self.playing or super().open(connection)


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
            typed = isinstance(item, dict) and isinstance(item.get("type"), str)
            named = str(item.get("id")) if typed else ""
            if named.startswith("/subscriptions/"):
                found[item["id"].casefold()].append(canonical(item))
    return found


def canonical(item: object) -> str:
    return json.dumps(item, sort_keys=True)


def arrived(estate: Estate) -> dict[str, str]:
    """The inventory: each body by its cloud's id; bodies come back as the bytes that were sent."""
    query = select(resources.c.cloud_id, bodies.c.body).join_from(bodies, resources)
    with estate.engine.connect() as db:
        return {
            row.cloud_id.casefold(): canonical(json.loads(row.body)) for row in db.execute(query)
        }


def test_every_resource_that_azure_was_recorded_with_arrives_whole(
    estate: Estate, shared_data: Path, tmp_path: Path
) -> None:
    folder = shared_data / "data" / "azure-recordings" / "cassettes"
    total = 0
    known: dict[str, list[str]] = defaultdict(list)
    inventory = Recorded(estate.engine)
    inventory.connect("recorded")
    for cassette in sorted(folder.glob("*.json")):
        expected = recorded(cassette)
        with open_recorded(cassette, tmp_path, utc_now()) as inventory.playing:
            run = inventory.sync()
        assert (run.state, run.failure) == (RunState.SUCCESS, ""), cassette.name
        held = arrived(inventory)
        for resource, told in expected.items():
            known[resource] += told
            assert held[resource] in told, (cassette.name, resource)
        total += len(expected)
    assert total > 500
    assert arrived(inventory).keys() == known.keys()


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_bodies_are_the_recorded_bytes(estate: Estate, shared_data: Path, tmp_path: Path) -> None:
    cassette = (
        shared_data / "data" / "azure-recordings" / "cassettes" / "ArmResourceTest.common.json"
    )
    inventory = Recorded(estate.engine)
    inventory.connect("recorded")
    with open_recorded(cassette, tmp_path, utc_now()) as inventory.playing:
        assert inventory.sync().counts.added > 10
    with estate.engine.connect() as db:
        kept = list(db.scalars(select(bodies.c.body)))
    file = cassette.read_bytes()
    assert all(body.encode() in file for body in kept)
