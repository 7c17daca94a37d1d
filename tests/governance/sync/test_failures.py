"""What a run does about each class of failure, and what it never does."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from governance.estate import Estate, FakeCloud, arm
from quarterdeck.governance.cloud.ports import CloudFailure, FailureClass
from quarterdeck.governance.connections.service import azure_configured
from quarterdeck.governance.inventory import service as inventory
from quarterdeck.governance.inventory.filters import Filter
from quarterdeck.governance.inventory.model import named
from quarterdeck.governance.sync.failures import ATTEMPTS
from quarterdeck.governance.sync.model import RunState
from quarterdeck.governance.sync.store.tables import quarantine
from quarterdeck.kernel.jobs.model import Job

SECOND = timedelta(seconds=1)


def repetitions(estate: Estate) -> list[Job]:
    return [job for job in estate.jobs("ready") if job.body["attempt"] > 1]


def live(estate: Estate) -> set[str]:
    with estate.look() as work:
        return {r.name for r in inventory.page(work, Filter(), None, None, 1000)}


def fails(cloud: FakeCloud, kind: FailureClass, retry_after_s: float | None = None) -> None:
    """Have ``cloud`` break after the page it has."""
    failure = CloudFailure(kind, f"it was {kind}", retry_after_s=retry_after_s)
    cloud.pages["s1"] = [*cloud.pages.get("s1", []), failure]


@pytest.mark.census("AG-031", "AG-032")
def test_a_refused_credential_stops_the_run_and_is_named(estate: Estate) -> None:
    _, cloud = estate.connect("acme")
    words = "AADSTS7000215: Invalid client secret provided"
    cloud.refusal = CloudFailure(FailureClass.AUTHENTICATION, words, request_id="r-1")
    run = estate.sync()
    assert (run.state, run.failure, run.request) == (RunState.FAILED, "authentication", "r-1")
    assert words in run.error
    assert "Rotate" in run.action
    assert "env:X" in run.action
    assert (cloud.listed, repetitions(estate)) == ([], [])
    [job] = estate.jobs("failed")
    assert words in job.detail


@pytest.mark.census("AG-038")
def test_credentials_count_as_configured_once_they_got_a_token(estate: Estate) -> None:
    assert not azure_configured(estate.engine)
    _, cloud = estate.connect("acme")
    assert not azure_configured(estate.engine)
    estate.sync()
    assert azure_configured(estate.engine)
    cloud.refusal = CloudFailure(FailureClass.TIMEOUT, "away")
    estate.sync()
    assert azure_configured(estate.engine)
    cloud.refusal = CloudFailure(FailureClass.AUTHENTICATION, "refused")
    estate.sync()
    assert not azure_configured(estate.engine)


@pytest.mark.census("AG-033")
@pytest.mark.parametrize(("told", "pause_s"), [(None, 900), (42.0, 42)])
def test_a_limited_run_is_repeated_when_the_cloud_said_or_after_15_minutes(
    estate: Estate, told: float | None, pause_s: int
) -> None:
    _, cloud = estate.connect("acme")
    cloud.hold("a")
    fails(cloud, FailureClass.RATE_LIMIT, told)
    cloud.hold("never", subscription="s2")
    run = estate.sync()
    assert (run.state, run.failure, cloud.listed) == (RunState.PARTIAL, "rate_limit", ["s1"])
    [again] = repetitions(estate)
    assert again.due_at - estate.now == pause_s * SECOND
    [asked] = estate.ask()
    [waiting] = [job for job in estate.jobs("ready") if job.id == asked]
    assert waiting.due_at == again.due_at


@pytest.mark.parametrize("kind", [FailureClass.TIMEOUT, FailureClass.UNKNOWN])
def test_a_repeated_failure_pauses_longer_and_ends_after_its_attempts(
    estate: Estate, kind: FailureClass
) -> None:
    _, cloud = estate.connect("acme")
    fails(cloud, kind)
    estate.ask()
    pauses = []
    for _ in range(ATTEMPTS[kind]):
        estate.run_due()
        pauses += [job.due_at - estate.now for job in repetitions(estate)]
    assert repetitions(estate) == []
    assert len(pauses) == ATTEMPTS[kind] - 1
    assert pauses == sorted(pauses)
    assert [run.attempt for run in estate.runs()] == list(range(ATTEMPTS[kind], 0, -1))


def test_an_unknown_failure_that_recurs_is_to_be_reported(estate: Estate) -> None:
    _, cloud = estate.connect("acme")
    fails(cloud, FailureClass.UNKNOWN)
    first = estate.sync()
    estate.run_due()
    assert "LOG_LEVEL=DEBUG" in first.action
    assert "report" in estate.runs()[0].action


@pytest.mark.census("AG-044")
def test_a_listing_cut_short_keeps_what_landed_and_removes_nothing(estate: Estate) -> None:
    _, cloud = estate.connect("acme")
    cloud.hold("a", "b")
    estate.sync()
    cloud.hold("c")
    fails(cloud, FailureClass.TIMEOUT)
    run = estate.sync()
    assert (run.state, run.failure, run.counts.removed) == (RunState.PARTIAL, "timeout", 0)
    assert live(estate) == {"a", "b", "c"}
    [fact] = estate.told("SyncFailed")
    assert (fact.payload["state"], fact.payload["added"]) == ("partial", 1)


def test_a_subscriptions_failure_is_not_its_neighbours(estate: Estate) -> None:
    _, cloud = estate.connect("acme")
    fails(cloud, FailureClass.TIMEOUT)
    cloud.hold("b", subscription="s2")
    assert estate.sync().state is RunState.PARTIAL
    assert live(estate) == {"b"}


def test_after_three_failures_in_a_row_no_more_is_asked(estate: Estate) -> None:
    _, cloud = estate.connect("acme")
    for number in range(9):
        cloud.pages[f"s{number}"] = [CloudFailure(FailureClass.TIMEOUT, "away")]
    assert estate.sync().state is RunState.FAILED
    assert len(cloud.listed) == 3


@pytest.mark.parametrize(
    "unread",
    [
        b"{",
        b"[]",
        b'"text"',
        b"{}",
        b'{"id": 5}',
        b'{"id": ""}',
        b'{"id": "/x", "tags": [1]}',
        b'{"id": "/x", "name": "\xff"}',
        b'{"id": "/x", "name": "\\ud800"}',
        b'{"id": "/x", "name": "\\u0000"}',
        b'{"id": "/x", "p": ' + b"[" * 10_000 + b"]" * 10_000 + b"}",
    ],
)
@pytest.mark.census("AG-035")
def test_an_item_of_another_form_is_kept_in_quarantine_and_the_others_land(
    estate: Estate, unread: bytes
) -> None:
    connection, cloud = estate.connect("acme")
    cloud.hold("a", "b")
    estate.sync()
    cloud.pages["s1"] = [[arm("a"), unread, arm("c")]]
    run = estate.sync()
    assert (run.state, run.failure, run.counts.quarantined) == (RunState.PARTIAL, "data", 1)
    assert "schema changed" in run.action
    tells_its_id = bool(named(connection.id, unread, connection.prefix))
    assert live(estate) == {"a", "c"} | (set() if tells_its_id else {"b"}), "it may be b"
    with estate.engine.connect() as db:
        [kept] = db.execute(select(quarantine))
    assert (bytes(kept.body), kept.request, kept.run) == (unread, "s1-0", run.id)
    assert repetitions(estate) == []


def test_a_page_that_cannot_be_read_is_kept_in_quarantine(estate: Estate) -> None:
    _, cloud = estate.connect("acme")
    cloud.pages["s1"] = [CloudFailure(FailureClass.DATA, "no listing", page=b"<html>")]
    cloud.hold("b", subscription="s2")
    run = estate.sync()
    assert (run.state, run.counts.quarantined) == (RunState.PARTIAL, 1)
    assert live(estate) == {"b"}


def test_one_tenants_failure_is_not_anothers(estate: Estate) -> None:
    _, broken = estate.connect("broken")
    _, well = estate.connect("well")
    broken.refusal = CloudFailure(FailureClass.AUTHENTICATION, "refused")
    well.hold("a")
    estate.ask()
    estate.run_due()
    assert {(run.tenant, run.state) for run in estate.runs()} == {
        ("broken", RunState.FAILED),
        ("well", RunState.SUCCESS),
    }


def test_a_repetition_is_dropped_once_another_run_succeeded(estate: Estate) -> None:
    _, cloud = estate.connect("acme")
    fails(cloud, FailureClass.TIMEOUT)
    estate.sync()
    cloud.hold("a")
    estate.pass_time(seconds=5)
    estate.ask()
    estate.run_due()
    done = len(estate.runs())
    estate.run_due()
    assert (len(estate.runs()), repetitions(estate)) == (done, [])
    assert estate.runs()[0].state is RunState.SUCCESS
