"""Alerts, from the facts of sync to who resolves them."""

import pytest
from sqlalchemy import Engine

from governance.estate import Estate
from quarterdeck.governance.cloud.ports import CloudFailure, FailureClass
from quarterdeck.kernel.work import Actor, MissingPermission
from quarterdeck.operations.alerts import service
from quarterdeck.operations.alerts.model import Alert, AlertNotFound, AlertState, Severity

REFUSED = CloudFailure(FailureClass.AUTHENTICATION, "AADSTS7000215: Invalid client secret")


@pytest.fixture
def estate(engine: Engine) -> Estate:
    return Estate(engine)


def firing(estate: Estate, *types: str) -> list[Alert]:
    estate.deliver()
    with estate.look() as work:
        return service.active(work, types=types)


@pytest.mark.census("AG-004")
def test_a_failed_sync_fires_once_and_a_good_one_ends_it(estate: Estate) -> None:
    _, cloud = estate.connect("acme")
    assert firing(estate) == []
    cloud.refusal = REFUSED
    estate.sync()
    estate.sync()
    [alert] = firing(estate)
    assert (alert.sign.type, alert.sign.severity, alert.times) == (
        "sync_failure",
        Severity.CRITICAL,
        2,
    )
    assert alert.sign.title == "Sync of resources failed: authentication"
    assert "AADSTS7000215" in alert.sign.annotations["error"]
    assert "Rotate" in alert.sign.annotations["action"]
    assert alert.sign.labels["domain"] == "resources"
    cloud.refusal = None
    estate.sync()
    assert firing(estate) == []
    with estate.look() as work:
        [ended] = service.past(work)
    assert (ended.id, ended.resolved_by, ended.state) == (alert.id, "", AlertState.RESOLVED)
    assert [f.name for f in estate.told("AlertFired", "AlertEnded")] == ["AlertFired", "AlertEnded"]


def test_a_stall_fires_and_ends(estate: Estate) -> None:
    estate.connect("acme")
    estate.sync()
    estate.pass_time(hours=2, seconds=1)
    estate.evaluate()
    [alert] = firing(estate, "sync_stalled")
    assert "last success" in alert.sign.annotations["error"]
    estate.sync()
    estate.evaluate()
    assert firing(estate) == []


def test_an_error_rate_that_is_high_fires_and_ends(estate: Estate) -> None:
    _, cloud = estate.connect("acme")
    cloud.refusal = REFUSED
    for _ in range(2):
        estate.sync()
    estate.evaluate()
    assert firing(estate, "high_error_rate") == []
    estate.sync()
    estate.evaluate()
    [alert] = firing(estate, "high_error_rate")
    assert alert.sign.labels["domain"] == "resources"
    assert "3 of 3" in alert.sign.annotations["error"]
    cloud.refusal = None
    estate.pass_time(minutes=1)
    estate.sync()
    estate.evaluate()
    assert [one.id for one in firing(estate, "high_error_rate")] == [alert.id], "3 of 4 still"
    estate.pass_time(hours=2)
    estate.sync()
    estate.evaluate()
    assert firing(estate) == []
    with estate.look() as work:
        ended = [one for one in service.past(work) if one.sign.type == "high_error_rate"]
    assert [one.id for one in ended] == [alert.id]


def test_what_somebody_resolved_comes_again_with_the_next_sign(estate: Estate) -> None:
    _, cloud = estate.connect("acme")
    cloud.refusal = REFUSED
    estate.sync()
    [alert] = firing(estate)
    with estate.work() as work:
        resolved = service.resolve(work, alert.id, "operator@company.com")
    assert (resolved.resolved_by, resolved.ends_at) == ("operator@company.com", estate.now)
    assert firing(estate) == []
    estate.pass_time(minutes=1)
    with estate.work() as work:
        again = service.resolve(work, alert.id, "somebody else")
    assert again == resolved
    estate.sync()
    [next_one] = firing(estate)
    assert next_one.id > alert.id
    assert [f.payload["resolved_by"] for f in estate.told("AlertResolved")] == [
        "operator@company.com"
    ]


def test_who_resolves_without_a_word_is_the_actor(estate: Estate) -> None:
    _, cloud = estate.connect("acme")
    cloud.refusal = REFUSED
    estate.sync()
    [alert] = firing(estate)
    sre = Actor("sre-1", frozenset({("alerts:resolve", "acme")}))
    with estate.work(sre) as work:
        assert service.resolve(work, alert.id).resolved_by == "sre-1"


@pytest.mark.parametrize("number", [-1, 0, 2**31, 10**30, 77])
def test_an_alert_that_there_is_not_is_not_there(estate: Estate, number: int) -> None:
    with estate.work() as work, pytest.raises(AlertNotFound):
        service.resolve(work, number)


def test_anothers_alert_is_neither_seen_nor_resolved(estate: Estate) -> None:
    _, cloud = estate.connect("acme")
    cloud.refusal = REFUSED
    estate.sync()
    [alert] = firing(estate)
    eve = Actor("eve", frozenset({("alerts:read", "other"), ("alerts:resolve", "other")}))
    with estate.work(eve) as work:
        assert service.active(work) == []
        assert service.active_count(work) == 0
        with pytest.raises(AlertNotFound):
            service.resolve(work, alert.id)
    nobody = Actor("nobody", frozenset())
    with estate.look(nobody) as work, pytest.raises(MissingPermission):
        service.active(work)


def test_a_tenant_without_connections_has_no_failing_sync(estate: Estate) -> None:
    connection, cloud = estate.connect("acme")
    cloud.refusal = REFUSED
    estate.sync()
    assert firing(estate)
    estate.disconnect(connection)
    estate.evaluate()
    assert firing(estate) == []
