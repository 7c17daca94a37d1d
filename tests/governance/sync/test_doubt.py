"""An answer with nothing in it: believed where the run before was told the same, never sooner."""

import pytest

from governance.estate import Estate, FakeCloud
from quarterdeck.governance.cloud.ports import CloudFailure, FailureClass
from quarterdeck.governance.inventory import service as inventory
from quarterdeck.governance.inventory.filters import Filter
from quarterdeck.governance.sync.model import Run, RunState

LATE = CloudFailure(FailureClass.TIMEOUT, "no answer in 60 s")


def live(estate: Estate) -> set[str]:
    with estate.look() as work:
        return {r.name for r in inventory.page(work, Filter(), None, None, 1000)}


def again(estate: Estate) -> Run:
    """The repetition of the last run, once it is due."""
    estate.pass_time(minutes=30)
    estate.wake()
    estate.run_due()
    return estate.runs()[0]


def holding(estate: Estate, *names: str) -> FakeCloud:
    _, cloud = estate.connect("acme")
    cloud.hold(*names)
    estate.sync()
    return cloud


@pytest.mark.parametrize("many", [1, 9, 10, 30])
def test_nothing_is_believed_the_second_time_however_little_there_was(
    estate: Estate, many: int
) -> None:
    names = [f"r{number}" for number in range(many)]
    cloud = holding(estate, *names)
    cloud.hold()
    run = estate.sync()
    assert (run.failure, run.counts.removed) == ("data", 0)
    assert "asked again" in run.action
    assert live(estate) == set(names)
    believed = again(estate)
    assert (believed.state, believed.counts.removed) == (RunState.SUCCESS, many)
    assert live(estate) == set()


@pytest.mark.parametrize("late", [1, 3])
def test_the_repetition_of_another_failure_doubts_too(estate: Estate, late: int) -> None:
    cloud = holding(estate, "a", "b")
    cloud.pages["s1"] = [LATE]
    runs = [estate.sync(), *(again(estate) for _ in range(late - 1))]
    assert {run.failure for run in runs} == {"timeout"}
    cloud.hold()
    doubted = again(estate)
    assert (doubted.attempt, doubted.failure, doubted.counts.removed) == (late + 1, "data", 0)
    assert live(estate) == {"a", "b"}
    believed = again(estate)
    assert (believed.attempt, believed.state) == (late + 2, RunState.SUCCESS)
    assert live(estate) == set()


def test_a_doubt_before_a_failure_is_raised_again(estate: Estate) -> None:
    cloud = holding(estate, "a")
    cloud.hold()
    estate.sync()
    cloud.pages["s1"] = [LATE]
    assert again(estate).failure == "timeout"
    cloud.hold()
    assert again(estate).counts.removed == 0
    assert live(estate) == {"a"}


def test_what_was_doubted_of_one_subscription_is_not_believed_of_another(estate: Estate) -> None:
    cloud = holding(estate, "a")
    cloud.hold("b", subscription="s2")
    estate.sync()
    cloud.hold()
    estate.sync()
    cloud.hold("a")
    cloud.hold(subscription="s2")
    assert again(estate).counts.removed == 0
    assert live(estate) == {"a", "b"}


def test_what_was_there_after_all_is_kept(estate: Estate) -> None:
    cloud = holding(estate, "a", "b")
    cloud.hold()
    estate.sync()
    cloud.hold("a", "b")
    assert again(estate).state is RunState.SUCCESS
    assert live(estate) == {"a", "b"}


def test_what_is_doubted_is_asked_again_though_another_part_stays_broken(estate: Estate) -> None:
    cloud = holding(estate, "a")
    cloud.hold("b", subscription="s2")
    estate.sync()
    changed = CloudFailure(FailureClass.DATA, "no value", page=b'{"other": []}')
    cloud.pages["s1"] = [changed, changed]
    cloud.hold(subscription="s2")
    doubted = estate.sync()
    assert (doubted.failure, doubted.counts.removed) == ("data", 0)
    believed = again(estate)
    assert (believed.attempt, believed.failure, believed.counts.removed) == (2, "data", 1)
    assert live(estate) == {"a"}
