"""Quick-reference cards on the command line."""

import json
from collections.abc import Callable
from pathlib import Path

Run = Callable[..., tuple[int, str, str]]
HERE = "--tenant acme"
CARD = """\
title: Critical incident
use: At SEV-1
steps:
  - {text: Look, url: "https://ops.example.com"}
  - {text: Undo, command: helm rollback shop}
"""


def test_a_card_is_set_shown_and_deleted(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "card.yaml"
    file.write_text(CARD)
    assert "there is no card" in run("card list")[2]
    assert run(f"card set critical {file} {HERE}")[2] == "card critical is at version 1"
    listed = run("card list")[1].splitlines()[1].split("\t")
    assert listed == ["acme", "critical", "Critical incident", "At SEV-1"]
    shown = [line.split("\t") for line in run(f"card show critical {HERE}")[1].splitlines()[1:]]
    assert shown == [["1", "Look", "https://ops.example.com"], ["2", "Undo", "helm rollback shop"]]
    assert json.loads(run(f"card show critical {HERE} --json")[1])["version"] == 1
    file.write_text("title: [")
    assert run(f"card set critical {file} {HERE}")[0] == 2
    file.write_text("just words")
    assert run(f"card set critical {file} {HERE}")[0] == 2
    assert run(f"card delete critical {HERE}")[0] != 0  # nobody says yes
    assert run(f"card delete critical {HERE} --yes")[2] == "card critical is deleted"
    assert run(f"card show critical {HERE}")[0] == 2
