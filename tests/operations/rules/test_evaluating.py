"""Rules in rounds: what begins, goes on, passes, and what is not known."""

from datetime import timedelta

import pytest
from sqlalchemy import insert
from structlog.testing import capture_logs

from operations.rules.stage import CPU, EVERY, Stage
from quarterdeck.kernel.db import writing
from quarterdeck.kernel.work import Tenants
from quarterdeck.operations.alerts.model import AlertState, Severity
from quarterdeck.operations.metrics.tables import chunks, series
from quarterdeck.operations.rules.catalogue import CATALOGUE
from quarterdeck.operations.rules.document import doc_of
from quarterdeck.operations.rules.model import State
from quarterdeck.operations.rules.store import standing

MINUTE = timedelta(minutes=1)


@pytest.mark.census("CG-003", "PX-037", "BK-008")
def test_five_minutes_beyond_the_threshold_fire_once_and_what_passes_resolves(
    stage: Stage,
) -> None:
    stage.apply()
    stage.feed(85, minutes=4)
    assert (stage.state(), stage.alerts()) == (State.PENDING, [])
    stage.feed(85, minutes=1.25)
    assert stage.state() is State.FIRING
    [alert] = stage.alerts()
    assert (alert.sign.severity, alert.sign.type) == (Severity.CRITICAL, "high-cpu")
    assert alert.sign.labels == {"alertname": "high-cpu", "host": "a", "severity": "critical"}
    assert alert.runbook == "https://wiki.example/cpu"
    assert alert.sign.title == "high-cpu of a: 85 > 80"
    stage.feed(86, minutes=5)
    assert len(stage.alerts()) == 1
    stage.feed(20)
    assert (stage.state(), stage.alerts()) == (State.INACTIVE, [])
    [over] = stage.alerts(AlertState.RESOLVED)
    assert (over.id, over.ends_at) == (alert.id, stage.now)
    assert stage.events() == ["RuleApplied", "AlertFired", "AlertEnded"]


def test_four_minutes_are_no_alert_though_nothing_comes_after(stage: Stage) -> None:
    stage.apply()
    stage.feed(85, minutes=4.25)
    stage.feed(None, minutes=10)
    assert (stage.alerts(), stage.state()) == ([], State.UNKNOWN)


def test_equal_to_the_threshold_is_not_above_it(stage: Stage) -> None:
    stage.apply(hold="PT0S")
    stage.feed(80)
    assert stage.state() is State.INACTIVE
    stage.feed(80.5)
    assert stage.state() is State.FIRING


def test_data_that_is_late_ends_nothing(stage: Stage) -> None:
    stage.apply(hold="PT0S")
    stage.feed(85)
    stage.feed(None, minutes=30)
    said = stage.standing()
    assert (len(stage.alerts()), said.state, said.firing, said.unknown) == (1, State.FIRING, 1, 1)
    assert said.reason == "its series is gone"
    stage.feed(85)
    assert (len(stage.alerts()), stage.standing().unknown) == (1, 0)
    stage.feed(1)
    assert stage.alerts() == []


def test_what_came_late_of_a_counter_is_no_sign_that_it_stands_still(stage: Stage) -> None:
    rate = {"of": "errors_total", "function": "increase", "window": "PT2M", "value": 100}
    stage.apply(CPU, threshold=rate, hold="PT0S")
    for n in range(12):
        stage.feed(n * 50.0, "errors_total")
    assert stage.state() is State.FIRING
    stage.feed(None, minutes=1.75)
    assert (stage.state(), len(stage.alerts())) == (State.FIRING, 1)
    assert stage.standing().unknown == 1


def test_a_rule_sees_no_farther_back_for_another_of_its_metric(stage: Stage) -> None:
    stage.apply()
    stage.apply(CPU | {"name": "day"}, threshold={"of": "cpu", "window": "P1D", "value": 80})
    stage.record("cpu", 20, host="gone")
    stage.now += timedelta(minutes=30)
    stage.feed(20)
    assert (stage.state("day"), stage.standing("day").unknown) == (State.UNKNOWN, 1)
    assert (stage.state(), stage.standing().unknown) == (State.INACTIVE, 0)


def test_a_rule_without_data_is_not_known_and_says_so(stage: Stage) -> None:
    stage.apply()
    stage.round()
    said = stage.standing()
    assert (said.state, said.reason) == (State.UNKNOWN, "no series has a point")


def test_a_clock_that_jumps_ahead_is_no_time_in_which_a_condition_held(stage: Stage) -> None:
    stage.apply()
    stage.feed(85, minutes=2)
    stage.now += timedelta(hours=1)
    stage.feed(85)
    assert (stage.state(), stage.alerts()) == (State.PENDING, [])
    stage.feed(85, minutes=5)
    assert stage.state() is State.FIRING


