"""Alert rules on the command line."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from operations.rules.stage import CPU
from operations.rules.test_forms import PHOENIX

Run = Callable[..., tuple[int, str, str]]


def answer(run: Run, line: str) -> Any:  # noqa: ANN401  JSON
    code, found, words = run(f"{line} --json")
    assert code in (0, 1), words
    return json.loads(found)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "rules.yml"
    made.write_text(yaml.safe_dump({"rules": [CPU]}))
    return made


def test_a_rule_is_applied_shown_changed_and_had_back(run: Run, file: Path) -> None:
    assert run("alert rule list")[2] == "no rule; quarterdeck alert rule apply"
    assert "1 created" in run(f"alert rule apply {file} --tenant acme --why start")[2]
    assert "1 unchanged" in run(f"alert rule apply {file} --tenant acme")[2]
    code, table, _ = run("alert rule list --tenant acme")
    assert (code, "high-cpu\tacme\tunknown" in table) == (0, True)
    assert "cpu > 80" in run("alert rule show high-cpu --tenant acme")[1]
    file.write_text(file.read_text().replace("80", "90"))
    run(f"alert rule apply {file} --tenant acme")
    assert "+  value: 90" in run("alert rule history high-cpu --tenant acme --diff 1..2")[1]
    done = answer(run, "alert rule rollback high-cpu 1 --tenant acme --why late")
    assert (done["version"], done["rule"]["threshold"]["value"]) == (3, 80)
    assert run("alert rule disable high-cpu --tenant acme")[2] == "disabled high-cpu, version 4"
    assert run("alert rule enable high-cpu --tenant acme")[2] == "enabled high-cpu, version 5"
    assert run("alert rule delete high-cpu --tenant acme --yes")[0] == 0
    assert "deleted" in run("alert rule history high-cpu --tenant acme")[1]
    assert run("alert rule show high-cpu --tenant acme")[0] == 2


def test_a_rule_is_tried_at_a_time(run: Run, file: Path) -> None:
    run(f"alert rule apply {file} --tenant acme")
    said = run("alert rule test high-cpu --tenant acme --at 2026-03-01T12:00:00Z")
    assert "unknown no series has a point" in said[2]
    assert answer(run, "alert rule test high-cpu --tenant acme")["values"] == []


def test_rules_of_others_come_in_and_go_out(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "alerts.json"
    file.write_text(PHOENIX)
    assert "1 rules read" in run(f"alert rule import {file} --tenant acme --dry-run")[2]
    planned = answer(run, f"alert rule import {file} --tenant acme --dry-run")
    assert (planned[0]["created"], planned[0]["unchanged"]) == (["high-cpu-usage"], [])
    dry = run(f"alert rule import {file} --tenant acme --dry-run")[2]
    assert "it would be 1 created, 0 changed, 0 unchanged" in dry
    assert "no e-mail is sent" in run(f"alert rule import {file} --tenant acme")[2]
    twice = answer(run, f"alert rule import {file} {file} --tenant acme")
    assert [(one["path"], one["unchanged"]) for one in twice] == [
        (str(file), ["high-cpu-usage"])
    ] * 2
    out = run("alert rule export --tenant acme --form json")[1]
    assert json.loads(out) == json.loads(PHOENIX)
    assert "expr: CpuPercentage > 80" in run("alert rule export --tenant acme --form prometheus")[1]
    assert "13 created" in run("alert rule catalogue --tenant acme")[2]
    file.write_text(PHOENIX.replace("PT5M", "5 minutes"))
    assert run(f"alert rule import {file} --tenant acme")[0] == 2
    assert run(f"alert rule import {tmp_path / 'none'} --tenant acme")[0] == 2


def test_two_files_with_the_same_alert_are_refused_before_anything_is_done(
    run: Run, tmp_path: Path
) -> None:
    text = "groups: [{name: g, rules: [{alert: Down, expr: up == 0}]}]"
    files = [tmp_path / folder / "rules.yml" for folder in ("node", "mysql")]
    for file in files:
        file.parent.mkdir()
        file.write_text(text)
    code, _, words = run(f"alert rule import {files[0]} {files[1]} --tenant acme")
    assert code == 2
    assert f"{files[0]} and {files[1]} both have the rule Down" in words
    assert run("alert rule list")[2] == "no rule; quarterdeck alert rule apply"
    files[1].write_text(text.replace("Down", "Away"))
    assert run(f"alert rule import {files[0]} {files[1]} --tenant acme")[0] == 0
    assert len(answer(run, "alert rule list")) == 2
