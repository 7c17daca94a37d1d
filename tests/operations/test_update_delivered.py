"""An update to audiences, by real servers: what came out there, and what is kept of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from operations.incidents.stage import NOON
from operations.test_incident_life import House
from quarterdeck.operations.audiences import service as audiences
from quarterdeck.operations.audiences.model import Audience
from quarterdeck.operations.contacts import service as contacts
from quarterdeck.operations.contacts.model import Channel, Contact, Means, Section
from quarterdeck.operations.incidents.service import looking, updating
from servers import jira, mail, sink

BOSS = Contact(
    name="boss",
    title="Boss",
    section=Section.STAKEHOLDER,
    channels=(
        Channel(means=Means.MAIL, address="boss@acme.example"),
        Channel(means=Means.MAIL, address="gone@acme.example"),
    ),
)


def audience(
    name: str, *, channels: tuple[str, ...] = (), people: tuple[str, ...] = ()
) -> Audience:
    return Audience(
        name=name,
        title=name.title(),
        subject="${incident} ${status}",
        text="${update}\nSince ${began}",
        channels=channels,
        contacts=people,
    )


@pytest.fixture
def house(engine: Engine, tmp_path: Path) -> Iterator[House]:
    with sink.running() as came, mail.running() as box, jira.running() as site:
        made = House(engine, tmp_path, came, box, site)
        with made.work() as work:
            contacts.put(work, "acme", BOSS)
            audiences.put(work, "acme", audience("engineering", channels=("atp-ops",)))
            audiences.put(work, "acme", audience("management", people=("boss",)))
        yield made
        made.outbox.close()


@pytest.mark.census("BK-015")
def test_an_update_comes_out_by_each_way_and_its_room_says_when_or_why_not(house: House) -> None:
    house.box.refuses["gone@acme.example"] = ["550 no such person"]
    made = house.declare("SEV-4")
    with house.work() as work:
        updating.post_update(work, made.id, "Half of it is back", ["engineering", "management"])
    house.settle()
    text = f"Half of it is back\nSince {NOON:%Y-%m-%d %H:%M} UTC"
    [chat] = house.came.of("/atp-ops")
    assert chat.body["blocks"][1]["text"]["text"] == text
    [letter] = house.box.to("boss@acme.example")
    assert f"{made.id} Investigating" in letter.message["Subject"]
    assert text.splitlines() == letter.message.get_content().splitlines()[-2:]
    with house.work() as work:
        found = looking.account(work, made.id).bulletins
    became = {way.address: (way.state, way.at, way.why) for one in found for way in one.deliveries}
    assert became["atp-ops"] == ("sent", NOON, "")
    assert became["boss@acme.example"] == ("sent", NOON, "")
    state, _, why = became["gone@acme.example"]
    assert (state, "550" in why) == ("failed", True)
    assert {one.bulletin.text for one in found} == {text}
