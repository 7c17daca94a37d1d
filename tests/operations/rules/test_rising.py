"""One alert that grows worse as its number goes farther out."""

from datetime import timedelta
from pathlib import Path

import pytest

from operations.rules.stage import CPU, Stage
from operations.rules.test_forms import promtool
from quarterdeck.operations.alerts.model import AlertState, Severity
from quarterdeck.operations.alerts.service import looking
from quarterdeck.operations.rules.catalogue import CATALOGUE
from quarterdeck.operations.rules.document import doc_of, rule_of
from quarterdeck.operations.rules.forms import prometheus
from quarterdeck.operations.rules.model import RuleInvalid

[CERTIFICATE] = [rule for rule in CATALOGUE if rule.name == "CertificateExpiring"]
DAYS = "quarterdeck_certificate_days"


@pytest.mark.census("ATP-173")
def test_a_certificate_with_six_days_left_raises_the_alert_of_when_it_had_twenty_nine(
    stage: Stage,
) -> None:
    stage.apply(doc_of(CERTIFICATE) | {"for": "PT0S"})
    stage.feed(30, DAYS)
    assert stage.alerts() == []
    stage.feed(29, DAYS, minutes=1)
    [first] = stage.alerts()
    assert (first.sign.labels["severity"], first.sign.severity) == ("SEV-3", Severity.WARNING)
    stage.feed(6, DAYS, minutes=1)
    [risen] = stage.alerts()
    assert (risen.id, risen.sign.labels["severity"]) == (first.id, "SEV-2")
    assert risen.sign.severity is Severity.CRITICAL
    with stage.work() as work:
        assert "raised" in [one.state for one in looking.account(work, risen.id).history]
    stage.feed(89, DAYS)
    assert (stage.alerts(), [one.id for one in stage.alerts(AlertState.RESOLVED)]) == (
        [],
        [first.id],
    )


def test_equal_to_a_farther_limit_is_not_beyond_it() -> None:
    assert [CERTIFICATE.severity_at(days) for days in (29.0, 7.0, 6.9, None)] == [
        *("SEV-3", "SEV-3", "SEV-2", "SEV-3")
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"rises": [{"value": 70, "severity": "page"}]},
        {"rises": [{"value": 90, "severity": "a"}, {"value": 85, "severity": "b"}]},
        {"rises": [{"value": 80, "severity": "page"}]},
        {
            "threshold": {"of": "cpu", "is": "==", "value": 1},
            "rises": [{"value": 2, "severity": "a"}],
        },
        {"threshold": None, "promql": "up == 0", "rises": [{"value": 2, "severity": "a"}]},
    ],
)
def test_a_limit_that_is_not_farther_out_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(RuleInvalid, match=r"rises|farther"):
        rule_of(CPU | changes)


def test_prometheus_is_told_how_to_tell_the_severities(tmp_path: Path) -> None:
    three = rule_of(
        CPU | {"rises": [{"value": 90, "severity": "page"}, {"value": 99, "severity": "SEV-1"}]}
    )
    text = prometheus.write([three])
    assert (
        "{{ if gt $value 99.0 }}SEV-1{{ else if gt $value 90.0 }}page{{ else }}critical{{ end }}"
        in text
    )
    assert "SUCCESS: 1 rules found" in promtool(text, tmp_path)
    assert rule_of(doc_of(three)) == three
    assert timedelta(0) <= three.hold
