"""What each class of failure leads to: held, repeated, reported, or not known and said so."""

from datetime import timedelta

import pytest

from governance.estate import EVERY, Estate, arm
from quarterdeck.governance.cloud.ports import (
    CloudCondition,
    CloudFailure,
    CloudStatus,
    Denied,
    FailureClass,
)
from quarterdeck.governance.sync import patterns
from quarterdeck.governance.sync.freshness import Age
from quarterdeck.governance.sync.model import RunState
from quarterdeck.governance.sync.service import holds, queries
from quarterdeck.governance.sync.service.freshness import freshness
from quarterdeck.governance.sync.service.queries import NoReport
from quarterdeck.governance.sync.waiting import Hold
from quarterdeck.kernel.jobs.model import Job
from quarterdeck.operations.alerts import service as alerts
from quarterdeck.operations.alerts.model import Severity

LATE = CloudFailure(FailureClass.TIMEOUT, "no answer in 30 s")
DEGRADED = CloudStatus(condition=CloudCondition.DEGRADED, detail="Storage in West Europe is down")
NOT_KNOWN = CloudStatus(condition=CloudCondition.NOT_KNOWN, detail="the page is away")


def repetitions(estate: Estate) -> list[Job]:
    return [job for job in estate.jobs("ready") if job.body.get("attempt", 1) > 1]


def held(estate: Estate) -> list[Hold]:
    with estate.look() as work:
        return holds.held(work)


@pytest.mark.census("AG-034")
def test_a_timeout_while_the_cloud_is_degraded_is_held_until_it_is_healthy(
    estate: Estate,
) -> None:
    _, cloud = estate.connect("acme")
    cloud.pages["s1"] = [LATE]
    estate.status = DEGRADED
    run = estate.sync()
    assert (run.state, run.failure) == (RunState.FAILED, "timeout")
    assert DEGRADED.detail in run.action
    [hold] = held(estate)
    assert (hold.run, hold.words) == (run.id, DEGRADED.detail)
    cloud.hold("a")
    estate.pass_time(minutes=2)
    estate.run_due()
    assert len(estate.runs()) == 1, "still held"
    [waiting] = repetitions(estate)
    assert DEGRADED.detail in waiting.detail
    estate.status = CloudStatus(condition=CloudCondition.HEALTHY, detail="")
    estate.wake()
    estate.run_due()
    assert (estate.runs()[0].state, held(estate)) == (RunState.SUCCESS, [])
    assert len(estate.told("SyncHeld", "SyncReleased")) == 2


@pytest.mark.parametrize(
    "status", [NOT_KNOWN, CloudStatus(condition=CloudCondition.HEALTHY, detail="")]
)
def test_a_timeout_of_a_healthy_cloud_is_repeated_and_not_held(
    estate: Estate, status: CloudStatus
) -> None:
    _, cloud = estate.connect("acme")
    cloud.pages["s1"] = [LATE]
    estate.status = status
    estate.sync()
    assert held(estate) == []
    [again] = repetitions(estate)
    assert again.due_at - estate.now == timedelta(minutes=1)


def test_a_person_may_read_what_is_held_all_the_same(estate: Estate) -> None:
    connection, cloud = estate.connect("acme")
    cloud.pages["s1"] = [LATE]
    estate.status = DEGRADED
    estate.sync()
    cloud.hold("a")
    with estate.work() as work:
        holds.release(work, connection.id, "resources")
    with estate.work() as work, pytest.raises(holds.NotHeld):
        holds.release(work, connection.id, "resources")
    assert estate.sync().state is RunState.SUCCESS


def test_what_is_denied_is_not_known_and_the_rest_is_current(estate: Estate) -> None:
    _, cloud = estate.connect("acme")
    cloud.pages["s1"] = [Denied("403 on s1", missing="Reader on s1")]
    cloud.hold("b", subscription="s2")
    run = estate.sync()
    assert (run.state, run.failure, run.missing) == (RunState.PARTIAL, "", ("Reader on s1",))
    assert "Reader on s1" in run.action
    assert cloud.listed == ["s1", "s2"]
    assert estate.told("SyncFailed") == []
    assert estate.told("SyncCompleted")[0].payload["missing"] == ["Reader on s1"]
    assert repetitions(estate) == []
    with estate.look() as work:
        assert [f.state for f in freshness(work, EVERY)] == [Age.CURRENT]


