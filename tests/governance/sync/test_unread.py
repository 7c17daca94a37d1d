"""Single items that cannot be read: the data is current, and says how much of it is not known."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.estate import EVERY, Estate, arm
from quarterdeck.governance.cloud.ports import CloudFailure, FailureClass
from quarterdeck.governance.inventory import service as inventory
from quarterdeck.governance.inventory.filters import Filter
from quarterdeck.governance.sync.failures import mostly
from quarterdeck.governance.sync.freshness import Age, Freshness
from quarterdeck.governance.sync.model import RunState
from quarterdeck.governance.sync.service import queries
from quarterdeck.governance.sync.service.freshness import freshness
from quarterdeck.operations.alerts import service as alerts
from quarterdeck.operations.alerts.model import Alert

NAMELESS = b'{"name": "who am I"}'


def misshapen(name: str) -> bytes:
    """A resource that tells its id, and whose tags have a form that nobody knows."""
    return json.dumps(json.loads(arm(name)) | {"tags": ["new", "form"]}).encode()


def age(estate: Estate) -> Freshness:
    with estate.look() as work:
        [found] = freshness(work, EVERY)
    return found


def live(estate: Estate) -> set[str]:
    with estate.look() as work:
        return {r.name for r in inventory.page(work, Filter(), None, None, 1000)}


def firing(estate: Estate) -> list[Alert]:
    estate.deliver()
    with estate.look() as work:
        return alerts.active(work)


def test_an_unreadable_item_leaves_the_rest_current_for_as_long_as_it_is_there(
    estate: Estate,
) -> None:
    _, cloud = estate.connect("acme")
    for hour in range(4):
        cloud.pages["s1"] = [[arm(f"a{hour}"), arm("b")], [NAMELESS]]
        run = estate.sync()
        estate.evaluate()
        assert (run.state, run.whole, run.counts.unread) == (RunState.PARTIAL, True, 1)
        found = age(estate)
        assert (found.state, found.stalled) == (Age.CURRENT, False)
        assert (found.unread, found.items) == (1, 3)
        estate.pass_time(hours=1)
    with estate.look() as work:
        assert queries.health(work, EVERY).consecutive_failures == 0
    assert estate.told("SyncFailed", "SyncStalled", "DomainWentStale", "SyncErrorRateHigh") == []
    assert {fact.payload["unread"] for fact in estate.told("SyncCompleted")} == {1}


def test_its_alert_stands_until_every_connection_can_be_read(estate: Estate) -> None:
    _, cloud = estate.connect("acme")
    other = estate.connect_more("acme", "second")
    cloud.pages["s1"] = [[arm("a"), NAMELESS]]
    other.pages["s1"] = [[arm("b"), NAMELESS]]
    estate.sync()
    [alert] = firing(estate)
    assert (alert.sign.type, alert.sign.severity) == ("sync_unreadable", "warning")
    assert "quarantine" in alert.sign.annotations["error"]
    cloud.hold("a")
    estate.sync()
    assert [one.id for one in firing(estate)] == [alert.id]
    other.hold("b")
    estate.sync()
    assert firing(estate) == []


def test_an_item_that_tells_its_id_is_there_and_what_is_absent_is_gone(estate: Estate) -> None:
    _, cloud = estate.connect("acme")
    cloud.hold("a", "b", "c")
    estate.sync()
    cloud.pages["s1"] = [[arm("a"), misshapen("b")]]
    run = estate.sync()
    assert (run.counts.unread, run.counts.removed) == (1, 1)
    assert live(estate) == {"a", "b"}


def test_what_is_absent_is_kept_while_it_may_be_the_item_that_tells_no_id(estate: Estate) -> None:
    _, cloud = estate.connect("acme")
    cloud.hold("a", "b", "c")
    estate.sync()
    cloud.pages["s1"] = [[arm("a"), NAMELESS]]
    run = estate.sync()
    assert "2 that it lacks are kept" in run.error
    assert live(estate) == {"a", "b", "c"}
    cloud.pages["s1"] = [[arm("a"), arm("b")]]
    assert estate.sync().counts.removed == 1


def test_where_most_cannot_be_read_the_form_has_changed_and_nothing_is_current(
    estate: Estate,
) -> None:
    _, cloud = estate.connect("acme")
    cloud.pages["s1"] = [[arm("a"), misshapen("b"), misshapen("c")]]
    run = estate.sync()
    assert (run.state, run.failure, run.whole) == (RunState.PARTIAL, "data", False)
    assert age(estate).state is Age.NEVER
    assert [alert.sign.type for alert in firing(estate)] == ["sync_failure"]


def test_pages_that_are_missing_are_another_thing_than_items_that_cannot_be_read(
    estate: Estate,
) -> None:
    _, cloud = estate.connect("acme")
    cloud.pages["s1"] = [[arm("a"), NAMELESS], CloudFailure(FailureClass.TIMEOUT, "late")]
    run = estate.sync()
    assert (run.failure, run.whole) == ("timeout", False)
    assert age(estate).state is Age.NEVER


@given(st.integers(0, 500), st.integers(1, 500))
def test_more_that_is_read_never_makes_it_worse(unread: int, seen: int) -> None:
    if not mostly(unread, seen):
        assert not mostly(unread, seen + 1)
    assert mostly(unread, unread) is (unread > 0)


@pytest.mark.parametrize("seconds", [0.0, 1.0, 90.0])
def test_who_says_again_and_again_to_come_in_a_second_is_asked_ever_later(
    estate: Estate, seconds: float
) -> None:
    _, cloud = estate.connect("acme")
    cloud.pages["s1"] = [CloudFailure(FailureClass.RATE_LIMIT, "429", retry_after_s=seconds)]
    estate.ask()
    pauses: list[float] = []
    for _ in range(5):
        estate.pass_time(seconds=pauses[-1] if pauses else 0)
        estate.wake()
        estate.run_due()
        again = [job for job in estate.jobs("ready") if job.body.get("attempt", 1) > 1]
        pauses += [(job.due_at - estate.now).total_seconds() for job in again]
    assert pauses == [seconds, *(max(seconds, grown) for grown in (60, 120, 240))]
