"""The rules that SLOs make are what promtool accepts, and they fire when they should."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from operations.slos.stage import REQUESTS, UP
from operations.slos.test_policy import LASTS
from quarterdeck.operations.slos.model.openslo import Slo
from quarterdeck.operations.slos.planning import known, plan
from quarterdeck.operations.slos.reading import read
from quarterdeck.operations.slos.rules import Rules, rules

LATENCY = """\
apiVersion: openslo/v1
kind: SLO
metadata: {name: latency, annotations: {quarterdeck/min-events: "10"}}
spec:
  service: web
  indicator:
    metadata: {name: seconds}
    spec:
      thresholdMetric:
        metricSource: {type: Quarterdeck, spec: {histogram: 'seconds{service="web"}'}}
  timeWindow: [{duration: 30d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives:
    - {displayName: P95, op: lte, value: 0.5, target: 0.95}
    - {displayName: P99, op: lte, value: 1, target: 0.99}
"""
SLICED = REQUESTS.replace("name: answers", "name: sliced").replace(
    "budgetingMethod: Occurrences\n  objectives:\n    - {target: 0.999}",
    "budgetingMethod: Timeslices\n  objectives:\n"
    "    - {target: 0.999, timeSliceTarget: 0.95, timeSliceWindow: 1m}",
)
MEAN = SLICED.replace("name: sliced", "name: mean").replace("Timeslices", "RatioTimeslices")
ASKED = REQUESTS.replace("name: answers", "name: asked").replace("Quarterdeck", "Prometheus")
EVERY = f"{UP}---\n{REQUESTS}---\n{LATENCY}---\n{SLICED}---\n{MEAN}---\n{ASKED}"


ALL = ("10 % in 1h", "1h/5m", "6h/30m", "1d/2h", "3d/6h")


def rules_of(text: str) -> Rules:
    objects = read(text).objects
    among = known(objects)
    slos = [one for one in objects if isinstance(one, Slo)]
    return rules("acme", [one for slo in slos for one in plan("acme", slo, among)])


def promtool(*arguments: str | Path) -> str:
    done = subprocess.run(
        ["promtool", *arguments], capture_output=True, text=True, check=False, timeout=150
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def fired(folder: Path, slo: str, series: list[dict[str, str]], at: str, *expected: str) -> None:
    """Have promtool feed ``series``, and see that exactly these rules of ``slo`` fire."""
    text = rules_of(slo).text
    (folder / "rules.yml").write_text(text)
    named = {
        rule["labels"]["rule"]: rule
        for group in yaml.safe_load(text)["groups"]
        for rule in group["rules"]
        if "alert" in rule
    }
    alerts: list[dict[str, Any]] = [
        {"exp_labels": named[rule]["labels"], "exp_annotations": named[rule]["annotations"]}
        for rule in expected
    ]
    test = {
        "rule_files": [str(folder / "rules.yml")],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": series,
                "alert_rule_test": [
                    {"eval_time": at, "alertname": "SloBurning", "exp_alerts": alerts}
                ],
            }
        ],
    }
    (folder / "test.yml").write_text(json.dumps(test))
    promtool("test", "rules", folder / "test.yml")


def counters(good: str, bad: str) -> list[dict[str, str]]:
    return [
        {"series": 'requests{code="200"}', "values": good},
        {"series": 'requests{code="500"}', "values": bad},
    ]


@pytest.mark.census("ATP-201")
def test_promtool_accepts_the_rules_of_every_form(tmp_path: Path) -> None:
    found = rules_of(EVERY)
    assert found.notes == ()
    (tmp_path / "rules.yml").write_text(found.text)
    assert "SUCCESS" in promtool("check", "rules", tmp_path / "rules.yml")
    groups = yaml.safe_load(found.text)["groups"]
    assert len(groups) == 14
    for group in groups[::2]:
        burns = [rule["labels"]["rule"] for rule in group["rules"] if "alert" in rule]
        assert burns == list(ALL)


def test_what_prometheus_cannot_ask_has_no_rules_and_says_so(shared_data: Path) -> None:
    files = list((shared_data / "data" / "openslo").rglob("*.yaml"))
    assert len(files) == 4
    for file in files:
        found = rules_of(file.read_text())
        assert yaml.safe_load(found.text) == {"groups": []}
        assert "type 'Any' is none of Prometheus" in found.notes[0]


def test_why_there_are_no_rules_stays_a_comment_whatever_a_title_says(shared_data: Path) -> None:
    file = next((shared_data / "data" / "openslo").rglob("ratio-timeslices.yaml"))
    found = rules_of(file.read_text().replace("Name: Good", r'Name: "a\nb\N: ["'))
    assert yaml.safe_load(found.text) == {"groups": []}
    assert "a b : [" in found.notes[0]


# Of a target of 99.9 %: how many of 1000 requests a minute fail besides.
@pytest.mark.parametrize(
    ("bad", "expected"),
    [
        (0, ()),
        (0.9, ()),
        (2, ALL[4:]),
        (4, ALL[3:]),
        (7, ALL[2:]),
        (15, ALL[1:]),
        (80, ALL),
    ],
)
@pytest.mark.census("ATP-190", "ATP-201")
def test_each_pair_of_windows_fires_from_its_rate_on(
    tmp_path: Path, bad: float, expected: tuple[str, ...]
) -> None:
    fired(tmp_path, REQUESTS, counters("0+1000x90", f"0+{bad}x90"), "90m", *expected)


def test_at_low_traffic_nothing_fires_however_much_of_it_fails(tmp_path: Path) -> None:
    one_in_ten_minutes = " ".join(["0"] * 10 + [str(n) for n in range(1, 6) for _ in range(10)])
    fired(tmp_path, REQUESTS, counters(one_in_ten_minutes, one_in_ten_minutes), "1h")


def test_what_is_over_does_not_fire_on(tmp_path: Path) -> None:
    series = counters("0+1000x180", "0+50x60 3000x120")
    fired(tmp_path, REQUESTS, series, "1h", *ALL[1:])
    fired(tmp_path, REQUESTS, series, "1h20m", *ALL[2:])


@pytest.mark.census("ATP-190")
def test_five_bad_minutes_of_an_hour_fire_the_runbooks_own_rule(tmp_path: Path) -> None:
    series = [{"series": "up", "values": "1x55 0x4"}]
    fired(tmp_path, UP, series, "60m", *ALL)
    series = [{"series": "up", "values": "1x56 0x3"}]
    fired(tmp_path, UP, series, "60m", "1h/5m", "6h/30m")


def test_a_slice_without_traffic_lets_nobody_down(tmp_path: Path) -> None:
    fired(tmp_path, SLICED, counters("100x120", "0x120"), "2h")
    bad = "0x100 10+10x19"
    fired(tmp_path, SLICED, counters("100x120", bad), "2h", *ALL)


def test_observations_above_the_bound_are_what_is_lost(tmp_path: Path) -> None:
    def bucket(le: str, values: str) -> dict[str, str]:
        return {"series": f'seconds_bucket{{service="web", le="{le}"}}', "values": values}

    total = {"series": 'seconds_count{service="web"}', "values": "0+100x60"}
    fine = [bucket("0.5", "0+99x60"), bucket("1.0", "0+100x60"), total]
    fired(tmp_path, LATENCY, fine, "1h")
    slow = [bucket("0.5", "0+99x60"), bucket("1.0", "0+90x60"), total]
    one = LATENCY.replace("    - {displayName: P95, op: lte, value: 0.5, target: 0.95}\n", "")
    fired(tmp_path, one, slow, "1h", *ALL[2:])  # 10 of 100 where 1 may: ten times as fast
    fired(tmp_path, one, fine, "1h")


def test_a_burn_that_must_last_fires_once_it_does(tmp_path: Path) -> None:
    series = [{"series": "up", "values": "1x60 0x20"}]
    fired(tmp_path, LASTS, series, "68m", *ALL)
    fired(tmp_path, LASTS, series, "70m", *ALL, "lasting")


def test_a_title_that_a_reader_may_break_stays_whole() -> None:
    found = yaml.safe_load(rules_of(LATENCY.replace("P95", r'"P\N95"')).text)["groups"]
    said = [rule["annotations"]["description"] for rule in found[0]["rules"] if "alert" in rule]
    assert said
    assert all("P\x8595" in words for words in said)
