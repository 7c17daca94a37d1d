"""What the cloud says of itself, read so that no answer is never taken for a good one."""

from datetime import UTC, datetime

import pytest

from providers.rehearsal import Rehearsal, options_for
from quarterdeck.governance.cloud.ports import AskStatus, CloudCondition
from quarterdeck.providers.azure.options import AzureOptions
from quarterdeck.providers.azure.status import AzureStatus, read_feed, read_host

RSS = (
    '<?xml version="1.0"?><rss version="2.0"><channel><title>Azure Status</title>{}</channel></rss>'
)
ITEM = "<item><title>{}</title><pubDate>{}</pubDate></item>"
FRIDAY = "Fri, 20 Nov 2026 10:15:00 GMT"


def status_of(simulator: Rehearsal) -> AzureStatus:
    url = simulator.running.url
    return AzureStatus(options=options_for(simulator.running, status=f"{url}/status/feed/"))


def test_a_cloud_without_incidents_is_healthy(simulator: Rehearsal) -> None:
    ask: AskStatus = status_of(simulator)
    assert ask().condition is CloudCondition.HEALTHY


def test_an_incident_makes_it_degraded_since_it_began(simulator: Rehearsal) -> None:
    simulator.http.post("/_simulator/incidents", json={"title": "Entra ID: sign-ins fail"})
    try:
        found = status_of(simulator)()
    finally:
        simulator.http.delete("/_simulator/incidents")
    assert found.condition is CloudCondition.DEGRADED
    assert found.detail == "Entra ID: sign-ins fail"
    assert found.since is not None


def test_the_identity_host_is_asked_apart(simulator: Rehearsal) -> None:
    assert status_of(simulator).identity().condition is CloudCondition.HEALTHY


def test_of_several_incidents_all_are_named_and_the_first_counts() -> None:
    later = ITEM.format("B", "Fri, 20 Nov 2026 11:00:00 GMT")
    odd = ITEM.format("C", "yesterday") + "<item/>"
    body = RSS.format(later + ITEM.format("A &amp;\n a", FRIDAY) + odd).encode()
    found = read_feed(200, body)
    assert found.detail == "B; A & a; C; an incident without a title"
    assert found.since == datetime(2026, 11, 20, 10, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"<rss/>",
        b'{"status": "fine"}',
        b"\xff\xfe\x00",
        b'<!DOCTYPE x [<!ENTITY a "aaaa">]><rss><channel>&a;</channel></rss>',
    ],
)
def test_what_is_no_feed_says_nothing(body: bytes) -> None:
    assert read_feed(200, body).condition is CloudCondition.NOT_KNOWN


@pytest.mark.parametrize("status", [302, 404, 503])
def test_a_feed_that_is_not_served_says_nothing(status: int) -> None:
    found = read_feed(status, RSS.format("").encode())
    assert (found.condition, str(status) in found.detail) == (CloudCondition.NOT_KNOWN, True)


def test_an_identity_host_with_a_fault_is_degraded() -> None:
    assert read_host(503, b"").condition is CloudCondition.DEGRADED


@pytest.mark.parametrize("url", ["", "https://127.0.0.1:9/feed", "https://[/", "nonsense"])
def test_who_cannot_be_asked_is_not_known_and_nothing_is_raised(url: str) -> None:
    found = AzureStatus(options=AzureOptions(status=url, authority="https://127.0.0.1:9"))
    assert found().condition is CloudCondition.NOT_KNOWN
    assert found.identity().condition is CloudCondition.NOT_KNOWN


def test_a_feed_whose_certificate_is_not_trusted_is_not_believed(simulator: Rehearsal) -> None:
    url = simulator.running.url
    found = AzureStatus(options=AzureOptions(status=f"{url}/status/feed/"))()
    assert found.condition is CloudCondition.NOT_KNOWN
    assert "certificate" in found.detail.lower()
