"""Hand-offs on the command line."""

import json
from collections.abc import Callable
from pathlib import Path

from operations.oncall.stage import PRIMARY

Run = Callable[..., tuple[int, str, str]]
HERE = "primary --tenant acme"


def test_a_note_is_left_shown_and_taken_over(run: Run, tmp_path: Path) -> None:
    schedule, note = tmp_path / "primary.yaml", tmp_path / "note.md"
    schedule.write_text(PRIMARY)
    note.write_text("# Disk 3\nis slow \x1b[31mand red\n")
    assert run(f"oncall apply primary {schedule} --tenant acme")[0] == 0
    assert run(f"oncall handoffs {HERE}")[::2] == (
        0,
        "no note yet: quarterdeck oncall leave-note primary --note WORDS",
    )
    assert run(f"oncall handoff {HERE}")[0] != 0
    assert run(f"oncall leave-note {HERE}")[0] == 2
    assert run(f"oncall leave-note {HERE} --file {tmp_path}")[0] == 2
    code, _, words = run(f"oncall leave-note {HERE} --note soon")
    assert (code, words.startswith("left for "), "@example.com" in words) == (0, True, True)
    left = json.loads(run(f"oncall leave-note {HERE} --file {note} --json")[1])
    assert left["version"] == 2
    code, _, words = run(f"oncall leave-note {HERE} --note late --expect 1")
    assert (code, "is at version 2, not 1" in words) == (3, True)
    words = run("oncall list")[2]
    assert f"a note waits for {left['taker']['name']}: quarterdeck oncall handoff {HERE}" in words
    code, text, words = run(f"oncall handoff {HERE}")
    assert (code, text) == (0, "# Disk 3\nis slow [31mand red")
    assert words.endswith("waits\nnothing is open")
    assert run(f"oncall take-over {HERE}")[2].startswith("taken over at 20")
    assert run(f"oncall take-over {HERE} {left['id']}")[0] == 3
    assert "a note waits" not in run("oncall list")[2]
    code, table, _ = run(f"oncall handoffs {HERE}")
    assert (code, table.splitlines()[1].split("\t")[4:]) == (0, ["# Disk 3", left["id"]])
    shown = json.loads(run(f"oncall handoff {HERE} --json")[1])
    assert shown["handoff"]["taken_by"]["name"]
    assert len(json.loads(run(f"oncall handoffs {HERE} --json")[1])) == 1
