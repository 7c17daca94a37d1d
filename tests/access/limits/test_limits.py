import pytest
from hypothesis import given
from hypothesis import strategies as st

from access.stage import Stage
from quarterdeck.access.limits import service as limits
from quarterdeck.access.limits.model import Rate, RateLimited
from quarterdeck.access.limits.service import Limits
from quarterdeck.access.tenants.model import NoSuchTenant
from quarterdeck.kernel.db import open_engine
from quarterdeck.kernel.errors import Invalid
from quarterdeck.kernel.work import MissingPermission

SLOW = Rate(per_minute=60, burst=2)


class Seconds:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@given(st.lists(st.floats(0, 10), max_size=50))
def test_no_more_get_through_than_the_burst_and_the_rate_allow(gaps: list[float]) -> None:
    rate, left, passed = Rate(per_minute=60, burst=3), 3.0, 0
    for gap in gaps:
        left = rate.refilled(left, gap)
        if left >= 1:
            left, passed = left - 1, passed + 1
    assert passed <= 3 + sum(gaps) + 1e-6


@given(st.floats(0, 0.99), st.integers(1, 10_000))
def test_after_the_wait_that_was_told_one_gets_through(left: float, per_minute: int) -> None:
    rate = Rate(per_minute=per_minute, burst=5)
    assert rate.refilled(left, rate.wait_s(left)) >= 1 - 1e-9


def test_a_burst_gets_through_then_the_rate_and_each_tenant_has_its_own(stage: Stage) -> None:
    seconds = Seconds()
    bucket = Limits(stage.engine, SLOW, seconds)
    bucket.take("acme")
    bucket.take("acme")
    with pytest.raises(RateLimited) as refusal:
        bucket.take("acme")
    assert refusal.value.retry_after_s == 1
    bucket.take("beta")
    seconds.now = 1.0
    bucket.take("acme")
    with pytest.raises(RateLimited):
        bucket.take("acme")


def test_a_rate_changed_elsewhere_holds_from_the_next_request_on(stage: Stage) -> None:
    stage.tenant("acme")
    bucket = Limits(stage.engine, SLOW, Seconds())
    bucket.take("acme")
    engine = open_engine(stage.engine.url.render_as_string(hide_password=False))
    with Stage(engine).work() as work:
        limits.set_rate(work, "acme", Rate(per_minute=1, burst=1))
    engine.dispose()
    bucket.take("acme")
    with pytest.raises(RateLimited) as refusal:
        bucket.take("acme")
    assert refusal.value.retry_after_s == 60
    with stage.work() as work:
        assert limits.rate_of(work, "acme") == Rate(per_minute=1, burst=1)
        limits.set_rate(work, "acme", None)
        assert limits.rate_of(work, "acme") is None
    told = [(f.payload["per_minute"], f.payload["burst"]) for f in stage.told("LimitSet")]
    assert told == [(1, 1), (0, 0)]


def test_a_tenant_admin_may_see_its_limit_but_not_lift_it(stage: Stage) -> None:
    stage.tenant("acme")
    boss = stage.actor(stage.someone("tenant-admin", on="acme"))
    with stage.work(boss) as work:
        assert limits.rate_of(work, "acme") is None
        with pytest.raises(MissingPermission):
            limits.set_rate(work, "acme", Rate(per_minute=1000, burst=1000))


def test_a_tenant_that_never_was_gets_no_rate(stage: Stage) -> None:
    with pytest.raises(NoSuchTenant), stage.work() as work:
        limits.set_rate(work, "nowhere", SLOW)


@pytest.mark.parametrize(("per_minute", "burst"), [(0, 1), (1, 0), (10**7, 1), (1, 10**6)])
def test_a_rate_out_of_range_is_refused(per_minute: int, burst: int) -> None:
    with pytest.raises(Invalid):
        Rate(per_minute=per_minute, burst=burst)
