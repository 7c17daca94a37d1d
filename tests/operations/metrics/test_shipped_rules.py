"""The rules for Prometheus that we ship: promtool accepts them, and they fire when they should."""

import json
import subprocess
from pathlib import Path

import pytest
import yaml

from generate_dashboards import files

MISSED = 'quarterdeck_topic_missed_total{consumer="projection-worker", instance="a"}'


def promtool(*arguments: str | Path) -> str:
    done = subprocess.run(
        ["promtool", *arguments], capture_output=True, text=True, check=False, timeout=150
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    file = tmp_path / "rules.yml"
    file.write_text(files()["prometheus/rules.yml"])
    return file


def test_promtool_accepts_them(rules: Path) -> None:
    assert "SUCCESS" in promtool("check", "rules", rules)


@pytest.mark.parametrize(
    ("values", "at", "fires"),
    [
        ("0x60", "60m", False),
        ("0x30 3x30", "31m", True),
        ("0x30 3x30", "50m", False),
        ("_x30 3x30", "31m", True),  # of a process that had lost none, there was no count
        ("_x30 3x30", "50m", False),
        ("7x30 2x30", "31m", True),  # another process, which has lost some already
        ("7x30 0x30", "31m", False),
    ],
)
def test_records_that_the_broker_lost_are_a_warning_for_a_quarter_of_an_hour(
    rules: Path, values: str, at: str, *, fires: bool
) -> None:
    [group] = yaml.safe_load(rules.read_text())["groups"]
    [rule] = [one for one in group["rules"] if one["alert"] == "TopicRecordsMissed"]
    expected = {
        "exp_labels": rule["labels"] | {"consumer": "projection-worker"},
        "exp_annotations": rule["annotations"],
    }
    case = {
        "eval_time": at,
        "alertname": rule["alert"],
        "exp_alerts": [expected] if fires else [],
    }
    test = {
        "rule_files": [str(rules)],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": MISSED, "values": values}],
                "alert_rule_test": [case],
            }
        ],
    }
    file = rules.with_name("test.yml")
    file.write_text(json.dumps(test))
    promtool("test", "rules", file)
