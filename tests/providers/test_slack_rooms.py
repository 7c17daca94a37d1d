"""A Slack channel for each incident: created once, told of it, archived."""

import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.operations.channels.model.channel import (
    Channel,
    Kind,
    UnusableChannel,
    check_secret,
)
from quarterdeck.operations.messages.model import Content
from quarterdeck.operations.messages.ports import Parcel
from quarterdeck.providers.slack.naming import MOST_SUFFIXES, names
from quarterdeck.providers.slack.rooms import RoomCarrier
from quarterdeck.providers.webhook.sender import HttpSender
from servers import slack
from servers.slack import ME, TOKEN, Slack

TOPIC = "[SEV-2] [Ingestion] High Latency"
BRIEF = Content(
    title="War room #incident-2026-01-07-1432",
    text=f"Topic: {TOPIC}",
    severity="critical",
    state="firing",
    facts=(("Room", "#incident-2026-01-07-1432"), ("Topic", TOPIC)),
)
NAME = "incident-2026-01-07-1432-inc-2026-000001"
LINK = "https://acme.slack.com/archives/C001"
GOOD = re.compile(r"[a-z0-9][a-z0-9_-]{0,79}")
ROOMS = Channel(name="rooms", kind=Kind.ROOMS)


@pytest.fixture
def site() -> Iterator[Slack]:
    with slack.running() as found:
        yield found


@pytest.fixture
def sender() -> Iterator[HttpSender]:
    with closing(HttpSender("127.0.0.0/8")) as found:
        yield found


@pytest.fixture
def carrier(site: Slack, sender: HttpSender) -> RoomCarrier:
    return RoomCarrier(sender, site.url, archive=True)


def parcel(content: Content = BRIEF, **more: object) -> Parcel:
    found = Parcel(
        id="m1",
        tenant="acme",
        kind=Kind.ROOMS,
        address="rooms",
        channel=ROOMS,
        secret=TOKEN,
        contents=(content,),
        about="incident/INC-2026-000001",
        at=datetime(2026, 1, 7, tzinfo=UTC),
    )
    return replace(found, **more)  # type: ignore[arg-type]  # fields of a parcel


@given(st.text(max_size=200), st.from_regex(r"INC-[0-9]{4}-[0-9]{6,12}", fullmatch=True))
def test_every_name_is_one_that_slack_takes_and_has_the_whole_id(room: str, incident: str) -> None:
    found = [*names(room, incident)]
    assert all(GOOD.fullmatch(name) and incident.lower() in name for name in found)
    assert len({*found}) == len(found) == MOST_SUFFIXES
    assert found == [*names(room, incident)]


def test_a_channel_is_created_told_and_archived(site: Slack, carrier: RoomCarrier) -> None:
    assert carrier.carry(parcel()).receipt == LINK
    [made] = site.channels
    assert (made["name"], made["topic"]["value"]) == (NAME, TOPIC)
    better = replace(BRIEF, title=f"{TOPIC} - fixed", facts=(("Topic", f"{TOPIC} - fixed"),))
    assert carrier.carry(parcel(better, receipt=LINK)).receipt == LINK
    assert made["topic"]["value"] == f"{TOPIC} - fixed"
    over = parcel(replace(BRIEF, state="closed"), receipt=LINK)
    assert carrier.carry(over).receipt == LINK
    assert made["is_archived"]
    assert carrier.carry(replace(over, attempt=2)).taken  # of an attempt whose answer was lost
    assert len(site.posts) == 3
    assert len(site.channels) == 1


def test_a_topic_is_set_again_only_where_it_is_another(site: Slack, carrier: RoomCarrier) -> None:
    carrier.carry(parcel())
    carrier.carry(parcel(replace(BRIEF, title="Update"), receipt=LINK))
    assert site.asked.count("conversations.setTopic") == 1
    assert site.asked[-1] == "chat.postMessage"


@pytest.mark.parametrize(
    "lost", ["conversations.create", "conversations.setTopic", "chat.postMessage"]
)
def test_after_an_answer_that_was_lost_there_is_one_channel(
    site: Slack, carrier: RoomCarrier, lost: str
) -> None:
    site.lost = [lost]
    assert carrier.carry(parcel()).again
    assert carrier.carry(parcel(attempt=2)).receipt == LINK
    assert [one["name"] for one in site.channels] == [NAME]


