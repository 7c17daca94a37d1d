"""Alert rules of packs: the key metrics of runbook 001."""

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest
import yaml
from sqlalchemy import Engine

from packs.test_watched import ROOT, SHIPPED, apply
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.errors import Invalid
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.work import begin, read
from quarterdeck.operations.metrics.model import Sample
from quarterdeck.operations.metrics.opening import open_metrics
from quarterdeck.operations.metrics.service.recording import record
from quarterdeck.operations.rules.catalogue import CATALOGUE
from quarterdeck.operations.rules.forms import phoenix, sync
from quarterdeck.operations.rules.model import Rule, State
from quarterdeck.operations.rules.service import looking, trying
from quarterdeck.packs import alerted, loader
from quarterdeck.packs.reading import files_of, parse

EVERY = timedelta(seconds=15)


def pool(used: float, now: datetime) -> Iterator[Sample]:
    labels = {"pool": "database", "process": "web"}
    yield Sample("quarterdeck_pool_used", labels, now, used)
    yield Sample("quarterdeck_pool_max", labels, now, 100)


def score(percent: float, now: datetime) -> Iterator[Sample]:
    yield Sample("quarterdeck_compliance_score_percent", {"tenant": "acme"}, now, percent)


def answers(took_s: float, now: datetime) -> Iterator[Sample]:
    """A hundred more each 15 s, all of which took so long."""
    for le in ("0.25", "0.5", "1", "+Inf"):
        within = took_s <= float(le)
        for n in range(5):
            labels = {"service": "estate", "process": "web", "le": le}
            value = 100.0 * n * within
            yield Sample(
                "quarterdeck_service_request_seconds_bucket", labels, now - EVERY * (4 - n), value
            )


@pytest.mark.census("CG-027", "CG-028", "CG-030")
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("rule", "series", "value", "state"),
    [
        ("DatabaseConnections", pool, 79, State.INACTIVE),
        ("DatabaseConnections", pool, 80, State.FIRING),
        ("ComplianceScore", score, 90, State.INACTIVE),
        ("ComplianceScore", score, 80, State.FIRING),
        ("ApiResponseTime", answers, 0.4, State.INACTIVE),
        ("ApiResponseTime", answers, 0.6, State.FIRING),
    ],
)
def test_a_key_metric_of_cloudgov_is_said_to_be_off(
    engine: Engine,
    tmp_path: Path,
    rule: str,
    series: Callable[[float, datetime], Iterator[Sample]],
    value: float,
    state: State,
) -> None:
    apply(engine, "cloudgov")
    now = utc_now()
    with (
        closing(open_metrics(engine, tmp_path / "series")) as metrics,
        read(engine, ROOT, lambda: now) as work,
    ):
        record(work, metrics, PLATFORM, list(series(value, now)), backfill=True)
        wanted = looking.one(work, PLATFORM, rule).kept.rule
        assert trying.tried(work, metrics, PLATFORM, wanted, now).standing.state is state


def test_a_rule_without_a_condition_or_a_place_is_refused(engine: Engine) -> None:
    with pytest.raises(Invalid, match="threshold and promql"):
        alerted.AlertRuleSpec(rule={"severity": "P1"})
    spec = alerted.AlertRuleSpec(rule={"promql": "up == 0"})
    with begin(engine, ROOT, utc_now) as work, pytest.raises(Invalid, match="TENANT/RULE"):
        alerted.put_alert_rule(work, "nowhere", spec)


def test_what_stands_is_exported(engine: Engine) -> None:
    apply(engine, "cloudgov")
    with read(engine, ROOT, utc_now) as work:
        text = loader.export(work, "copy")["alert-rule.yaml"]
    assert "_platform/ComplianceScore" in [one["name"] for one in yaml.safe_load_all(text)]


def shipped(pack: str) -> dict[str, Rule]:
    """The rules of a pack as it is shipped, by the name of their item."""
    items = parse(files_of(SHIPPED / pack)).items
    rules = (one for one in items if one.kind == "alert-rule")
    return {
        one.name: msgspec.convert(dict(one.spec), alerted.AlertRuleSpec).under(
            one.name.partition("/")[2]
        )
        for one in rules
    }


def test_the_catalogue_of_atp_is_the_one_that_is_installed_by_itself() -> None:
    assert shipped("atp") == {f"{PLATFORM}/{rule.name}": rule for rule in CATALOGUE}


def test_phoenix_has_the_one_rule_of_its_json() -> None:
    said = {
        "name": "high-cpu-usage",
        "threshold": 80,
        "window": "PT5M",
        "action": {"type": "email", "recipients": ["ops@phoenixvc.tech"]},
    }
    [wanted] = phoenix.read({"alertRules": [said]})
    assert shipped("phoenix") == {"phoenix/high-cpu-usage": wanted}


def test_azure_governance_has_its_three_thresholds_and_says_them_once() -> None:
    rules = shipped("azure-governance").values()
    assert {rule.name: rule.notification for rule in rules} == {
        "sync_failure": "immediate",
        "sync_stalled": "within_1_hour",
        "high_error_rate": "within_1_hour",
    }
    assert all(sync.writable(rule) for rule in rules)
    assert not any(rule.enabled for rule in rules)
