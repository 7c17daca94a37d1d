"""What a spent budget demands is told once, freezes for real, and ends when it recovers."""

import pytest

from operations.slos.stage import REQUESTS, UP, Stage
from quarterdeck.access.roles.model import ROLES
from quarterdeck.kernel.work import Actor, MissingPermission, TenantNotFound
from quarterdeck.operations.alerts import hearing as alerts
from quarterdeck.operations.alerts.service import looking as looking_at
from quarterdeck.operations.changes import hearing as changes
from quarterdeck.operations.changes import service as freezes
from quarterdeck.operations.changes.model import ChangeKind, Purpose
from quarterdeck.operations.slos.model.openslo import UnusableSlo
from quarterdeck.operations.slos.model.standing import Verdict
from quarterdeck.operations.slos.service import applying, looking
from quarterdeck.operations.slos.service.applying import NoSuchSlo
from quarterdeck.worker.delivery import deliver_all

EVE = Actor("eve", frozenset((p, "other") for p in ROLES["admin"].permissions))
OWN = "  annotations: {quarterdeck/budget-policy: 'incident 5'}\n"
SHORT = UP.replace("duration: 30d", "duration: 1d").replace("0.999", "0.9")
HITS = "histogram: hits"


def deliver(stage: Stage) -> None:
    deliver_all(stage.engine, stage.clock, [changes.subscriber(), alerts.subscriber()])


def allowed(stage: Stage) -> set[str]:
    with stage.look() as work:
        verdicts = {p.value: freezes.may_deploy(work, "acme", purpose=p) for p in Purpose}
        config = freezes.may_deploy(work, "acme", kind=ChangeKind.CONFIG)
    found = {name for name, verdict in verdicts.items() if verdict.allowed}
    return found | ({"config"} if config.allowed else set())


@pytest.mark.census("ATP-197", "ATP-198", "ATP-199", "ATP-200")
def test_each_step_is_told_once_and_freezes_until_the_budget_recovers(stage: Stage) -> None:
    stage.apply(SHORT)  # of 1440 minutes 144 may be lost: the steps are 14.4, 36, 72 and 144
    everything = {"feature", "stability", "hotfix", "config"}
    reached = []
    for bad, demands, may in (
        (14, [], everything),
        (1, ["features"], {"stability", "hotfix", "config"}),
        (21, ["emergency"], {"stability", "hotfix"}),
        (36, ["incident"], {"stability", "hotfix"}),
        (72, ["postmortem"], {"stability", "hotfix"}),
    ):
        stage.gauge("up", [0.0] * bad)
        stage.pass_time(minutes=1)
        stage.evaluate()
        stage.evaluate()
        deliver(stage)
        reached += demands
        told = stage.told("BudgetStepReached")
        assert [fact.payload["demand"] for fact in told] == reached
        assert allowed(stage) == may
        stage.pass_time(minutes=100)
    assert "is consumed (step 10 %)" in stage.told("BudgetStepReached")[0].payload["reason"]
    stage.pass_time(days=1)
    stage.evaluate()
    assert stage.told("BudgetStepLeft") == []  # nothing is known: that ends nothing
    stage.gauge("up", [1.0] * 1500)
    stage.pass_time(minutes=1)
    [found] = stage.evaluate()
    deliver(stage)
    assert found.verdict is Verdict.MET
    assert {fact.payload["demand"] for fact in stage.told("BudgetStepLeft")} == set(reached)
    assert allowed(stage) == everything


def test_an_slo_with_a_policy_of_its_own_demands_by_that(stage: Stage) -> None:
    own = SHORT.replace("  displayName: Availability\n", OWN)
    stage.apply(own)
    stage.gauge("up", [0.0] * 40)  # of 144 minutes: more than the usual 10 and 25 percent
    stage.pass_time(minutes=1)
    stage.evaluate()
    assert [fact.payload["demand"] for fact in stage.told("BudgetStepReached")] == ["incident"]
    assert stage.told("BudgetStepReached")[0].payload["percent"] == 5
    with pytest.raises(UnusableSlo, match="budget policy"):
        stage.apply(own.replace("incident 5", "rest 5"))
    stage.apply(SHORT)
    stage.evaluate()
    assert {fact.payload["demand"] for fact in stage.told("BudgetStepReached")} == {
        "incident",
        "features",
        "emergency",
    }
    assert [fact.payload["demand"] for fact in stage.told("BudgetStepLeft")] == ["incident"]


