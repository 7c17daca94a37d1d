"""Tickets in Jira: one for each thing that is told of, and closed when it is over."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from quarterdeck.operations.channels.model.channel import (
    Channel,
    Kind,
    UnusableChannel,
    check_secret,
)
from quarterdeck.operations.messages.model import Content
from quarterdeck.operations.messages.ports import Parcel
from quarterdeck.providers.jira.carrier import JiraCarrier
from quarterdeck.providers.webhook.sender import HttpSender
from servers import jira
from servers.jira import DONE, OPEN, Jira

DOWN = Content(
    title="SEV-1: ATP Query down in eastus",
    text="Nobody can read.",
    severity="critical",
    state="firing",
    facts=(("service", "query"),),
    links=(("Runbook", "https://wiki.example/6.1"),),
)


@pytest.fixture(params=[True, False], ids=["cloud", "data center"])
def site(request: pytest.FixtureRequest) -> Iterator[Jira]:
    with jira.running(cloud=request.param) as found:
        yield found


@pytest.fixture
def carrier() -> Iterator[JiraCarrier]:
    with closing(HttpSender("127.0.0.0/8")) as sender:
        yield JiraCarrier(sender)


def parcel(site: Jira, content: Content = DOWN, **more: object) -> Parcel:
    found = Parcel(
        id="m1",
        tenant="acme",
        kind=Kind.JIRA,
        address="OPS",
        channel=Channel(name="tickets", kind=Kind.JIRA, url=site.url, place="OPS/Incident"),
        secret="bot@example.com:token",
        contents=(content,),
        about="alert/7",
        at=datetime(2026, 1, 7, tzinfo=UTC),
    )
    return replace(found, **more)  # type: ignore[arg-type]  # fields of a parcel


def test_an_issue_is_made_told_of_and_closed(site: Jira, carrier: JiraCarrier) -> None:
    made = carrier.carry(parcel(site))
    assert (made.taken, made.receipt) == (True, "OPS-1")
    [issue] = site.issues
    assert issue["summary"] == "SEV-1: ATP Query down in eastus"
    assert (issue["issuetype"], issue["priority"]) == ({"name": "Incident"}, {"name": "Highest"})
    assert issue["description"] == (
        "Nobody can read.\n\nservice: query\n\nRunbook: https://wiki.example/6.1"
    )
    known = parcel(site, replace(DOWN, state="acknowledged"), receipt="OPS-1")
    assert carrier.carry(known).receipt == "OPS-1"
    over = parcel(site, replace(DOWN, state="resolved", text=""), receipt="OPS-1")
    assert carrier.carry(over).taken
    assert (len(site.issues), issue["status"]) == (1, DONE)
    first, last = site.comments["OPS-1"]
    assert first.startswith("Acknowledged: SEV-1")
    assert last.startswith("Resolved: SEV-1")
    assert carrier.carry(over).taken  # what is done stays so
    assert set(site.authorization) == {"Basic Ym90QGV4YW1wbGUuY29tOnRva2Vu"}


def test_after_an_answer_that_was_lost_there_is_one_issue(site: Jira, carrier: JiraCarrier) -> None:
    site.lost = 1
    assert carrier.carry(parcel(site)).again
    assert carrier.carry(parcel(site, attempt=2)).receipt == "OPS-1"
    assert [one["key"] for one in site.issues] == ["OPS-1"]


def test_without_a_receipt_it_is_found_until_it_is_done(site: Jira, carrier: JiraCarrier) -> None:
    for _ in range(2):
        assert carrier.carry(parcel(site)).receipt == "OPS-1"
    over = carrier.carry(parcel(site, replace(DOWN, state="resolved")))
    assert (over.taken, over.receipt) == (True, "")
    assert site.issues[0]["status"] is DONE
    assert carrier.carry(parcel(site)).receipt == "OPS-2"


def test_a_project_without_priorities_has_its_issue_all_the_same(
    site: Jira, carrier: JiraCarrier
) -> None:
    site.priorities = ()
    assert carrier.carry(parcel(site)).receipt == "OPS-1"
    assert "priority" not in site.issues[0]


def test_what_is_over_before_it_was_told_makes_no_issue(site: Jira, carrier: JiraCarrier) -> None:
    assert carrier.carry(parcel(site, replace(DOWN, state="resolved"))).taken
    assert site.issues == []


@pytest.mark.parametrize("status", [401, 403, 404, 429, 503])
def test_a_refusal_says_whether_to_try_again(site: Jira, carrier: JiraCarrier, status: int) -> None:
    site.fail = [status, status]
    got = carrier.carry(parcel(site))
    assert (got.taken, got.again, got.status) == (False, status in (429, 503), status)
    site.fail = []
    carrier.carry(parcel(site))
    site.fail = [status]
    over = carrier.carry(parcel(site, replace(DOWN, state="resolved"), receipt="OPS-1"))
    assert (over.taken, site.issues[0]["status"]) == (False, OPEN)


@pytest.mark.parametrize(("place", "url"), [("ops", "https://x"), ("", "https://x"), ("OPS", "")])
def test_a_channel_that_names_no_project_or_no_site_is_refused(place: str, url: str) -> None:
    with pytest.raises(UnusableChannel):
        Channel(name="tickets", kind=Kind.JIRA, url=url, place=place)
    check_secret(Channel(name="t", kind=Kind.JIRA, url="https://x", place="OPS"), "a-token")
