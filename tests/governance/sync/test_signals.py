"""Facts with two edges, told once each."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.estate import EVERY, Estate
from quarterdeck.governance.cloud.ports import CloudFailure, FailureClass
from quarterdeck.governance.sync.service import policies
from quarterdeck.governance.sync.service.policies import Change
from quarterdeck.governance.sync.service.signals import too_many
from quarterdeck.governance.sync.store.runs import Rate

REFUSED = CloudFailure(FailureClass.AUTHENTICATION, "refused")
BOTH = ("SyncErrorRateHigh", "SyncErrorRateNormal")


def rate(failed: int, ended: int) -> bool:
    return too_many(Rate(tenant="t", domain="d", ended=ended, failed=failed), 3)


@pytest.mark.census("AG-028")
def test_one_of_ten_is_not_more_than_ten_percent() -> None:
    assert not rate(1, 10)
    assert rate(2, 19)
    assert rate(1, 9)
    assert not rate(0, 0)


@given(st.integers(0, 1000), st.integers(0, 1000))
def test_more_failures_never_make_it_better(failed: int, well: int) -> None:
    assert rate(failed + 1, failed + well + 1) >= rate(failed, failed + well)


def test_an_error_rate_is_told_when_it_is_high_and_when_it_is_normal_again(
    estate: Estate,
) -> None:
    _, cloud = estate.connect("acme")
    cloud.refusal = REFUSED
    for _ in range(2):
        estate.sync()
    estate.evaluate()
    assert estate.told(*BOTH) == []  # too few to speak of a rate
    estate.sync()
    estate.evaluate()
    assert estate.evaluate() == 0
    [high] = estate.told("SyncErrorRateHigh")
    assert (high.payload["failed"], high.payload["ended"]) == (3, 3)
    cloud.refusal = None
    estate.pass_time(minutes=61)
    estate.sync()
    estate.evaluate()
    assert [f.name for f in estate.told(*BOTH)] == list(BOTH)


def test_who_set_another_number_of_runs_is_told_of_a_rate_from_it_on(estate: Estate) -> None:
    _, cloud = estate.connect("acme")
    cloud.refusal = REFUSED
    with estate.work() as work:
        policies.change(work, EVERY, "resources", Change(fewest=1))
    estate.sync()
    estate.evaluate()
    assert len(estate.told("SyncErrorRateHigh")) == 1


def test_ten_runs_of_which_one_failed_are_no_high_rate(estate: Estate) -> None:
    _, cloud = estate.connect("acme")
    for _ in range(9):
        estate.sync()
    cloud.refusal = REFUSED
    estate.sync()
    estate.evaluate()
    assert estate.told("SyncErrorRateHigh") == []


def test_a_domain_recovers_when_the_last_of_its_connections_does(estate: Estate) -> None:
    _, first = estate.connect("acme")
    second = estate.connect_more("acme", "second")
    first.refusal = second.refusal = REFUSED
    estate.sync()
    first.refusal = None
    estate.sync()
    assert estate.told("SyncRecovered") == []
    second.refusal = None
    estate.sync()
    estate.sync()
    assert len(estate.told("SyncRecovered")) == 1


def test_a_stall_is_told_once_and_so_is_its_end(estate: Estate) -> None:
    estate.connect("acme")
    estate.sync()
    estate.pass_time(hours=2)
    estate.evaluate()
    assert estate.told("SyncStalled") == []
    estate.pass_time(seconds=1)
    estate.evaluate()
    estate.evaluate()
    assert len(estate.told("SyncStalled")) == 1
    estate.sync()
    estate.evaluate()
    assert len(estate.told("SyncResumed")) == 1
