"""How domains are kept up to date: changed, paused, resumed."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.estate import EVERY, Estate
from quarterdeck.governance.cloud.ports import CloudFailure, FailureClass
from quarterdeck.governance.sync.model import Backoff, UnusablePolicy, policies
from quarterdeck.governance.sync.onboarding import reschedule
from quarterdeck.governance.sync.service import policies as service
from quarterdeck.governance.sync.service import queries
from quarterdeck.governance.sync.service.policies import Change, PolicyMovedOn
from quarterdeck.governance.sync.service.requests import SyncIsPaused
from quarterdeck.kernel.work import Actor, MissingPermission, TenantNotFound

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
SPANS = st.timedeltas(min_value=timedelta(seconds=1), max_value=timedelta(days=30))


def next_run(estate: Estate) -> timedelta:
    with estate.look() as work:
        [found] = queries.upkeep(work, EVERY)
    assert found.next_run
    return found.next_run - estate.now


@pytest.mark.census("AG-041")
def test_the_next_run_moves_with_the_interval(estate: Estate) -> None:
    estate.connect("acme")
    estate.tick()
    assert next_run(estate) == HOUR
    for interval in (2 * HOUR, 30 * MINUTE):
        with estate.work() as work:
            changed = service.change(work, EVERY, "resources", Change(interval=interval))
        assert (next_run(estate), changed.stale_after) == (interval, interval * 2)
    reschedule(estate.engine, estate.clock, EVERY)
    assert next_run(estate) == 30 * MINUTE
    first, second = estate.told("SyncPolicyChanged")
    assert (first.payload["before"], first.payload["after"]) == (
        {"interval": 3600.0},
        {"interval": 7200.0},
    )
    assert second.tenant == "_platform"


@pytest.mark.census("AG-042")
def test_pauses_grow_by_the_factor_up_to_the_cap(estate: Estate) -> None:
    _, cloud = estate.connect("acme")
    with estate.work() as work:
        change = Change(base=MINUTE, factor=3.0, cap=5 * MINUTE)
        service.change(work, EVERY, "resources", change)
    cloud.pages["s1"] = [CloudFailure(FailureClass.TIMEOUT, "late")]
    estate.ask()
    pauses = []
    for _ in range(4):
        estate.run_due()
        pauses += [j.due_at - estate.now for j in estate.jobs("ready") if j.body["attempt"] > 1]
    assert pauses == [MINUTE, 3 * MINUTE, 5 * MINUTE, 5 * MINUTE]


@given(SPANS, st.floats(1, 10), st.integers(1, 10_000))
def test_no_pause_is_shorter_than_the_one_before_nor_longer_than_the_cap(
    base: timedelta, factor: float, attempt: int
) -> None:
    backoff = Backoff(base=base, factor=factor, cap=base * 4)
    assert base <= backoff.pause(attempt) <= backoff.pause(attempt + 1) <= backoff.cap


@pytest.mark.parametrize(
    "change",
    [
        Change(interval=timedelta(milliseconds=1)),
        Change(limit=timedelta(0)),
        Change(factor=0.5),
        Change(cap=timedelta(seconds=1)),
        Change(expected_max=timedelta(0)),
    ],
)
def test_a_policy_that_cannot_be_kept_is_refused_and_changes_nothing(
    estate: Estate, change: Change
) -> None:
    with estate.work() as work, pytest.raises(UnusablePolicy):
        service.change(work, EVERY, "resources", change)
    with estate.look() as work:
        assert service.listed(work, EVERY) == EVERY


def test_who_thought_of_another_version_is_refused(estate: Estate) -> None:
    with estate.work() as work:
        service.change(work, EVERY, "resources", Change(interval=2 * HOUR), version=0)
    with estate.work() as work, pytest.raises(PolicyMovedOn):
        service.change(work, EVERY, "resources", Change(interval=3 * HOUR), version=0)


def test_a_right_on_one_tenant_changes_no_policy_of_all(estate: Estate) -> None:
    estate.connect("acme")
    mine = Actor("ada", frozenset({("sync:configure", "acme")}))
    with estate.work(mine) as work, pytest.raises(MissingPermission):
        service.change(work, EVERY, "resources", Change(interval=2 * HOUR))
    with estate.work(mine) as work, pytest.raises(MissingPermission):
        service.pause(work, EVERY, "resources")
    with estate.work(mine) as work, pytest.raises(TenantNotFound):
        service.pause(work, EVERY, "resources", "other")


def test_a_paused_domain_begins_no_run_until_it_is_resumed(estate: Estate) -> None:
    _, cloud = estate.connect("acme")
    cloud.hold("a")
    [waiting] = estate.ask()
    for _ in range(2):
        with estate.work() as work:
            service.pause(work, EVERY, "resources")
    estate.run_due()
    assert (estate.runs(), estate.jobs("ready")) == ([], []), waiting
    with pytest.raises(SyncIsPaused):
        estate.ask()
    reschedule(estate.engine, estate.clock, EVERY)
    assert estate.tick() == 1, "only the check of the credential"
    estate.pass_time(hours=3)
    estate.evaluate()
    assert estate.told("SyncStalled") == []
    assert len(estate.told("DomainWentStale")) == 1, "a pause makes nothing fresh"
    with estate.work() as work:
        service.resume(work, EVERY, "resources")
    estate.tick()
    estate.run_due()
    assert [run.counts.seen for run in estate.runs()] == [1]
    assert len(estate.told("SyncPaused", "SyncUnpaused")) == 2


def test_one_tenants_pause_is_not_anothers(estate: Estate) -> None:
    estate.connect("acme")
    estate.connect("beta")
    with estate.work() as work:
        service.pause(work, EVERY, "resources", "acme")
    assert len(estate.ask()) == 1
    estate.run_due()
    assert [run.tenant for run in estate.runs()] == ["beta"]
    with estate.look() as work:
        assert [p.tenant for p in service.pauses(work)] == ["acme"]
    with estate.work() as work:
        service.resume(work, EVERY, "resources", "acme")
    assert len(estate.ask()) == 2


def test_four_domains_are_as_the_runbook_has_them() -> None:
    hours = {d: (p.interval / HOUR, p.stale_after / HOUR) for d, p in policies().items()}
    assert hours == {
        "costs": (24, 25),
        "compliance": (4, 5),
        "resources": (1, 2),
        "identity": (24, 25),
    }