def test_its_own_channel_is_found_beyond_the_first_page(site: Slack, carrier: RoomCarrier) -> None:
    site.page = 2
    for number in range(5):
        site.add(f"other-{number}", ME)
    site.lost = ["conversations.create"]
    carrier.carry(parcel())
    assert carrier.carry(parcel(attempt=2)).receipt == "https://acme.slack.com/archives/C006"


def test_a_name_that_others_have_gets_a_number(site: Slack, carrier: RoomCarrier) -> None:
    site.add(NAME)
    site.lost = ["chat.postMessage"]
    assert carrier.carry(parcel()).again
    assert carrier.carry(parcel(attempt=2)).taken
    assert [one["name"] for one in site.channels] == [NAME, f"{NAME}-2"]
    assert site.posts[-1]["channel"] == "C002"


def test_where_others_have_every_name_nothing_is_adopted(site: Slack, carrier: RoomCarrier) -> None:
    for name in names("#incident-2026-01-07-1432", "INC-2026-000001"):
        site.add(name)
    got = carrier.carry(parcel())
    assert (got.again, "name_taken" in got.error) == (False, True)
    assert site.posts == []


@pytest.mark.parametrize("method", ["conversations.create", "chat.postMessage"])
def test_slack_is_left_alone_for_as_long_as_it_asks(
    site: Slack, carrier: RoomCarrier, method: str
) -> None:
    site.fail = {method: [30]}
    got = carrier.carry(parcel())
    assert (got.taken, got.again, got.after) == (False, True, timedelta(seconds=30))
    assert carrier.carry(parcel(attempt=2)).receipt == LINK
    assert len(site.channels) == 1


@pytest.mark.parametrize(
    ("error", "todo"),
    [
        ("invalid_auth", "quarterdeck channel set NAME --secret -"),
        ("missing_scope", "channels:manage: grant the app what it lacks"),
        ("restricted_action", "let the app create channels"),
    ],
)
def test_a_refusal_says_what_to_do(
    site: Slack, carrier: RoomCarrier, error: str, todo: str
) -> None:
    site.fail = {"conversations.create": [error]}
    got = carrier.carry(parcel())
    assert (got.taken, got.again) == (False, False)
    assert got.error.startswith(f"Slack: {error}")
    assert todo in got.error


def test_another_token_is_refused(site: Slack, carrier: RoomCarrier) -> None:
    assert "invalid_auth" in carrier.carry(parcel(secret="xoxb-2-no")).error
    assert site.channels == []


def test_what_is_closed_before_it_had_a_channel_gets_none(
    site: Slack, carrier: RoomCarrier
) -> None:
    assert carrier.carry(parcel(replace(BRIEF, state="closed"))).taken
    assert site.channels == []


def test_archiving_can_be_left_to_people(site: Slack, sender: HttpSender) -> None:
    carrier = RoomCarrier(sender, site.url, archive=False)
    carrier.carry(parcel())
    carrier.carry(parcel(replace(BRIEF, state="closed"), receipt=LINK))
    assert site.channels[0]["is_archived"] is False


def test_a_test_creates_nothing_and_an_alert_is_refused(site: Slack, carrier: RoomCarrier) -> None:
    assert carrier.carry(parcel(about="channel/rooms")).taken
    assert "only incidents" in carrier.carry(parcel(about="alert/7")).error
    assert (site.channels, site.posts) == ([], [])


def test_a_long_topic_is_cut_and_calls_nobody(site: Slack, carrier: RoomCarrier) -> None:
    long = replace(BRIEF, facts=(("Topic", f"<!channel> {'x' * 400}"),))
    assert carrier.carry(parcel(long)).taken
    topic = site.channels[0]["topic"]["value"]
    assert (len(topic) <= 250, "<!channel>" in topic) == (True, False)


@pytest.mark.parametrize("secret", ["https://hooks.slack.com/x", "a-token"])
def test_only_a_bots_token_creates_channels(secret: str) -> None:
    check_secret(ROOMS, TOKEN)
    with pytest.raises(UnusableChannel):
        check_secret(ROOMS, secret)
