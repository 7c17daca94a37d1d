"""SLOs are counted from our own series, judged, and told of once."""

import pytest

from operations.slos.stage import MINUTE, NOON, REQUESTS, UP, Stage
from quarterdeck.kernel.work import Tenants
from quarterdeck.operations.maintenance import service as maintenance
from quarterdeck.operations.slos import measuring
from quarterdeck.operations.slos.model.standing import Standing, Verdict
from quarterdeck.operations.slos.service import looking


def states(stage: Stage, tenant: str = "acme") -> dict[str, str]:
    [found] = stage.evaluate(tenant)
    return {one.name: one.state for one in found.burns}


@pytest.mark.census("ATP-190", "ATP-196")
def test_a_month_of_availability_has_43_2_minutes_and_failed_checks_consume_them(
    stage: Stage,
) -> None:
    stage.apply(UP)
    stage.gauge("up", [1.0] * 200 + [0.0] * 5 + [1.0] * 3)
    [found] = stage.evaluate()
    assert found.minutes == pytest.approx(43.2)
    assert found.consumed_minutes == pytest.approx(5)
    assert found.left_minutes == pytest.approx(38.2)
    assert found.share == pytest.approx(5 / 43.2)
    assert found.attained == pytest.approx(202 / 207)
    assert found.newest == NOON - MINUTE
    assert found.verdict is Verdict.BURNING
    assert states(stage)["10 % in 1h"] == "burning"


def test_what_is_not_known_is_never_met(stage: Stage) -> None:
    stage.apply(UP)
    [nothing] = stage.evaluate()
    assert (nothing.verdict, nothing.attained, nothing.share) == (Verdict.UNKNOWN, None, None)
    assert set(states(stage).values()) == {"not known"}
    stage.gauge("up", [1.0] * 60)
    stage.pass_time(minutes=1)
    [fresh] = stage.evaluate()
    assert (fresh.verdict, fresh.attained) == (Verdict.MET, 1.0)
    assert fresh.coverage == pytest.approx(60 / 43_200)
    stage.pass_time(minutes=30)
    [stale] = stage.evaluate()
    assert (stale.verdict, stale.attained) == (Verdict.UNKNOWN, 1.0)


def looked(stage: Stage) -> Standing:
    with stage.look() as work:
        [listed] = looking.slos(work, "acme")
        assert looking.slo_of(work, "acme", listed.name).objectives == listed.objectives
        assert looking.every_standing(work, Tenants(frozenset({"acme"}))) == [*listed.objectives]
    [found] = listed.objectives
    assert found.verdict is listed.verdict
    return found


def test_what_was_met_is_not_known_once_nobody_judges_any_more(stage: Stage) -> None:
    stage.apply(UP)
    stage.gauge("up", [1.0] * 5000)
    stage.pass_time(minutes=1)
    stage.evaluate()
    stage.pass_time(minutes=10)
    assert (looked(stage).verdict, looked(stage).reason) == (Verdict.MET, "")
    assert "quiet" in {one.state for one in looked(stage).burns}
    stage.pass_time(minutes=1)
    found = looked(stage)
    assert (found.verdict, found.reason) == (
        Verdict.UNKNOWN,
        "not judged since 2026-03-01 12:01 UTC",
    )
    assert {one.state for one in found.burns} == {"not known"}


MONTHLY = UP.replace(
    "duration: 30d, isRolling: true",
    "duration: 1M, isRolling: false, calendar: {startTime: 2026-01-01, timeZone: UTC}",
)


def test_a_burn_rate_looks_back_beyond_the_beginning_of_a_month(stage: Stage) -> None:
    stage.apply(MONTHLY)
    stage.gauge("up", [1.0] * 3 * 1440)  # it is noon of the first
    stage.pass_time(minutes=1)
    for minutes in (0, 60):  # what was counted before it began is kept
        stage.pass_time(minutes=minutes)
        [found] = stage.evaluate()
        assert found.since == NOON.replace(hour=0)
        assert found.burns[-1].state == "quiet"
        assert found.burns[-1].events == 3 * 1440 - minutes


def test_what_burns_does_so_until_somebody_judges_otherwise(stage: Stage) -> None:
    stage.apply(UP)
    stage.gauge("up", [0.0] * 60)
    stage.pass_time(minutes=1)
    stage.evaluate()
    stage.pass_time(days=1)
    found = looked(stage)
    assert found.verdict is Verdict.EXHAUSTED
    assert found.reason.startswith("not judged since")


def test_maintenance_is_part_of_no_sum(stage: Stage) -> None:
    stage.apply(UP)
    with stage.work() as work:
        plan = maintenance.Plan(reason="patching", duration_minutes=60, tenant="acme")
        maintenance.schedule(work, plan)
    stage.pass_time(minutes=70)
    stage.gauge("up", [1.0] * 61 + [0.0] * 60 + [1.0] * 10)
    [found] = stage.evaluate()
    assert (found.consumed_minutes, found.excluded_minutes) == (0.0, 60.0)
    assert found.minutes == pytest.approx((43_200 - 60) / 1000)
    assert found.verdict is Verdict.MET


def test_few_events_call_nobody_and_many_do(stage: Stage) -> None:
    stage.apply(REQUESTS)
    stage.counter("requests", [0.2] * 60, code="200")
    stage.counter("requests", [0.0] * 50 + [0.5] * 10, code="500")
    [found] = stage.evaluate()
    assert {one.state for one in found.burns[:2]} == {"not enough traffic"}
    assert found.share is not None
    assert found.share > 1
    assert (found.demands, found.little) == ((), True)
    assert stage.told("SloBurning", "BudgetStepReached") == []


def test_what_is_known_of_budgets_is_a_metric_and_nothing_else_is(stage: Stage) -> None:
    other = UP.replace("name: availability", "name: other").replace("query: up", "query: nothing")
    stage.apply(f"{UP}---\n{other}")
    stage.gauge("up", [1.0] * 60 + [0.0] * 5)
    stage.pass_time(minutes=1)
    stage.evaluate()
    with stage.look() as work:
        measuring.measure(work, Tenants(frozenset({"acme"})))
    [family] = measuring.CONSUMED.collect()
    [sample] = family.samples
    assert sample.labels == {"tenant": "acme", "slo": "availability", "objective": "1"}
    assert sample.value == pytest.approx(5 / 43.2)
    counts = {
        one.labels["verdict"]: one.value for one in next(iter(measuring.MET.collect())).samples
    }
    assert counts == {"burning": 1, "not known": 1, "met": 0, "exhausted": 0}


def test_one_number_a_minute_is_no_traffic_that_could_be_low(stage: Stage) -> None:
    counted = UP.replace("Timeslices", "Occurrences")
    stage.apply(counted)
    stage.gauge("up", [1.0] * 55 + [0.0] * 5)
    stage.pass_time(minutes=1)
    [found] = stage.evaluate()
    assert {one.least for one in found.burns} == {0}
    assert found.verdict is Verdict.EXHAUSTED
    assert "burning" in {one.state for one in found.burns}


def test_a_source_that_says_more_good_than_all_makes_no_budget_grow(stage: Stage) -> None:
    swapped = REQUESTS.replace("bad:", "good:").replace('requests{code="500"}', "requests")
    stage.apply(swapped.replace("query: requests}", "query: some}"))
    stage.counter("some", [10.0] * 10)
    stage.counter("requests", [30.0] * 10)
    stage.pass_time(minutes=1)
    [found] = stage.evaluate()
    assert (found.attained, found.share) == (1.0, 0.0)