def test_a_burn_is_an_alert_until_it_is_over(stage: Stage) -> None:
    stage.apply(UP)
    stage.gauge("up", [1.0] * 355 + [0.0] * 5)
    stage.pass_time(minutes=1)
    stage.evaluate()
    stage.evaluate()
    deliver(stage)
    burning = [fact.payload["rule"] for fact in stage.told("SloBurning")]
    assert burning == ["10 % in 1h", "1h/5m", "6h/30m", "1d/2h", "3d/6h"]
    assert firing(stage) == {"critical": 3, "warning": 2}
    stage.pass_time(minutes=59)
    stage.gauge("up", [1.0] * 60)
    stage.pass_time(minutes=1)
    stage.evaluate()
    deliver(stage)
    assert {fact.payload["rule"] for fact in stage.told("SloBurnEased")} == set(burning[:3])
    assert firing(stage) == {"warning": 2}


LASTING = """\
  alertPolicies:
    - kind: AlertPolicy
      metadata: {name: calls}
      spec:
        conditions:
          - kind: AlertCondition
            metadata: {name: lasting}
            spec:
              severity: page
              condition: {kind: burnrate, op: gt, threshold: 300, lookbackWindow: 10m, AFTER}
"""
LASTS = UP + LASTING.replace("AFTER", "alertAfter: 5m")


def begun(stage: Stage) -> bool:
    return "lasting" in {fact.payload["rule"] for fact in stage.told("SloBurning")}


def test_a_burn_that_must_last_calls_nobody_before_it_does(stage: Stage) -> None:
    stage.apply(LASTS)
    stage.gauge("up", [1.0] * 60 + [0.0] * 4)
    stage.pass_time(minutes=1)
    stage.evaluate()
    for bad in (1, 3, 1):
        assert not begun(stage)
        with stage.look() as work:
            held = looking.slo_of(work, "acme", "availability").holding
            assert [one.what for one in looking.slos(work, "acme")[0].holding] == [
                one.what for one in held
            ]
        assert "lasting" not in {one.what.partition(":")[2] for one in held}
        stage.pass_time(minutes=bad - 1)
        stage.gauge("up", [0.0] * bad)
        stage.pass_time(minutes=1)
        stage.evaluate()
    assert begun(stage)
    assert firing(stage) == {}
    deliver(stage)
    assert "critical" in firing(stage)


def test_a_burn_that_must_last_begins_anew_once_it_was_over(stage: Stage) -> None:
    stage.apply(LASTS)
    for values in ([0.0] * 4, [1.0] * 9, [0.0] * 4):
        stage.pass_time(minutes=len(values) - 1)
        stage.gauge("up", values)
        stage.pass_time(minutes=1)
        stage.evaluate()
    assert not begun(stage)
    assert "lasting" not in eased(stage)


def eased(stage: Stage) -> set[str]:
    return {fact.payload["rule"] for fact in stage.told("SloBurnEased")}


def test_a_burn_goes_on_when_its_source_falls_silent_and_events_grow_few(stage: Stage) -> None:
    stage.apply(REQUESTS)  # it takes 348 events of an hour, or 834 of six, for a word
    stage.counter("requests", [1.53] * 300 + [6.5] * 60, code="200")
    stage.counter("requests", [0.0] * 350 + [1.0] * 10, code="500")
    stage.pass_time(minutes=1)
    stage.evaluate()
    assert {"1h/5m", "6h/30m"} <= {fact.payload["rule"] for fact in stage.told("SloBurning")}
    for minutes, few in ((11, {"1h/5m"}), (10, {"1h/5m", "6h/30m"})):
        stage.pass_time(minutes=minutes)
        [found] = stage.evaluate()
        assert few <= {one.name for one in found.burns if one.events < one.least}
        assert found.stale is (minutes == 10)
        assert eased(stage) == set()
    stage.counter("requests", [100.0] * 21, code="200")
    stage.pass_time(minutes=1)
    stage.evaluate()
    assert "1h/5m" in eased(stage)


def test_a_demand_goes_on_when_its_source_falls_silent_and_events_grow_few(stage: Stage) -> None:
    stage.apply(SHORT.replace("Timeslices", "Occurrences").replace("query: up", HITS))
    stage.counter("hits_bucket", [5.0] * 600, le="1")
    stage.counter("hits_count", [10.0] * 600)
    stage.pass_time(minutes=1)
    stage.evaluate()
    assert len(stage.told("BudgetStepReached")) == 4
    stage.pass_time(days=1, minutes=-20)
    [found] = stage.evaluate()
    assert (found.verdict, found.stale) == (Verdict.EXHAUSTED, True)
    assert "features" not in found.demands
    assert stage.told("BudgetStepLeft") == []
    stage.counter("hits_bucket", [0.0] * 1000, le="1")
    stage.counter("hits_count", [1000.0] * 1000)
    stage.pass_time(minutes=1)
    stage.evaluate()
    assert len(stage.told("BudgetStepLeft")) == 4