def test_where_all_is_denied_nothing_is_current_and_no_credential_is_blamed(
    estate: Estate,
) -> None:
    _, cloud = estate.connect("acme")
    cloud.pages["s1"] = [Denied("403 on s1", missing="Reader on s1")]
    run = estate.sync()
    assert (run.state, run.failure, run.whole) == (RunState.FAILED, "denied", False)
    assert "Reader on s1" in run.action
    assert "Rotate" not in run.action
    estate.deliver()
    with estate.look() as work:
        [alert] = alerts.active(work)
        assert queries.patterns_of(work, EVERY) == []
    assert (alert.sign.type, alert.sign.severity) == ("sync_failure", Severity.WARNING)
    assert "denied" in alert.sign.title
    assert "Reader on s1" in alert.sign.annotations["action"]
    cloud.hold("a")
    estate.sync()
    estate.deliver()
    with estate.look() as work:
        assert alerts.active(work) == []


@pytest.mark.census("AG-035")
def test_an_answer_cut_short_is_repeated_and_one_of_a_new_form_is_not(estate: Estate) -> None:
    _, cloud = estate.connect("acme")
    cloud.pages["s1"] = [CloudFailure(FailureClass.DATA, "cut", page=b'{"value": [{"id"')]
    first = estate.sync()
    assert len(repetitions(estate)) == 1
    assert "schema changed" not in first.action
    estate.run_due()
    estate.run_due()
    assert repetitions(estate) == [], "three in a row are enough"
    cloud.pages["s1"] = [CloudFailure(FailureClass.DATA, "no list", page=b'{"items": 7}')]
    run = estate.sync()
    assert "schema changed" in run.action
    assert repetitions(estate) == []


@pytest.mark.census("AG-036")
def test_what_nobody_knows_is_watched_once_and_then_reported(estate: Estate) -> None:
    _, cloud = estate.connect("acme")
    strange = CloudFailure(FailureClass.UNKNOWN, "I am a teapot", request_id="r-418")
    cloud.pages["s1"] = [[arm("a", secret="hush")], strange]
    first = estate.sync()
    assert "LOG_LEVEL=DEBUG" in first.action
    with estate.look() as work, pytest.raises(NoReport):
        queries.report_of(work, first.id)
    estate.run_due()
    second = estate.runs()[0]
    assert "reproduced" in second.action
    with estate.look() as work:
        report = queries.report_of(work, second.id)
    for part in ("I am a teapot", "the same error", "resources(s1)", "page of 1 items", "r-418"):
        assert part in report
    assert "hush" not in report


@pytest.mark.census("AG-037", "AG-040", "AG-044")
@pytest.mark.parametrize(
    ("failure", "name"),
    [
        (
            CloudFailure(FailureClass.AUTHENTICATION, "AADSTS7000215: Invalid client secret"),
            "authentication",
        ),
        (CloudFailure(FailureClass.RATE_LIMIT, "429", retry_after_s=0), "rate limiting"),
        (LATE, "timeout"),
    ],
)
def test_a_pattern_is_recognised_and_says_what_to_do(
    estate: Estate, failure: CloudFailure, name: str
) -> None:
    _, cloud = estate.connect("acme")
    cloud.hold("a")
    estate.sync()
    cloud.pages["s1"] = [[arm("a")], failure]
    estate.sync()
    with estate.look() as work:
        found = queries.patterns_of(work, EVERY)
    assert [(p.name.value, p.tenant, p.domains) for p in found] == [(name, "acme", ("resources",))]
    assert found[0].signs
    assert found[0].advice == patterns.ADVICE[found[0].name]


def test_runs_without_failures_have_no_pattern(estate: Estate) -> None:
    estate.connect("acme")
    estate.sync()
    with estate.look() as work:
        assert queries.patterns_of(work, EVERY) == []


@pytest.mark.parametrize(("minutes", "over"), [(29, False), (31, True)])
def test_a_run_over_its_limit_is_flagged_and_not_killed(
    estate: Estate, minutes: float, *, over: bool
) -> None:
    _, cloud = estate.connect("acme")
    cloud.hold("a")
    cloud.between = [lambda: estate.pass_time(minutes=minutes)]
    run = estate.sync()
    assert run.state is RunState.SUCCESS
    with estate.look() as work:
        assert queries.over_limit(work, run, EVERY) is over
