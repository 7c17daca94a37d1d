"""On-call on the command line."""

import json
from collections.abc import Callable
from pathlib import Path

from operations.oncall.stage import OFFICE, PRIMARY

Run = Callable[..., tuple[int, str, str]]
ADA, BOB = "ada@example.com", "bob@example.com"
HERE = "--tenant acme"
SPANS = "--from 2099-01-05T12:00:00Z --to 2099-01-06T12:00:00Z"


def test_a_schedule_is_applied_shown_overridden_and_deleted(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "primary.yaml"
    file.write_text(PRIMARY)
    nothing = "there is no schedule: quarterdeck oncall apply NAME FILE"
    assert run("oncall list")[::2] == (0, nothing)
    assert run("oncall who-is-woken")[::2] == (1, nothing)
    code, _, words = run(f"oncall apply primary {file} {HERE} --expect 0")
    assert (code, words.splitlines()[-1]) == (0, "applied primary, version 1")
    assert f"{ADA} is not known: nothing would wake them" in words
    assert run(f"oncall apply primary {file} {HERE}")[2].endswith("nothing is new in it")
    assert run(f"oncall apply primary {file} {HERE} --expect 7")[0] == 3
    code, table, _ = run("oncall list")
    assert (code, table.splitlines()[1].split("\t")[:2]) == (0, ["acme", "primary"])
    put = run(f"oncall override primary --person {BOB} {SPANS} {HERE} --json")[1]
    [one] = json.loads(put)["overrides"]
    code, table, words = run(f"oncall show primary {HERE}")
    assert (code, one["id"] in table, "version 2, Europe/Berlin" in words) == (0, True, True)
    assert run(f"oncall override primary --remove {one['id']} {HERE}")[0] == 0
    assert run(f"oncall override primary --person {BOB} {HERE}")[0] == 2
    assert len(run(f"oncall history primary {HERE}")[1].splitlines()) == 4
    assert run(f"oncall rollback primary 1 {HERE}")[0] == 0
    assert "zone: Europe/Berlin" in run(f"oncall show primary {HERE} --yaml")[1]
    assert run(f"oncall delete primary {HERE}")[0] != 0  # nobody says yes
    assert run(f"oncall delete primary {HERE} --yes --why done")[2] == "schedule primary is deleted"
    assert json.loads(run("oncall list --json")[1]) == []


def test_shifts_holes_load_and_calendars(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "office.yaml"
    file.write_text(OFFICE)
    run(f"oncall apply office {file} {HERE}")
    span = "--from 2026-02-02T00:00:00Z --to 2026-02-03T00:00:00Z"
    code, table, _ = run(f"oncall shifts office {HERE} {span}")
    assert (code, [row.split("\t")[3] for row in table.splitlines()[1:]]) == (
        0,
        ["nobody", "layer", "nobody"],
    )
    code, table, _ = run(f"oncall who-is-woken office {HERE} --at 2026-02-02T12:00:00Z --days 1")
    assert code == 1
    assert [row.split("\t")[2] for row in table.splitlines()[1:]] == ["hole", "not known"]
    assert json.loads(run("oncall who-is-woken --json")[1])["sound"] is False
    code, table, _ = run(f"oncall load office {HERE} {span}")
    assert table.splitlines()[1:] == [
        "acme\toffice\tnobody\t2\t16\t8\t0\t0",
        f"acme\toffice\t{ADA} (not known)\t1\t8\t0\t0\t0",
    ]
    code, text, _ = run(f"oncall ics office {HERE}")
    assert (code, text.startswith("BEGIN:VCALENDAR")) == (0, True)
    assert "BEGIN:VEVENT" in run(f"oncall ics --person {ADA}")[1]
    assert json.loads(run(f"oncall ics office {HERE} --json")[1])["text"].endswith("\r\n")
    assert run("oncall ics")[0] == 2


def test_a_swap_is_asked_for_and_answered(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "primary.yaml"
    file.write_text(PRIMARY)
    run(f"oncall apply primary {file} {HERE}")
    gives = "--gives 2099-01-07T12:00:00Z/2099-01-08T12:00:00Z"
    takes = "--takes 2099-01-14T12:00:00Z/2099-01-15T12:00:00Z"
    who = f"--person {BOB} --other {ADA}"
    asked = run(f"oncall swap primary ask {who} {gives} {takes} {HERE} --json")[1]
    [one] = json.loads(asked)["swaps"]
    assert run(f"oncall swap primary accept {one['id']} {HERE}")[::2] == (0, "swap accepted")
    assert run(f"oncall swap primary refuse {one['id']} {HERE}")[0] == 3
    assert run(f"oncall swap primary ask {HERE}")[0] == 2
    assert run(f"oncall swap primary ask {who} --gives x --takes y {HERE}")[0] == 2


def test_a_file_that_is_none_is_refused(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "primary.yaml"
    assert run(f"oncall apply primary {file} {HERE}")[0] == 2
    file.write_text(PRIMARY + "zone: UTC\n")
    code, _, words = run(f"oncall apply primary {file} {HERE}")
    assert (code, "line 7: 'zone' stands there twice" in words) == (2, True)
    assert run(f"oncall show none {HERE}")[0] == 2
    assert run("oncall shifts ../../tokens")[0] == 2
