"""Alert rules of packs: the key metrics of runbook 001."""

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import yaml
from sqlalchemy import Engine

from packs.test_watched import ROOT, apply
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.errors import Invalid
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.work import begin, read
from quarterdeck.operations.metrics.model import Sample
from quarterdeck.operations.metrics.opening import open_metrics
from quarterdeck.operations.metrics.service.recording import record
from quarterdeck.operations.rules.model import State
from quarterdeck.operations.rules.service import looking, trying
from quarterdeck.packs import alerted, loader

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
