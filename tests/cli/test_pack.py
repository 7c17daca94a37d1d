"""Packs on the command line."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.access.conftest import ada, app, database, issue, run, runtime, settings, silent_logs
from packs.test_contradictions import RULED, WAR_ROOM
from packs.written import SEVERITY, ladder, pack, stated

__all__ = ["ada", "app", "database", "issue", "run", "runtime", "settings", "silent_logs"]

Run = Callable[..., tuple[int, str, str]]
FIVE = ["azure-governance", "cloudgov", "banking", "phoenix", "atp"]


def folder(at: Path, files: dict[str, str]) -> Path:
    at.mkdir(exist_ok=True)
    for name, text in files.items():
        (at / name).write_text(text)
    return at


def test_lint_names_both_lines_and_what_was_ruled(run: Run, tmp_path: Path) -> None:
    mine = folder(tmp_path / "mine", pack(said=stated(*WAR_ROOM)))
    code, out, _ = run(f"pack lint {mine}")
    assert code == 1
    assert out.splitlines()[1].startswith("error\tsaid.yaml:6 (L249), said.yaml:7 (L326)\t")
    assert run(f"pack apply {mine}")[0] == 2
    folder(mine, {"ruled.yaml": RULED})
    code, out, _ = run(f"pack lint {mine}")
    assert (code, out.splitlines()[1].split("\t")[0]) == (0, "settled")
    assert out.rstrip().endswith("Ruled: At once, by hand.")


def test_lint_asks_the_server_what_there_is(run: Run, tmp_path: Path) -> None:
    named = folder(tmp_path / "a", pack(a=ladder(SEVERITY | {"policy": "p"})))
    levels = "[{name: L1, targets: [phone 1], notify_at: '0'}]"
    policy = f"kind: escalation_policy\nname: acme/p\nspec: {{levels: {levels}}}\n"
    assert run(f"pack lint {named} --installed --strict")[0] == 1
    assert run(f"pack apply {folder(tmp_path / 'b', pack(b=policy))}")[0] == 0
    assert run(f"pack lint {named} --installed --strict")[0] == 0
    assert run(f"pack lint {named} --strict")[0] == 1
    assert run(f"pack lint {named}")[0] == 0  # a warning refuses nothing


@pytest.mark.parametrize("name", FIVE)
def test_a_pack_applied_exported_and_applied_again_changes_nothing(
    run: Run, tmp_path: Path, name: str
) -> None:
    assert run(f"pack diff {name}")[0] == 1
    assert run(f"pack apply {name}")[0] == 0
    assert run(f"pack diff {name}")[0] == 0
    assert run(f"pack export {tmp_path / 'out'} --name {name}")[0] == 0
    code, out, _ = run(f"pack diff {tmp_path / 'out'} --json")
    steps = {one["step"] for one in json.loads(out)["differences"]}
    assert (code, steps) == (0, {"keep"})
    assert run(f"pack apply {name}")[2].split(": ")[1].startswith("0 of ")