def test_clocks_that_jump_either_way_resolve_nothing(stage: Stage) -> None:
    stage.apply(hold="PT0S")
    stage.feed(10, minutes=5)  # what stands in the past to which the clock will be set back
    stage.now += timedelta(minutes=20)
    stage.feed(85, minutes=2)
    assert stage.state() is State.FIRING
    before = stage.now
    stage.now = before + timedelta(hours=3)
    stage.round()
    assert len(stage.alerts()) == 1
    stage.now = before - timedelta(minutes=22)
    stage.round()
    assert (len(stage.alerts()), stage.standing().reason) == (1, "the clock was set back")
    stage.now = before + EVERY
    stage.feed(85)
    assert (len(stage.alerts()), stage.standing().unknown) == (1, 0)
    stage.feed(3)
    assert stage.alerts() == []


def test_a_clock_that_was_set_back_stops_no_rounds(stage: Stage) -> None:
    stage.apply(hold="PT0S")
    stage.round()
    stage.now -= timedelta(days=1)
    stage.feed(85, minutes=0.5)  # the first sample is of the instant that it was set back to
    assert stage.state() is State.FIRING


def test_a_restart_forgets_nothing(stage: Stage) -> None:
    # Each round makes another evaluator: nothing but the database remembers.
    stage.apply()
    stage.feed(85, minutes=3)
    stage.feed(None, minutes=1)  # nobody evaluates, nor records
    stage.feed(85, minutes=1.25)
    assert stage.state() is State.FIRING


def test_it_fires_on_for_as_long_as_it_shall(stage: Stage) -> None:
    stage.apply(keep_firing="PT2M", hold="PT0S")
    stage.feed(85)
    stage.feed(1, minutes=1.5)
    assert (stage.state(), len(stage.alerts())) == (State.FIRING, 1)
    stage.feed(1, minutes=1)
    assert (stage.state(), stage.alerts()) == (State.INACTIVE, [])


def test_a_rule_with_an_error_says_why_and_stops_no_other(stage: Stage) -> None:
    stage.apply(hold="PT0S")
    ratio = {"of": "cpu", "among": "cpu", "by": [], "value": 0.5}
    stage.apply(CPU | {"name": "ratio"}, threshold=ratio)
    tear(stage, "torn")
    stage.apply(CPU | {"name": "torn"}, threshold={"of": "torn", "value": 1})
    stage.feed(85)
    said = stage.standing("torn")
    assert said.state is State.ERROR
    assert said.reason
    assert (stage.state(), stage.state("ratio")) == (State.FIRING, State.PENDING)


def tear(stage: Stage, metric: str) -> None:
    """Have a metric be one that nobody can read."""
    with stage.metrics.writing() as db:
        torn = {"tenant": "acme", "digest": b"x", "name": metric, "labels": "{}"}
        made = insert(series).values(torn | {"created_at": 0, "seen_at": 0})
        number = db.scalar(made.returning(series.c.id))
        chunk = {"series": number, "start": 0, "end": 2**62, "count": 1, "data": b"torn"}
        db.execute(insert(chunks).values(chunk))


def test_what_fires_is_not_known_while_its_rule_has_an_error(stage: Stage) -> None:
    stage.apply(hold="PT0S")
    stage.feed(85)
    tear(stage, "cpu")
    stage.feed(85, minutes=2)
    said = stage.standing()
    assert (said.state, said.firing, said.unknown, said.series) == (State.ERROR, 1, 1, 1)
    [one] = stage.instances()
    assert (one.state, one.known, one.why) == (State.FIRING, False, said.reason)
    [alert] = stage.alerts()
    stage.resolve(alert.id)
    stage.feed(85, minutes=1.5)
    assert (stage.alerts(), stage.instances()) == ([], [])


def test_two_series_that_would_be_one_alert_are_an_error_that_says_which(stage: Stage) -> None:
    stage.apply(hold="PT0S", labels={"zone": "all"})
    stage.feed(85)
    for zone in ("east", "west"):
        stage.record("cpu", 90, host="b", zone=zone)
    stage.feed(85)
    said = stage.standing()
    assert (said.state, said.firing, said.unknown) == (State.ERROR, 1, 1)
    assert "{host='b', zone='east'} and {host='b', zone='west'} would be one alert" in said.reason
    assert [alert.sign.labels["host"] for alert in stage.alerts()] == ["a"]
    stage.now += 20 * MINUTE
    stage.feed(85)
    assert (stage.state(), stage.standing().unknown) == (State.FIRING, 0)


