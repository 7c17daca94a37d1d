"""The SLA report: what was attained over a period, by service and target."""

from datetime import UTC, datetime, timedelta

import pytest

from operations.slos.stage import MINUTE, NOON, REQUESTS, UP, Stage
from quarterdeck.kernel.work import Actor, TenantNotFound
from quarterdeck.operations.slos.service.reporting import Attainment, UnusablePeriod, report

MARCH = (datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC))


def reported(
    stage: Stage, period: tuple[datetime, datetime] = MARCH, tenant: str = ""
) -> list[Attainment]:
    with stage.look() as work:
        return report(work, *period, tenant)


@pytest.mark.census("BK-006")
def test_each_service_has_what_it_attained_beside_its_target(stage: Stage) -> None:
    stage.apply(UP)
    stage.apply(REQUESTS)
    stage.gauge("up", [1.0] * 600 + [0.0] * 50 + [1.0] * 71)
    stage.counter("requests", [100.0] * 60, code="200")
    stage.counter("requests", [1.0] * 60, code="500")
    stage.evaluate()
    answers, availability = reported(stage)
    assert (availability.service, availability.slo, availability.target) == (
        *("web", "availability", "0.999"),
    )
    assert availability.attained == pytest.approx(669 / 719)
    assert availability.met is False
    assert availability.lost_minutes == pytest.approx(50)
    assert availability.allowed_minutes == pytest.approx(31 * 1440 / 1000)
    assert availability.coverage == pytest.approx(1)
    assert answers.attained == pytest.approx(100 / 101)
    assert answers.met is False
    good = reported(stage, (NOON - timedelta(hours=8), NOON - timedelta(hours=7)))[1]
    assert (good.met, good.lost_minutes) == (True, 0)


def test_a_month_of_which_nothing_is_known_is_neither_met_nor_missed(stage: Stage) -> None:
    stage.apply(UP)
    stage.apply(UP.replace("name: availability", "name: b").replace("up}}", "x}}"), "other")
    stage.gauge("up", [1.0] * 60)
    stage.evaluate()
    [past, _] = reported(stage, (MARCH[0] - timedelta(days=28), MARCH[0]))
    assert (past.attained, past.met, past.lost_minutes, past.coverage) == (None, None, None, 0)
    assert [one.tenant for one in reported(stage)] == ["acme", "other"]
    assert [one.tenant for one in reported(stage, tenant="other")] == ["other"]


def test_the_report_of_a_month_is_there_until_the_next_has_passed(stage: Stage) -> None:
    stage.apply(UP)
    stage.gauge("up", [1.0] * 30)
    stage.evaluate()
    hour = (NOON - timedelta(hours=1), NOON)
    for days in (45, 45):
        stage.pass_time(days=days)
        stage.gauge("up", [1.0] * 3)
        stage.evaluate()
    [kept] = reported(stage, hour)
    assert kept.attained == 1.0
    assert kept.coverage == pytest.approx(0.5, abs=0.04)


def test_only_a_period_of_somebodys_own_is_reported(stage: Stage) -> None:
    for period in ((NOON, NOON), (NOON, NOON - MINUTE), (NOON, NOON + timedelta(days=367))):
        with pytest.raises(UnusablePeriod, match="after it begins"):
            reported(stage, period)
    with pytest.raises(TenantNotFound), stage.look(Actor("eve", frozenset())) as work:
        report(work, *MARCH, "acme")
