"""Policies and pages on the command line."""

import json
from collections.abc import Callable
from pathlib import Path

from operations.escalation.stage import POLICY

Run = Callable[..., tuple[int, str, str]]
HERE = "--tenant acme"
TREE = "decide: {ask: Is it down?, answers: {yes: L1, no: none}}\n"


def test_a_policy_is_applied_shown_decided_and_deleted(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "incidents.yaml"
    file.write_text(POLICY + TREE)
    assert "there is no policy: quarterdeck escalation apply" in run("escalation list")[2]
    code, _, words = run(f"escalation apply incidents {file} {HERE}")
    assert (code, words.splitlines()[-1]) == (0, "applied incidents, version 1")
    assert "L1: no schedule 'primary'" in words
    assert "nothing is new" in run(f"escalation apply incidents {file} {HERE}")[2]
    row = run("escalation list")[1].splitlines()[1].split("\t")
    assert row[:4] == ["acme", "incidents", "1", "L1 > L2 > L3"]
    table = run(f"escalation show incidents {HERE}")[1]
    assert "SEV-1 30 min, SEV-2 60 min" in table
    again = run(f"escalation show incidents {HERE} --yaml")[1]
    file.write_text(again)
    assert "nothing is new" in run(f"escalation apply incidents {file} {HERE}")[2]
    assert "Is it down? (yes, no)" in run(f"escalation decide incidents {HERE}")[2]
    assert run(f"escalation decide incidents --answer no {HERE}")[2].splitlines()[-1] == "none"
    assert run(f"escalation delete incidents {HERE} --yes")[0] == 0
    assert "at version 1" in run(f"escalation rollback incidents 1 {HERE}")[2]
    assert len(run(f"escalation history incidents {HERE}")[1].splitlines()) == 4


def test_a_page_is_opened_shown_answered_and_ended(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "incidents.yaml"
    file.write_text(POLICY)
    run(f"escalation apply incidents {file} {HERE}")
    assert run("page list")[2] == "no page is open"
    assert run("page list --resolved")[2] == "no page is resolved"
    code, out, _ = run(f"page open incidents Down {HERE} --severity P1 --json")
    page = json.loads(out)["id"]
    code, table, _ = run("page list")
    assert (code, table.splitlines()[1].split("\t")[:3]) == (1, [page, "SEV-1", "open"])
    assert "L1 engage" in run(f"page show {page}")[1]
    assert f"page: Down\tnobody is on it\tquarterdeck page show {page}" in run("status")[1]
    assert run(f"page change {page} --severity SEV-2")[2].endswith("is SEV-2 now")
    assert "Ada looks after" in run(f"page acknowledge {page} --by Ada --eta-min 15")[2]
    assert run("page list")[0] == 0
    assert "page: Down" not in run("status")[1]
    assert run(f"page resolve {page}")[2].endswith("is resolved")
    assert page in run("page list --resolved")[1]
    assert run(f"page acknowledge {page}")[0] != 0


def test_who_is_woken_by_an_alert_exits_with_1_on_a_hole(run: Run, tmp_path: Path) -> None:
    code, _, words = run(f"oncall who-is-woken alertname=Down {HERE}")
    assert (code, "give one page_configs" in words) == (1, True)
    file = tmp_path / "file.yaml"
    file.write_text("levels: [{name: L1, targets: [mail a@example.com], notify_at: 0}]")
    run(f"escalation apply incidents {file} {HERE}")
    file.write_text(
        "route: {receiver: r}\nreceivers: [{name: r, page_configs: [{policy: incidents}]}]"
    )
    assert run(f"alert routing apply acme {file}")[0] == 0
    code, table, _ = run(f"oncall who-is-woken alertname=Down {HERE}")
    assert (code, table.splitlines()[1].split("\t")[-1]) == (0, "a@example.com")
    file.write_text("levels: [{name: L1, targets: [schedule gone], notify_at: 0}]")
    run(f"escalation apply incidents {file} {HERE}")
    code, table, _ = run(f"oncall who-is-woken alertname=Down {HERE} --at 2030-01-01T00:00:00Z")
    assert (code, "there is no such schedule" in table) == (1, True)
