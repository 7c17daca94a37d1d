"""The client against a simulated Azure, over real TLS."""

import json
from itertools import pairwise
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from providers.rehearsal import Rehearsal, cloud_of, connection, everything, options_for
from providers.rehearsal import clouds as opened_clouds
from quarterdeck.governance.cloud.ports import Cloud, CloudFailure, FailureClass
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.errors import Invalid
from quarterdeck.providers.azure.options import AzureOptions, Patience, neighbours
from quarterdeck.providers.simulator.options import SimulatorOptions
from quarterdeck.providers.simulator.server import running
from quarterdeck.providers.simulator.tls import loopback_tls

FAILURES = [
    ("throttle", FailureClass.RATE_LIMIT, "429"),
    ("unauthorized", FailureClass.AUTHENTICATION, "InvalidAuthenticationToken"),
    ("forbidden", FailureClass.AUTHENTICATION, "AuthorizationFailed"),
    ("missing", FailureClass.DATA, "SubscriptionNotFound"),
    ("broken", FailureClass.UNKNOWN, "InternalServerError"),
    ("unavailable", FailureClass.TIMEOUT, "ServerBusy"),
    ("garbled", FailureClass.DATA, "not JSON"),
    ("truncated", FailureClass.DATA, "ends after"),
    ("renamed", FailureClass.DATA, "missing required field `value`"),
    ("loop", FailureClass.DATA, "repeats an earlier one"),
    ("repeated", FailureClass.DATA, "circle|repeats"),
    ("astray", FailureClass.DATA, "next page is not where"),
]
PASSING = ["throttle", "broken", "unavailable", "garbled", "truncated"]
LASTING = ["unauthorized", "forbidden", "missing", "renamed", "astray"]
WAIT_HEADERS = [
    "retry-after",
    "retry-after-ms",
    "x-ms-retry-after-ms",
    "x-ms-ratelimit-microsoft.costmanagement-qpu-retry-after",
    "x-ms-ratelimit-microsoft.costmanagement-entity-retry-after",
    "x-ms-ratelimit-microsoft.costmanagement-tenant-retry-after",
    "x-ms-ratelimit-microsoft.costmanagement-client-retry-after",
]


def test_it_is_a_cloud_of_sync(simulator: Rehearsal) -> None:
    with cloud_of(simulator) as cloud:
        port: Cloud = cloud
        port.check()


def test_every_subscription_of_the_directory_is_listed_and_no_other(simulator: Rehearsal) -> None:
    for number, tenant in enumerate(simulator.estate()):
        with cloud_of(simulator, number) as cloud:
            found = {(one.id, one.name, one.state) for one in cloud.subscriptions()}
        assert found == {(one["id"], one["name"], "Enabled") for one in tenant["subscriptions"]}


def test_every_resource_arrives_once_over_many_pages(simulator: Rehearsal) -> None:
    expected = simulator.estate()[0]["subscriptions"]
    with cloud_of(simulator) as cloud:
        pages = {one.id: list(cloud.resources(one.id)) for one in cloud.subscriptions()}
        ids = [json.loads(item)["id"] for item in everything(cloud)]
    assert len(ids) == len(set(ids)) == sum(one["resources"] for one in expected)
    assert max(len(of) for of in pages.values()) > 1
    for one in expected:
        assert sum(len(page.items) for page in pages[one["id"]]) == one["resources"]


def test_the_times_when_a_resource_was_made_and_changed_are_asked_for(simulator: Rehearsal) -> None:
    with cloud_of(simulator) as cloud:
        item = json.loads(everything(cloud)[0])
    assert {"createdTime", "changedTime", "provisioningState"} <= item.keys()


