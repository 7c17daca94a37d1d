from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.governance.sync.freshness import Age, Freshness, Latest, judged
from quarterdeck.governance.sync.model import policies
from quarterdeck.kernel.ids import ConnectionId, TenantId

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)


def one(*successes: datetime | None, at: datetime, every: timedelta = HOUR) -> Freshness:
    latest = [
        Latest(
            tenant=TenantId("t"),
            connection=ConnectionId(str(n)),
            connected_at=NOON,
            success=success,
        )
        for n, success in enumerate(successes)
    ]
    [found] = judged(policies(every)["resources"], latest, at)
    return found


@pytest.mark.parametrize(
    ("age", "judgement"),
    [
        (HOUR, (Age.CURRENT, False)),
        (2 * HOUR - SECOND, (Age.CURRENT, False)),
        (2 * HOUR, (Age.STALE, False)),
        (2 * HOUR + SECOND, (Age.STALE, True)),
    ],
)
def test_data_of_two_hours_is_stale_and_after_that_stalled(
    age: timedelta, judgement: tuple[Age, bool]
) -> None:
    found = one(NOON, at=NOON + age)
    assert (found.state, found.stalled) == judgement
    assert found.age == age


def test_a_tenant_is_as_fresh_as_its_oldest_connection() -> None:
    found = one(NOON, NOON - HOUR, at=NOON + HOUR)
    assert (found.last_success, found.state) == (NOON - HOUR, Age.STALE)


def test_data_that_never_came_is_stale_once_it_should_have() -> None:
    assert one(None, at=NOON).state is Age.NEVER
    late = one(None, at=NOON + 2 * HOUR)
    assert (late.state, late.last_success, late.age) == (Age.STALE, None, None)


@given(st.timedeltas(min_value=SECOND, max_value=24 * HOUR), st.floats(0, 5))
def test_what_is_stale_scales_with_the_interval(every: timedelta, intervals: float) -> None:
    found = one(NOON, at=NOON + every * intervals, every=every)
    assert (found.state is Age.STALE) == (NOON + every * intervals >= NOON + every * 2)


@pytest.mark.parametrize(
    ("failing", "state"), [(False, Age.CURRENT), (True, Age.STALE)], ids=["well", "failing"]
)
def test_data_whose_renewal_failed_is_stale_after_one_interval(
    *, failing: bool, state: Age
) -> None:
    latest = Latest(
        tenant=TenantId("t"),
        connection=ConnectionId("0"),
        connected_at=NOON,
        success=NOON,
        failing=failing,
    )
    known = policies(HOUR)["resources"]
    assert judged(known, [latest], NOON + HOUR - SECOND)[0].state is Age.CURRENT
    assert judged(known, [latest], NOON + HOUR)[0].state is state


def test_no_data_is_younger_than_new_though_a_clock_steps_back() -> None:
    assert one(NOON, at=NOON - HOUR).age == timedelta(0)
