"""Alerts on the command line: handled, silenced, routed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from operations.alerts.test_pushing import Watch
from quarterdeck.api.examples import BODIES
from quarterdeck.kernel.clock import utc_now

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def fired(database: Engine) -> None:
    """Two alerts of acme."""
    watch = Watch(database, now=utc_now())
    watch.push(
        {"alertname": "Down", "node": "a", "severity": "critical"},
        {"alertname": "Slow", "node": "a"},
    )


def answer(run: Run, line: str) -> Any:  # noqa: ANN401  JSON
    code, found, words = run(f"{line} --json")
    assert code in (0, 1), words
    return json.loads(found)


def test_an_alert_is_shown_acknowledged_and_resolved(run: Run) -> None:
    code, table, _ = run("alert list --severity critical")
    assert (code, table.count("Down"), "Slow" in table) == (1, 1, False)
    [down] = answer(run, "alert list --label alertname=Down --label node=a")
    alert = down["id"]
    assert answer(run, f"alert ack {alert} --by Ada")["changed"] == [alert]
    assert "acknowledged by Ada" in run(f"alert show {alert}")[1]
    assert "goes to\tnobody" in run(f"alert show {alert}")[1]
    assert answer(run, f"alert show {alert}")["alert"]["acknowledged_by"] == "Ada"
    assert answer(run, f"alert unack {alert}")["changed"] == [alert]
    assert run(f"alert resolve {alert}")[2] == f"resolved {alert}"
    assert answer(run, "alert reopen --type Down")["changed"] == [alert]
    assert answer(run, "alert resolve --label node=a")["changed"] != []
    assert run("alert list")[::2] == (0, "no alert fires")
    assert run("alert ack")[0] == 2
    for verb in ("ack", "unack", "resolve", "reopen"):
        assert run(f"alert {verb} --label node")[::2] == (2, "a label is said as NAME=VALUE")
        assert run(f"alert {verb} --label =a")[0] == 2
        assert run(f"alert {verb} {alert} --label node=a")[0] == 2
    assert run("alert ack 1 --type Down")[0] == 2
    assert run("alert show 999")[0] == 2


def test_noise_is_shown_by_type(run: Run) -> None:
    code, table, _ = run("alert noise --days 7")
    rows = [line.split("\t") for line in table.splitlines()]
    assert (code, rows[1]) == (0, ["Down", "1", "0", "0", "0", "0", "0%"])
    assert answer(run, "alert noise")["types"][1]["type"] == "Slow"


def test_a_silence_is_previewed_added_and_expired(run: Run) -> None:
    shown = answer(run, "alert silence preview --tenant acme alertname=Down node=~a|b")
    assert shown["count"] == 1
    line = "alert silence preview --tenant acme"
    assert run(f"{line} alertname=Down")[2] == "it would be about 1 alert that fires"
    assert run(f"{line} node=a")[2] == "it would be about 2 alerts that fire"
    assert run(f"{line} node=z")[2] == "it would be about no alert that fires"
    code, _, words = run("alert silence add --tenant acme --duration 1h30m alertname=Down")
    silence = words.rpartition(" ")[2]
    [one] = answer(run, "alert silence list")
    assert (code, one["id"], one["matchers"]) == (0, silence, ['alertname="Down"'])
    assert silence in run("alert silence list --tenant acme")[1]
    assert run(f"alert silence expire {silence}")[0] == 0
    assert run(f"alert silence expire {silence}")[0] == 3
    assert run("alert silence list")[2] == "nothing is silenced"
    assert len(answer(run, "alert silence list --expired")) == 1
    assert answer(run, "alert silence list --state active") == []
    assert len(answer(run, "alert silence list --state expired")) == 1
    assert run("alert silence add --tenant acme --duration soon a=b")[0] == 2
    assert run("alert silence add --tenant acme a=~(")[0] == 2


def test_routing_is_checked_applied_and_tried(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "alertmanager.yml"
    file.write_text(BODIES["apply_routing"]["text"])
    assert 'severity="critical"\tpager' in run(f"alert routing check acme {file}")[1]
    assert run("alert routing show acme")[0] == 2
    assert run(f"alert routing apply acme {file}")[2] == "version 1 of tenant acme holds now"
    assert run("alert routing show acme")[1] == file.read_text().strip()
    assert len(answer(run, "alert routing show acme --versions")["versions"]) == 1
    for line in ("alert routing test acme", "alert route --tenant acme"):
        assert "pager" in run(f"{line} --label severity=critical")[1]
        assert "team" in run(f"{line} --label severity=info")[1]
    assert run("alert route --tenant acme --label severity")[0] == 2
    assert run("alert routing sent")[0] == 0
    file.write_text("route:\n  receiver: nobody\nreceivers: []\n")
    code, _, words = run(f"alert routing apply acme {file}")
    assert (code, words) == (2, "line 2: undefined receiver 'nobody' used in route")
    assert run(f"alert routing apply acme {tmp_path}/none")[0] == 2