def test_fields_that_nobody_knows_arrive_as_they_were_sent(simulator: Rehearsal) -> None:
    subscription = simulator.subscription()
    odd: dict[str, Any] = {
        "id": f"/subscriptions/{subscription}/resourceGroups/a/providers/X.Y/z/aaaa",
        "newIn2031": {"n": 12345678901234567890, "e": 1.10, "u": "Å\u2028"},
    }
    simulator.http.put("/_simulator/resources", json=odd)
    with cloud_of(simulator) as cloud:
        items = [item for page in cloud.resources(subscription) for item in page.items]
    simulator.http.delete("/_simulator/resources", params={"id": odd["id"]})
    found = next(item for item in items if b"newIn2031" in item)
    assert b'"newIn2031":{"n":12345678901234567890,' in found
    assert odd.items() <= json.loads(found).items()


def test_each_page_bears_the_clouds_own_id_of_the_exchange(simulator: Rehearsal) -> None:
    with cloud_of(simulator) as cloud:
        pages = list(cloud.resources(simulator.subscription()))
    ids = [page.request_id for page in pages]
    assert all(len(one) == 36 for one in ids)
    assert all(one != other for one, other in pairwise(ids))


@pytest.mark.parametrize(("kind", "expected", "words"), FAILURES)
def test_a_failure_has_its_class_its_words_and_its_id(
    simulator: Rehearsal, kind: str, expected: FailureClass, words: str
) -> None:
    simulator.fault(kind, seconds=0)
    with cloud_of(simulator) as cloud, pytest.raises(CloudFailure, match=words) as failed:
        list(cloud.resources(simulator.subscription()))
    assert failed.value.kind is expected
    if kind not in ("loop", "repeated", "astray"):
        assert len(failed.value.request_id) == 36


@pytest.mark.parametrize("kind", PASSING)
def test_a_failure_that_passes_is_waited_out(simulator: Rehearsal, kind: str) -> None:
    simulator.fault(kind, times=2, seconds=0)
    with cloud_of(simulator) as cloud:
        pages = list(cloud.resources(simulator.subscription()))
    assert sum(len(page.items) for page in pages) == resources_of(simulator)
    assert simulator.faults() == []


@pytest.mark.parametrize("kind", LASTING)
def test_a_failure_that_lasts_is_not_tried_again(simulator: Rehearsal, kind: str) -> None:
    simulator.fault(kind, times=2)
    with cloud_of(simulator) as cloud, pytest.raises(CloudFailure):
        list(cloud.resources(simulator.subscription()))
    left = sum(fault["times"] for fault in simulator.faults())
    assert left == 1


def test_tries_are_bounded(simulator: Rehearsal) -> None:
    simulator.fault("unavailable", times=9)
    with cloud_of(simulator) as cloud, pytest.raises(CloudFailure):
        list(cloud.resources(simulator.subscription()))
    assert simulator.faults()[0]["times"] == 6


def test_a_failure_on_a_later_page_comes_after_the_pages_before_it(simulator: Rehearsal) -> None:
    simulator.fault("forbidden", page=2)
    with cloud_of(simulator) as cloud:
        pages = cloud.resources(simulator.subscription())
        assert len(next(pages).items) == 1_000
        with pytest.raises(CloudFailure):
            next(pages)


@pytest.mark.parametrize("header", WAIT_HEADERS)
def test_the_wait_that_the_cloud_asks_for_is_kept(simulator: Rehearsal, header: str) -> None:
    simulator.fault("throttle", times=1, seconds=0.15, header=header)
    begun = monotonic()
    with cloud_of(simulator) as cloud:
        list(cloud.resources(simulator.subscription()))
    assert monotonic() - begun >= 0.15


def test_a_long_wait_is_handed_to_whoever_schedules_the_work(simulator: Rehearsal) -> None:
    simulator.fault("throttle", seconds=900, times=2)
    with cloud_of(simulator) as cloud, pytest.raises(CloudFailure) as failed:
        list(cloud.resources(simulator.subscription()))
    assert failed.value.kind is FailureClass.RATE_LIMIT
    assert failed.value.retry_after_s == 900
    assert simulator.faults()[0]["times"] == 1