def test_what_fires_unseen_and_its_heir_are_an_error_until_somebody_resolves_it(
    stage: Stage,
) -> None:
    stage.apply(hold="PT0S")
    stage.record("cpu", 90, host="a", severity="x")
    stage.round()
    for minutes in range(8):
        stage.now += MINUTE
        stage.record("cpu", 10 if minutes < 7 else 99, host="a", severity="y")
        stage.round()
    assert stage.state() is State.ERROR
    assert "would be one alert" in stage.standing().reason
    [alert] = stage.alerts()
    stage.resolve(alert.id)
    for _ in range(3):
        stage.now += MINUTE
        stage.record("cpu", 99, host="a", severity="y")
        stage.round()
    assert (stage.state(), len(stage.alerts())) == (State.FIRING, 1)


def test_what_a_person_resolved_begins_again_while_its_cause_is_there(stage: Stage) -> None:
    stage.apply(hold="PT0S")
    stage.feed(85)
    [alert] = stage.alerts()
    stage.resolve(alert.id)
    assert stage.alerts() == []
    stage.feed(85, minutes=1)
    [again] = stage.alerts()
    assert again.id != alert.id


def test_what_fires_unseen_is_let_go_once_somebody_resolved_it(stage: Stage) -> None:
    stage.apply(hold="PT0S")
    stage.feed(85)
    stage.feed(None, minutes=20)
    [alert] = stage.alerts()
    stage.resolve(alert.id)
    stage.feed(None, minutes=1.5)
    assert (stage.alerts(), stage.state()) == ([], State.UNKNOWN)
    assert stage.standing().firing == 0


def test_one_of_two_workers_has_a_turn(stage: Stage) -> None:
    stage.apply()
    with stage.work() as work:
        standing.begin(work.db, Tenants(frozenset({"acme"})))
    with writing(stage.engine) as db:
        first = standing.claim(db, "acme", 10**15, 15_000_000)
    assert first is not None
    with writing(stage.engine) as db:
        assert standing.claim(db, "acme", 10**15, 15_000_000) is None
        assert standing.holds(db, "acme", first[0])
        assert standing.claim(db, "acme", 10**15 + 15_000_000, 15_000_000) is not None
        assert not standing.holds(db, "acme", first[0])


def test_numbers_that_come_to_none_are_not_known_and_stop_no_other_rule(stage: Stage) -> None:
    stage.apply(hold="PT0S")
    stage.apply(CPU | {"name": "sum"}, threshold={"of": "odd", "by": [], "is": "!=", "value": 1})
    mean = {"of": "odd", "by": [], "across": "avg", "is": "!=", "value": 1}
    stage.apply(CPU | {"name": "mean"}, threshold=mean)
    share = {"of": 'odd{host="a"}', "among": 'odd{host="a"}', "by": [], "is": "!=", "value": 1}
    stage.apply(CPU | {"name": "share"}, threshold=share)
    rise = {"of": "odd", "function": "increase", "value": 1}
    stage.apply(CPU | {"name": "rise"}, threshold=rise)
    for host, sign in (("a", 1), ("b", -1)):
        for n in range(3):
            at = stage.now + EVERY * n
            stage.record("odd", sign * float("inf") * (-1) ** n, at, host=host)
    stage.now += EVERY
    stage.feed(85)
    assert stage.state() is State.FIRING
    for name in ("sum", "mean", "share"):
        said = stage.standing(name)
        assert (said.state, said.reason) == (State.UNKNOWN, "what comes out is no number (NaN)")
    assert stage.state("rise") is State.ERROR
    assert "cannot be worked out" in stage.standing("rise").reason


@pytest.mark.census("ATP-116", "ATP-117")
@pytest.mark.parametrize(
    ("name", "dependency"), [("DatabaseConnectionFailure", "database"), ("MessageBusDown", "bus")]
)
def test_a_dependency_that_is_cut_is_looked_at_again_before_anybody_is_paged(
    stage: Stage, name: str, dependency: str
) -> None:
    [rule] = [one for one in CATALOGUE if one.name == name]
    stage.apply(doc_of(rule) | {"for": "PT30S"})
    with capture_logs() as logs:
        for up, alerts in ((1.0, 0), (0.0, 0), (0.0, 0), (0.0, 1)):
            stage.now += EVERY
            stage.record("quarterdeck_dependency_up", up, dependency=dependency)
            stage.round()
            assert len(stage.alerts()) == alerts
    retries = [one["held_s"] for one in logs if one["event"] == "pending"]
    assert retries == [0, 15]
    [alert] = stage.alerts()
    assert alert.sign.labels["severity"] == "SEV-1"
