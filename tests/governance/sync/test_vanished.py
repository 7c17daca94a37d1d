"""A subscription that the list lacks: kept, shown as not known, gone once a second list says so."""

import pytest
from prometheus_client import REGISTRY

from governance.estate import EVERY, Estate, FakeCloud
from quarterdeck.governance.cloud.ports import CloudFailure, FailureClass
from quarterdeck.governance.inventory import service as inventory
from quarterdeck.governance.inventory.filters import Filter
from quarterdeck.governance.sync.doubts import Doubt
from quarterdeck.governance.sync.model import Run, RunState
from quarterdeck.governance.sync.service.doubts import doubt_about, doubted
from quarterdeck.governance.sync.service.measuring import measure
from quarterdeck.kernel.work import Actor, MissingPermission


def live(estate: Estate) -> set[str]:
    with estate.look() as work:
        return {r.name for r in inventory.page(work, Filter(), None, None, 1000)}


def not_known(estate: Estate) -> list[Doubt]:
    with estate.look() as work:
        return doubted(work)


def again(estate: Estate) -> Run:
    estate.pass_time(minutes=30)
    estate.wake()
    estate.run_due()
    return estate.runs()[0]


@pytest.fixture
def cloud(estate: Estate) -> FakeCloud:
    """Two subscriptions, read once."""
    _, cloud = estate.connect("acme")
    cloud.hold("a", "b")
    cloud.hold("c", subscription="S2")
    estate.sync()
    return cloud


def test_a_subscription_that_vanishes_is_kept_until_a_second_list_lacks_it(
    estate: Estate, cloud: FakeCloud
) -> None:
    del cloud.pages["S2"]
    run = estate.sync()
    assert (run.state, run.failure, run.counts.removed) == (RunState.PARTIAL, "data", 0)
    assert "lacks S2 by name (s2); 1 items were known" in run.error
    assert "asked again" in run.action
    assert live(estate) == {"a", "b", "c"}
    [doubt] = not_known(estate)
    assert (doubt.subscription, doubt.items, doubt.again) == ("s2", 1, True)
    believed = again(estate)
    assert (believed.state, believed.counts.removed) == (RunState.SUCCESS, 1)
    assert (live(estate), not_known(estate)) == ({"a", "b"}, [])


def test_one_that_is_listed_again_was_never_away(estate: Estate, cloud: FakeCloud) -> None:
    pages = cloud.pages.pop("S2")
    estate.sync()
    cloud.pages["S2"] = pages
    run = again(estate)
    assert (run.state, run.counts.added, run.counts.removed) == (RunState.SUCCESS, 0, 0)
    assert (live(estate), not_known(estate)) == ({"a", "b", "c"}, [])


def test_an_empty_answer_and_a_list_without_it_are_two_sayings(
    estate: Estate, cloud: FakeCloud
) -> None:
    cloud.hold(subscription="S2")
    estate.sync()
    del cloud.pages["S2"]
    assert again(estate).counts.removed == 0
    assert again(estate).counts.removed == 1


def test_a_doubt_keeps_its_age_and_outlives_a_run_that_read_nothing(
    estate: Estate, cloud: FakeCloud
) -> None:
    del cloud.pages["S2"]
    estate.sync()
    [first] = not_known(estate)
    cloud.refusal = CloudFailure(FailureClass.AUTHENTICATION, "AADSTS7000215")
    assert again(estate).state is RunState.FAILED
    assert not_known(estate) == [first]
    cloud.refusal = None
    estate.sync()
    assert not_known(estate) == [first], "a run that was asked for anew has asked once"


def test_no_subscription_at_all_is_never_believed(estate: Estate, cloud: FakeCloud) -> None:
    held = dict(cloud.pages)
    cloud.pages.clear()
    for _ in range(3):
        run = estate.sync()
        assert (run.state, run.missing) == (RunState.FAILED, ("Reader",))
        assert live(estate) == {"a", "b", "c"}
        [doubt] = not_known(estate)
        assert (doubt.subscription, doubt.items, doubt.again) == ("", 3, False)
    cloud.pages.update(held)
    assert estate.sync().state is RunState.SUCCESS
    assert not_known(estate) == []


def test_of_each_resource_it_is_said_whether_it_may_be_gone(
    estate: Estate, cloud: FakeCloud
) -> None:
    del cloud.pages["S2"]
    estate.sync()
    with estate.look() as work:
        told = {
            r.name: doubt_about(work, "resources", r.connection, r.subscription) is not None
            for r in inventory.page(work, Filter(), None, None, 1000)
        }
    assert told == {"a": False, "b": False, "c": True}


def test_doubts_are_counted_and_are_another_tenants_business(
    estate: Estate, cloud: FakeCloud
) -> None:
    del cloud.pages["S2"]
    estate.sync()
    measure(estate.engine, estate.clock, EVERY)
    count = REGISTRY.get_sample_value("quarterdeck_sync_doubted", {"domain": "resources"})
    assert count == 1
    with estate.look(Actor("nobody", frozenset())) as work, pytest.raises(MissingPermission):
        doubted(work)


def test_a_connection_that_is_removed_leaves_no_doubt(estate: Estate) -> None:
    connection, cloud = estate.connect("acme")
    cloud.hold("a")
    cloud.hold("c", subscription="s2")
    estate.sync()
    del cloud.pages["s2"]
    estate.sync()
    assert not_known(estate)
    estate.disconnect(connection)
    assert not_known(estate) == []


@pytest.mark.parametrize("kind", [FailureClass.TIMEOUT, FailureClass.RATE_LIMIT])
def test_who_did_not_come_to_ask_says_of_no_doubt_that_it_is_over(
    estate: Estate, cloud: FakeCloud, kind: FailureClass
) -> None:
    cloud.hold(subscription="S2")
    estate.sync()
    assert [doubt.items for doubt in not_known(estate)] == [1]
    cloud.pages["S2"] = [CloudFailure(kind, "not now", retry_after_s=1.0)]
    assert again(estate).failure == kind.value
    assert [doubt.items for doubt in not_known(estate)] == [1]
    cloud.hold("c", subscription="S2")
    again(estate)
    assert not_known(estate) == []
