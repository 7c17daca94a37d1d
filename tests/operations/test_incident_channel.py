"""The channel of an incident in Slack: created as it is declared, told, archived with its end."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from operations.incidents.stage import NOON
from operations.test_incident_life import House
from quarterdeck.operations.channels.model.channel import Kind
from quarterdeck.operations.incidents.model.incident import Incident, Postmortem
from quarterdeck.operations.incidents.service import (
    describing,
    leading,
    looking,
    noting,
    reviewing,
    rooming,
)
from quarterdeck.operations.incidents.service.chatting import ABSENT, UNDER_WAY, Chat
from servers import jira, mail, sink, slack
from servers.slack import TOKEN, Slack

LINK = "https://acme.slack.com/archives/C001"
FOUR = {"v2/enqueue": 1, "atp-incidents": 1, "oncall@acme.example": 1, "issues": 1}


@pytest.fixture
def chats() -> Iterator[Slack]:
    with slack.running() as found:
        yield found


@pytest.fixture
def house(engine: Engine, tmp_path: Path, chats: Slack) -> Iterator[House]:
    with sink.running() as came, mail.running() as box, jira.running() as site:
        made = House(engine, tmp_path, came, box, site)
        made.outbox.slack_url = chats.url
        made.grade("atp", "atp")
        yield made
        made.outbox.close()


def chat(house: House, made: Incident) -> Chat | None:
    with house.work() as work:
        return looking.account(work, made.id).chat


@pytest.mark.census("ATP-106")
def test_a_high_one_reaches_four_sinks_once_and_has_a_channel_of_its_own(
    house: House, chats: Slack
) -> None:
    house.outbox.channel("rooms", Kind.ROOMS, TOKEN)
    made = house.declare("SEV-2")
    assert house.told() == FOUR
    [created] = chats.channels
    assert created["name"] == f"incident-{NOON:%Y-%m-%d-%H%M}-{made.id.lower()}"
    assert created["topic"]["value"] == "[SEV-2] [Ingestion] High Latency"
    [post] = chats.posts
    assert "Invite: Incident Commander: nobody yet" in str(post["blocks"])
    assert chat(house, made) == Chat(links=(LINK,))


def test_it_goes_on_in_its_channel_until_that_is_archived(house: House, chats: Slack) -> None:
    house.outbox.channel("rooms", Kind.ROOMS, TOKEN)
    made = house.declare("SEV-2")
    with house.work() as work:
        rooming.open_by_hand(work, made.id)
        describing.describe(work, made.id, describing.Said(symptom="Errors"))
    house.settle()
    [created] = chats.channels
    assert created["topic"]["value"] == "[SEV-2] [Ingestion] Errors"
    house.resolve(made.id)
    assert created["topic"]["value"].endswith("Errors - Resolved")
    with house.work() as work:
        describing.describe(work, made.id, describing.Said(root_cause=("a full pool",)))
        noting.add_action(work, made.id, "raise the pool")
        reviewing.review(work, made.id, Postmortem(summary="it was full"))
        assert leading.facts_of(work, looking.one(work, made.id)).actions
        reviewing.close(work, made.id)
    assert not created["is_archived"]  # nobody waits for Slack
    house.settle()
    assert created["is_archived"]
    assert len(chats.channels) == 1
    assert chat(house, made) == Chat(links=(LINK,))


def test_nothing_is_asked_before_it_is_declared_for_good(house: House, chats: Slack) -> None:
    house.outbox.channel("rooms", Kind.ROOMS, TOKEN)
    chats.lost = ["conversations.create"]
    made = house.declare("SEV-1")
    assert len(chats.channels) == 1
    waits = chat(house, made)
    assert waits is not None
    assert (waits.links, bool(waits.why)) == ((), True)
    house.outbox.due_now()
    house.settle()
    assert len(chats.channels) == 1
    assert chat(house, made) == Chat(links=(LINK,))


def test_while_it_waits_the_room_says_so(house: House, chats: Slack) -> None:
    house.outbox.channel("rooms", Kind.ROOMS, TOKEN)
    house.settle = lambda: None  # type: ignore[method-assign]  # no worker runs
    assert chat(house, house.declare("SEV-2")) == Chat(why=UNDER_WAY)
    assert chats.asked == []


@pytest.mark.parametrize("error", ["invalid_auth", "missing_scope"])
def test_what_slack_refuses_stands_in_the_room_with_what_to_do(
    house: House, chats: Slack, error: str
) -> None:
    house.outbox.channel("rooms", Kind.ROOMS, TOKEN)
    chats.fail = {"auth.test": [error], "conversations.create": [error]}
    made = house.declare("SEV-2")
    refused = chat(house, made)
    assert refused is not None
    assert refused.why.startswith(f"Slack: {error}")
    assert house.told() == FOUR
    chats.fail = {}
    with house.work() as work:
        leading.acknowledge(work, made.id)
    house.settle()
    assert chat(house, made) == Chat(links=(LINK,))  # mended: what is told next creates it


def test_without_a_token_all_is_as_it_was_and_the_room_says_so(house: House, chats: Slack) -> None:
    made = house.declare("SEV-2")
    assert chat(house, made) == Chat(why=ABSENT)
    house.outbox.channel("rooms", Kind.ROOMS)
    lacks = chat(house, made)
    assert lacks is not None
    assert "channel rooms needs its secret" in lacks.why
    assert (house.told(), chats.asked) == (FOUR, [])


def test_a_medium_one_has_none(house: House, chats: Slack) -> None:
    house.outbox.channel("rooms", Kind.ROOMS, TOKEN)
    assert chat(house, house.declare("SEV-3")) is None
    assert chats.asked == []
