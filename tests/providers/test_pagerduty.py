"""Acknowledging in PagerDuty, in somebody's name."""

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
from quarterdeck.providers.pagerduty.carrier import PagerDutyCarrier
from quarterdeck.providers.webhook.sender import HttpSender
from servers import pagerduty
from servers.pagerduty import ACKNOWLEDGED, RESOLVED, TRIGGERED, PagerDuty

KEY = "R0123456789abcdefghijklmnopqrstuv"
NAMED = f"{KEY}:y_NbAkKc66ryYTWUXYEu:oncall@connectsoft.com"
PAGER = Channel(name="pager", kind=Kind.PAGERDUTY)
DOWN = Content(title="SEV-1: ATP Query down", severity="critical", state="firing")
TAKEN = replace(DOWN, state="acknowledged")
BODY = {"incident": {"type": "incident_reference", "status": "acknowledged"}}


@pytest.fixture
def site() -> Iterator[PagerDuty]:
    with pagerduty.running() as found:
        yield found


@pytest.fixture
def carrier(site: PagerDuty) -> Iterator[PagerDutyCarrier]:
    with closing(HttpSender("127.0.0.0/8")) as sender:
        yield PagerDutyCarrier(sender, site.url, f"{site.url}/")


def parcel(content: Content, secret: str = NAMED) -> Parcel:
    return Parcel(
        id="m1",
        tenant="acme",
        kind=Kind.PAGERDUTY,
        address="ATP Primary",
        channel=PAGER,
        secret=secret,
        contents=(content,),
        about="page/7",
        at=datetime(2026, 1, 7, tzinfo=UTC),
    )


@pytest.mark.census("ATP-109")
def test_who_acknowledges_does_it_by_the_rest_api_in_a_name(
    site: PagerDuty, carrier: PagerDutyCarrier
) -> None:
    assert carrier.carry(parcel(DOWN)).receipt == "acme/page/7"
    assert site.incidents == {"acme/page/7": TRIGGERED}
    done = carrier.carry(parcel(TAKEN))
    assert (done.taken, done.receipt) == (True, "acme/page/7")
    assert site.incidents == {"acme/page/7": ACKNOWLEDGED}
    [_, (method, path, headers, body)] = site.asked
    assert (method, path.startswith("/incidents/Q"), body) == ("PUT", True, BODY)
    assert headers["Authorization"] == "Token token=y_NbAkKc66ryYTWUXYEu"
    assert headers["From"] == "oncall@connectsoft.com"
    assert carrier.carry(parcel(replace(DOWN, state="resolved"))).taken
    assert site.incidents == {"acme/page/7": RESOLVED}


def test_without_a_token_it_is_an_event(site: PagerDuty, carrier: PagerDutyCarrier) -> None:
    for content in (DOWN, TAKEN):
        assert carrier.carry(parcel(content, KEY)).taken
    assert (site.incidents, site.asked) == ({"acme/page/7": ACKNOWLEDGED}, [])


def test_what_is_no_incident_there_is_an_event(site: PagerDuty, carrier: PagerDutyCarrier) -> None:
    assert carrier.carry(parcel(TAKEN)).taken
    assert [method for method, *_ in site.asked] == ["GET"]
    assert site.incidents == {"acme/page/7": ACKNOWLEDGED}


@pytest.mark.parametrize("status", [429, 500])
def test_what_may_pass_is_tried_again(
    site: PagerDuty, carrier: PagerDutyCarrier, status: int
) -> None:
    carrier.carry(parcel(DOWN))
    site.fail.append(status)
    got = carrier.carry(parcel(TAKEN))
    assert (got.taken, got.again, str(status) in got.error) == (False, True, True)
    assert site.incidents == {"acme/page/7": TRIGGERED}


def test_where_the_token_is_refused_it_is_an_event_and_rings_no_more(
    site: PagerDuty, carrier: PagerDutyCarrier
) -> None:
    carrier.carry(parcel(DOWN))
    site.fail.append(401)
    assert carrier.carry(parcel(TAKEN)).taken
    assert site.incidents == {"acme/page/7": ACKNOWLEDGED}


def test_a_secret_is_a_key_or_a_key_with_token_and_mail() -> None:
    for good in (KEY, NAMED):
        check_secret(PAGER, good)
    for bad in ("short", f"{KEY}:token", f"{KEY}:y_NbAkKc66ryYTWUXYEu:nobody", f"{NAMED}:x"):
        with pytest.raises(UnusableChannel, match="KEY:TOKEN:MAIL"):
            check_secret(PAGER, bad)