def test_a_page_that_cannot_be_read_is_handed_on_with_its_bytes(simulator: Rehearsal) -> None:
    simulator.fault("renamed")
    with cloud_of(simulator) as cloud, pytest.raises(CloudFailure) as failed:
        list(cloud.resources(simulator.subscription()))
    assert len(json.loads(failed.value.page)["items"]) == 1_000


def test_a_late_answer_is_a_timeout(simulator: Rehearsal) -> None:
    simulator.fault("slow", seconds=5)
    once = Patience(attempts=1)
    with (
        cloud_of(simulator, silence_s=0.1, patience=once) as cloud,
        pytest.raises(CloudFailure, match="no answer in time") as failed,
    ):
        list(cloud.resources(simulator.subscription()))
    assert failed.value.kind is FailureClass.TIMEOUT


def test_a_refused_token_is_not_used_again(simulator: Rehearsal) -> None:
    with cloud_of(simulator) as cloud:
        cloud.check()
        simulator.http.delete("/_simulator/tokens")
        with pytest.raises(CloudFailure) as failed:
            list(cloud.subscriptions())
        assert failed.value.kind is FailureClass.AUTHENTICATION
        assert list(cloud.subscriptions())


def test_another_directorys_subscription_is_refused(simulator: Rehearsal) -> None:
    with cloud_of(simulator, 0) as cloud, pytest.raises(CloudFailure) as failed:
        list(cloud.resources(simulator.subscription(tenant=1)))
    assert failed.value.kind is FailureClass.AUTHENTICATION
    assert "InvalidAuthenticationTokenTenant" in str(failed.value)


def test_an_unknown_subscription_is_a_failure_and_no_empty_listing(simulator: Rehearsal) -> None:
    with cloud_of(simulator) as cloud, pytest.raises(CloudFailure, match="SubscriptionNotFound"):
        list(cloud.resources("no/such subscription"))


def test_a_cloud_that_is_gone_is_a_timeout(tmp_path: Path) -> None:
    with running(SimulatorOptions(folder=tmp_path, tenants=1, resources=1)) as gone:
        pass
    with (
        opened_clouds(options_for(gone), {"SECRET": gone.tenants[0].client_secret}) as clouds,
        pytest.raises(CloudFailure) as failed,
    ):
        clouds.open(connection(gone.tenants[0])).check()
    assert failed.value.kind is FailureClass.TIMEOUT


def test_a_cloud_whose_certificate_is_not_trusted_gets_no_secret(
    simulator: Rehearsal, tmp_path: Path
) -> None:
    other = tmp_path / "other.pem"
    other.write_bytes(loopback_tls(utc_now()).ca_pem)
    with (
        cloud_of(simulator, ca_file=other) as cloud,
        pytest.raises(CloudFailure, match="CA file") as failed,
    ):
        cloud.check()
    assert failed.value.kind is FailureClass.UNKNOWN


@pytest.mark.parametrize(
    "address", ["http://management.azure.com", "ftp://127.0.0.1", "management.azure.com", ""]
)
def test_an_address_where_a_token_could_leak_is_refused(address: str) -> None:
    with pytest.raises(Invalid):
        AzureOptions(endpoint=address)


@pytest.mark.parametrize("name", ["endpoint", "graph", "authority", "vault_endpoint"])
def test_no_address_of_the_cloud_may_be_an_open_one(name: str) -> None:
    with pytest.raises(Invalid, match="https"):
        AzureOptions(**{name: "http://management.example"})  # type: ignore[arg-type]  # an address


def test_who_rehearses_never_asks_the_real_cloud() -> None:
    local = "https://127.0.0.1:9443"
    assert neighbours(local) == (local, f"{local}/status/feed/")
    assert neighbours("https://management.azure.com")[0] == "https://graph.microsoft.com"


def resources_of(simulator: Rehearsal) -> int:
    return int(simulator.estate()[0]["subscriptions"][0]["resources"])
