"""Audiences on the command line, and updates to them."""

import json
from collections.abc import Callable
from pathlib import Path

Run = Callable[..., tuple[int, str, str]]
HERE = "--tenant acme"
AUDIENCE = """\
title: Engineering
subject: "${incident} ${symptom}"
text: |
  ${update}
  Commander: ${commander}
channels: [ops]
severities: [SEV-9]
flags: [security]
"""


def rows(out: str) -> list[list[str]]:
    return [line.split("\t") for line in out.splitlines()[1:]]


def test_an_audience_is_set_shown_and_deleted(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "audience.yaml"
    file.write_text(AUDIENCE)
    assert "there is no audience" in run("audience list")[2]
    done = run(f"audience set engineering {file} {HERE}")
    assert done[2] == "audience engineering is at version 1"
    [listed] = rows(run("audience list")[1])
    assert listed == ["acme", "engineering", "Engineering", "ops", "SEV-9, security"]
    shown = rows(run(f"audience show engineering {HERE}")[1])
    assert ["text", "Commander: ${commander}"] in shown
    assert json.loads(run(f"audience show engineering {HERE} --json")[1])["version"] == 1
    names = rows(run("audience names")[1])
    assert ["${commander}", "who leads it", "inside"] in names
    assert ["${customer}", "the customer's own name", "customers"] in names
    file.write_text(AUDIENCE.replace("commander", "comander"))
    code, _, words = run(f"audience set engineering {file} {HERE}")
    assert (code, "no name ${comander}" in words) == (2, True)
    file.write_text("title: [")
    assert run(f"audience set engineering {file} {HERE}")[0] == 2
    assert run(f"audience delete engineering {HERE}")[0] != 0  # nobody says yes
    gone = run(f"audience delete engineering {HERE} --yes")
    assert gone[2] == "audience engineering is deleted"
    assert run(f"audience show engineering {HERE}")[0] == 2


def test_an_update_is_looked_at_and_posted(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "audience.yaml"
    file.write_text(AUDIENCE)
    run(f"audience set engineering {file} {HERE}")
    run(f"channel set ops {HERE} --kind webhook --url https://chat.example/")
    made = json.loads(run(f"incident declare Slow --severity SEV-2 {HERE} --json")[1])
    here = f"{made['id']} Hello --audience engineering"
    assert "no audience was told" in run(f"incident updates {made['id']}")[2]
    [first] = rows(run(f"incident update {here} --audience customers --preview")[1])[:1]
    assert first[:3] == ["Engineering", "ops", f"{made['id']} Slow"]
    assert "No customer was told" in run(f"incident update {here} --audience customers")[2]
    [told] = rows(run(f"incident update {here}")[1])
    assert told[1:] == ["Engineering", f"{made['id']} Slow", "ops", "waiting"]
    assert rows(run(f"incident updates {made['id']}")[1]) == [told]
    [kept] = json.loads(run(f"incident updates {made['id']} --json")[1])["bulletins"]
    assert kept["text"] == "Hello\nCommander: nobody yet\n"