def firing(stage: Stage) -> dict[str, int]:
    with stage.look() as work:
        live = [one.sign.severity.value for one in looking_at.live(work, "acme")]
    return {name: live.count(name) for name in set(live)}


def test_what_is_removed_demands_nothing_any_more(stage: Stage) -> None:
    stage.apply(SHORT)
    stage.gauge("up", [0.0] * 20)
    stage.pass_time(minutes=1)
    stage.evaluate()
    deliver(stage)
    assert "feature" not in allowed(stage)
    with stage.work() as work:
        applying.remove(work, "acme", "SLO", "availability")
        assert looking.slos(work, "acme") == []
        with pytest.raises(NoSuchSlo):
            applying.remove(work, "acme", "SLO", "availability")
    deliver(stage)
    assert "feature" in allowed(stage)
    assert stage.evaluate() == []


def test_the_same_again_changes_nothing_and_is_told_once(stage: Stage) -> None:
    assert stage.apply(UP).changed == (("SLO", "availability"),)
    assert stage.apply(UP).unchanged == (("SLO", "availability"),)
    assert len(stage.told("SloObjectApplied")) == 1


def test_an_slo_refers_only_to_what_is_there(stage: Stage) -> None:
    apart = UP.replace(
        "  indicator:\n    metadata: {name: up}\n    spec:\n      thresholdMetric:\n"
        "        metricSource: {type: Quarterdeck, spec: {query: up}}\n",
        "  indicatorRef: up\n",
    )
    sli = """\
apiVersion: openslo/v1
kind: SLI
metadata: {name: up}
spec:
  thresholdMetric:
    metricSource: {metricSourceRef: ours, spec: {query: up}}
"""
    source = """\
apiVersion: openslo/v1
kind: DataSource
metadata: {name: ours}
spec: {type: Quarterdeck}
"""
    with pytest.raises(UnusableSlo, match="no SLI 'up'"):
        stage.apply(apart)
    with pytest.raises(UnusableSlo, match="no DataSource 'ours'"):
        stage.apply(f"{apart}---\n{sli}")
    stage.apply(f"{apart}---\n{sli}---\n{source}")
    stage.gauge("up", [1.0] * 10)
    stage.pass_time(minutes=1)
    [found] = stage.evaluate()
    assert found.attained == 1.0


def test_tenants_are_apart(stage: Stage) -> None:
    stage.apply(UP)
    with stage.work(EVE) as work:
        assert looking.slos(work) == []
        with pytest.raises(TenantNotFound):
            looking.slo_of(work, "acme", "availability")
        with pytest.raises(TenantNotFound):
            applying.remove(work, "acme", "SLO", "availability")
    reader = Actor("ro", frozenset({("slos:read", "acme")}))
    with stage.work(reader) as work, pytest.raises(MissingPermission):
        applying.apply(work, "acme", UP)
    stage.gauge("up", [0.0] * 60)  # of acme: another tenant's SLO does not see it
    stage.apply(UP, "other")
    stage.pass_time(minutes=1)
    [found] = stage.evaluate("other")
    assert found.verdict is Verdict.UNKNOWN
    assert found.share is None


def test_the_line_of_a_budget_ends_where_it_stands(stage: Stage) -> None:
    stage.apply(UP)
    stage.gauge("up", [1.0] * 600 + [0.0] * 5 + [None] * 600 + [1.0] * 10)
    stage.pass_time(minutes=1)
    [found] = stage.evaluate()
    with stage.look() as work:
        line = looking.burn_down(work, "acme", "availability")
        with pytest.raises(NoSuchSlo):
            looking.burn_down(work, "acme", "availability", "2")
    assert line[0].share == 1.0
    assert found.share is not None
    assert line[-1].share == pytest.approx(1 - found.share)
    assert None in [one.share for one in line]
    assert line[-1].at == found.until
    assert len(line) <= 93


def test_a_source_that_nobody_knows_is_said_so(stage: Stage) -> None:
    stage.apply(UP.replace("type: Quarterdeck", "type: Any"))
    [found] = stage.evaluate()
    assert found.verdict is Verdict.UNKNOWN
    assert found.reason.startswith("no source of type 'Any' is known here")
