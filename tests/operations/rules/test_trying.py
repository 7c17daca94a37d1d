"""A rule tried at an instant, on stored samples; and the catalogue at its thresholds."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import pytest

from operations.rules.stage import CPU, NOON, SRE, Stage
from quarterdeck.kernel.work import Actor, MissingPermission
from quarterdeck.operations.metrics.model import Sample, stale_mark
from quarterdeck.operations.metrics.service.recording import record
from quarterdeck.operations.rules.catalogue import CATALOGUE
from quarterdeck.operations.rules.document import rule_of
from quarterdeck.operations.rules.model import Rule, State
from quarterdeck.operations.rules.service import trying
from quarterdeck.operations.rules.service.trying import Tried

EVERY = timedelta(seconds=15)
RULES = {rule.name: rule for rule in CATALOGUE}


pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
"""What is tried is only read: how both databases do that, test_evaluating.py says."""


def minutes(
    stage: Stage, name: str, many: float, value: float, labels: Mapping[str, str] | None = None
) -> None:
    """The same value each 15 s, the last now."""
    first = stage.now - timedelta(minutes=many)
    samples = [
        Sample(name, labels or {}, first + EVERY * n, value) for n in range(int(many * 4) + 1)
    ]
    keep(stage, samples)


def count(stage: Stage, name: str, many: float, step: float, labels: Mapping[str, str]) -> None:
    """A counter that grows by ``step`` each 15 s, the last now."""
    first = stage.now - timedelta(minutes=many)
    keep(
        stage,
        [Sample(name, labels, first + EVERY * n, step * n) for n in range(int(many * 4) + 1)],
    )


def keep(stage: Stage, samples: Sequence[Sample]) -> None:
    with stage.work() as work:
        assert record(work, stage.metrics, "acme", samples, backfill=True).refused == {}


def tried(stage: Stage, rule: Rule | str, at: datetime | None = None) -> Tried:
    wanted = RULES[rule] if isinstance(rule, str) else rule
    with stage.work() as work:
        return trying.tried(work, stage.metrics, "acme", wanted, at or stage.now)


def says(stage: Stage, rule: Rule | str, at: datetime | None = None) -> State:
    return tried(stage, rule, at).standing.state


def test_it_says_what_would_have_been_said_then_with_the_values(stage: Stage) -> None:
    minutes(stage, "cpu", 6, 85, {"host": "a"})
    minutes(stage, "cpu", 6, 12, {"host": "b"})
    rule = rule_of(CPU)
    at = {minute: NOON - timedelta(minutes=6 - minute) for minute in range(7)}
    assert says(stage, rule, at[0] - EVERY) is State.UNKNOWN
    assert [says(stage, rule, at[n]) for n in (1, 4)] == [State.PENDING] * 2
    found = tried(stage, rule, at[5])
    assert (found.standing.state, found.standing.firing) == (State.FIRING, 1)
    assert [(one.labels, one.value, one.holds) for one in found.seen] == [
        ({"host": "a"}, 85, True),
        ({"host": "b"}, 12, False),
    ]
    assert says(stage, rule, NOON + timedelta(hours=1)) is State.UNKNOWN


@pytest.mark.parametrize(
    ("every", "how"),
    [
        (timedelta(seconds=140), {}),
        (timedelta(minutes=20), {"function": "avg", "window": "PT30M", "late_after": "PT1H"}),
    ],
)
def test_a_condition_that_must_hold_for_days_is_seen_to(
    stage: Stage, every: timedelta, how: dict[str, str]
) -> None:
    rule = rule_of({**CPU, "threshold": {"of": "cpu", "value": 80, **how}, "for": "P2D"})
    many = timedelta(days=2, hours=1) // every
    keep(stage, [Sample("cpu", {}, stage.now - every * n, 85) for n in range(many, -1, -1)])
    assert says(stage, rule, stage.now - timedelta(hours=2)) is State.PENDING
    assert says(stage, rule) is State.FIRING


def test_what_would_take_minutes_to_look_through_is_not_tried_and_says_so(stage: Stage) -> None:
    keep(stage, [Sample("cpu", {"host": str(n)}, stage.now, 85) for n in range(6)])
    said = tried(stage, rule_of({**CPU, "for": "P30D"}))
    assert said.standing.state is State.UNKNOWN
    assert "would take too long" in said.standing.reason
    assert (len(said.seen), said.instances) == (6, [])
    assert says(stage, rule_of({**CPU, "for": "P1D"})) is State.PENDING


def test_what_was_gone_before_the_instant_is_none_of_its_series(stage: Stage) -> None:
    rule = rule_of({**CPU, "for": "P2D"})
    stage.now -= timedelta(hours=3)
    minutes(stage, "cpu", 2, 85, {"host": "gone"})
    stage.now += timedelta(hours=3)
    minutes(stage, "cpu", 2, 12, {"host": "a"})
    said = tried(stage, rule)
    assert [one.labels for one in said.seen] == [{"host": "a"}]
    assert (said.standing.state, said.standing.unknown) == (State.INACTIVE, 0)


def test_two_series_that_would_be_one_alert_are_an_error_when_tried_too(stage: Stage) -> None:
    for severity in ("x", "y"):
        minutes(stage, "cpu", 6, 85, {"severity": severity})
    said = tried(stage, rule_of(CPU)).standing
    assert said.state is State.ERROR
    assert "{severity='x'} and {severity='y'} would be one alert" in said.reason


def test_who_may_see_no_alerts_may_try_no_rule(stage: Stage) -> None:
    nobody = Actor("nobody", frozenset({("tenants:read", "acme")}))
    with pytest.raises(MissingPermission), stage.work(nobody) as work:
        trying.tried(work, stage.metrics, "acme", rule_of(CPU), stage.now)
    assert SRE.may("alerts:read", "acme")


@pytest.mark.census("ATP-114")
def test_six_percent_errors_for_five_minutes(stage: Stage) -> None:
    for service, errors in (("query", 6), ("export", 4)):
        labels = {"service": service, "outcome": "error"}
        count(stage, "quarterdeck_service_requests_total", 8, errors, labels)
        labels = {"service": service, "outcome": "ok"}
        count(stage, "quarterdeck_service_requests_total", 8, 100 - errors, labels)
    found = tried(stage, "HighErrorRate")
    assert [(one.labels["service"], one.state) for one in found.instances] == [
        ("query", State.FIRING)
    ]
    assert {one.labels["service"]: one.value for one in found.seen} == {
        "query": pytest.approx(0.06),
        "export": pytest.approx(0.04),
    }


@pytest.mark.census("ATP-115")
def test_a_slow_twentieth_of_requests_for_ten_minutes(stage: Stage) -> None:
    for le, step in (("0.5", 90), ("1", 94), ("2.5", 100), ("+Inf", 100)):
        labels = {"service": "query", "le": le}
        count(stage, "quarterdeck_service_request_seconds_bucket", 12, step, labels)
    at = stage.now - timedelta(minutes=12) + EVERY  # the first rate that is known
    assert says(stage, "HighLatency", at + timedelta(minutes=9)) is State.PENDING
    assert says(stage, "HighLatency", at + timedelta(minutes=10)) is State.FIRING


@pytest.mark.census("ATP-119")
def test_more_than_a_hundred_dead_letters_for_half_an_hour(stage: Stage) -> None:
    for consumer, many in (("a", 60), ("b", 41)):
        minutes(stage, "quarterdeck_dead_letters", 31, many, {"consumer": consumer})
    assert says(stage, "DLQBacklog", stage.now - timedelta(minutes=2)) is State.PENDING
    assert says(stage, "DLQBacklog") is State.FIRING
    minutes(stage, "other", 31, 100)
    other = rule_of({**CPU, "threshold": {"of": "other", "value": 100}})
    assert says(stage, other) is State.INACTIVE  # a hundred are not more than a hundred


@pytest.mark.census("ATP-120", "ATP-121")
@pytest.mark.parametrize(
    ("rule", "metric", "fine", "bad"),
    [
        ("DiskSpaceLow", "quarterdeck_disk_free_share", 0.11, 0.09),
        ("CertificateExpiring", "quarterdeck_certificate_days", 31, 29),
        ("ServiceDown", "quarterdeck_service_up", 1, 0),
    ],
)
def test_at_once(stage: Stage, rule: str, metric: str, fine: float, bad: float) -> None:
    labels = {"service": "web", "dependency": "database"}
    minutes(stage, metric, 2, fine, labels)
    assert says(stage, rule) is State.INACTIVE
    stage.now += EVERY
    keep(stage, [Sample(metric, labels, stage.now, bad)])
    assert says(stage, rule) is State.FIRING


@pytest.mark.census("ATP-155")
def test_four_fifths_of_a_pool(stage: Stage) -> None:
    for process, used in (("web", 80), ("worker", 81)):
        labels = {"pool": "database", "process": process}
        minutes(stage, "quarterdeck_pool_max", 2, 100, labels)
        minutes(stage, "quarterdeck_pool_used", 2, used, labels)
    found = tried(stage, "ConnectionPoolUse")
    assert [(one.labels["process"], one.value) for one in found.instances] == [("worker", 0.81)]


def test_lag_of_half_a_minute_for_ten_minutes(stage: Stage) -> None:
    minutes(stage, "quarterdeck_projection_lag_seconds", 11, 31, {"projection": "timeline"})
    assert says(stage, "ProjectionLagHigh", stage.now - timedelta(minutes=2)) is State.PENDING
    assert says(stage, "ProjectionLagHigh") is State.FIRING


def test_of_a_group_what_ended_is_left_out_and_what_is_late_is_not_known(stage: Stage) -> None:
    rule = rule_of({**CPU, "threshold": {"of": "cpu", "by": ["app"], "value": 100}, "for": "PT0S"})
    for host in ("a", "b"):
        minutes(stage, "cpu", 3, 60, {"app": "web", "host": host})
    assert says(stage, rule) is State.FIRING
    stage.now += EVERY
    keep(stage, [Sample("cpu", {"app": "web", "host": "b"}, stage.now, stale_mark())])
    assert tried(stage, rule).seen[0].value == 60
    keep(stage, [Sample("cpu", {"app": "web", "host": "a"}, stage.now, stale_mark())])
    assert tried(stage, rule).seen[0].why == "its series ended"
    stage.now += 4 * EVERY
    minutes(stage, "cpu", 0.5, 60, {"app": "web", "host": "c"})
    assert tried(stage, rule).seen[0].value == 60


def test_what_nothing_measures_is_not_known(stage: Stage) -> None:
    found = tried(stage, "TamperDetected").standing
    assert (found.state, found.reason) == (State.UNKNOWN, "no series has a point")
