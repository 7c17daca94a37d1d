"""The command line as a whole: what it loads, how it fails, how it completes and speaks."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from api.serving import Served, served
from cli.access.conftest import ada, app, database, issue, runtime, settings, silent_logs
from quarterdeck.__main__ import wired
from quarterdeck.cli.main import NOUNS, build_cli
from quarterdeck.cli.output import show_table
from scenarios.installation import run

__all__ = ["ada", "app", "database", "issue", "runtime", "settings", "silent_logs"]

PROGRAM = Path(sys.executable).with_name("quarterdeck")
HEAVY = ("sqlalchemy", "fastapi", "httpx2", "alembic", "rich", "cryptography")
NOBODY_LISTENS = "http://127.0.0.1:9"
RUN_ON = {"up", "demo", "serve", "logs follow", "simulate azure"}
"""Commands that run until told to stop: what they say is a log."""


def leaves(command: Any, name: str) -> Iterator[tuple[str, Any]]:  # noqa: ANN401  typer's
    """Every command below ``command``, with its words."""
    nouns = getattr(command, "commands", None)
    if not nouns:
        yield name, command
        return
    for verb, one in nouns.items():
        yield from leaves(one, f"{name} {verb}")


def every_command() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for noun in NOUNS:
        module = import_module(f"quarterdeck.cli.{noun}")
        found |= dict(leaves(typer.main.get_command(module.commands), noun))
    return found


def test_the_nouns_of_the_foundation_are_there() -> None:
    wanted = "up demo serve migrate doctor config pack access tenant token sync trail simulate"
    assert {*wanted.split(), "backup", "keys", "status", "job", "resource"} <= NOUNS.keys()


def test_every_command_helps_and_every_option_says_what_it_is() -> None:
    for name, command in every_command().items():
        assert command.help, name
        answer = CliRunner().invoke(build_cli(wired), [*name.split(), "--help"])
        assert (answer.exit_code, answer.stderr) == (0, ""), name
        assert f"quarterdeck {name}" in answer.stdout or f"root {name}" in answer.stdout


def test_every_command_that_ends_speaks_json() -> None:
    silent = [
        name
        for name, command in every_command().items()
        if not any("--json" in option.opts for option in command.params)
    ]
    assert set(silent) == RUN_ON


def test_the_help_of_the_top_loads_nothing_heavy() -> None:
    code = (
        "import sys; sys.argv = ['quarterdeck', '--help']\n"
        "from quarterdeck.__main__ import main\n"
        "try: main()\n"
        f"except SystemExit: print([m for m in {HEAVY} if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stderr.strip() == "[]"
    assert all(noun in done.stdout for noun in NOUNS)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_are_printed(shell: str) -> None:
    done = completed(f"source_{shell}")
    assert "_QUARTERDECK_COMPLETE" in done
    assert f"complete_{shell}" in done


def test_nouns_and_verbs_are_completed() -> None:
    assert completed("complete_bash", COMP_WORDS="quarterdeck ten", COMP_CWORD="1") == "tenant"
    verbs = completed("complete_bash", COMP_WORDS="quarterdeck tenant ", COMP_CWORD="2")
    assert {"connect", "list", "show", "archive"} <= set(verbs.split())


def completed(instruction: str, **words: str) -> str:
    environment = os.environ | {"_QUARTERDECK_COMPLETE": instruction} | words
    done = subprocess.run(
        [PROGRAM], env=environment, capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.strip()


@pytest.mark.parametrize("line", ["", "status", "tenant list", "job list", "sync run"])
def test_a_server_that_is_not_there_is_named_with_what_to_do(line: str, tmp_path: Path) -> None:
    done = run("--url", NOBODY_LISTENS, *line.split(), XDG_CONFIG_HOME=str(tmp_path))
    assert (done.returncode, done.stdout) == (4, "")
    assert NOBODY_LISTENS in done.stderr
    assert "quarterdeck up" in done.stderr


def test_wrong_use_ends_with_2_and_words(tmp_path: Path) -> None:
    for line in ("nonsense", "tenant nonsense", "--url nowhere status", "job decide a b"):
        done = run(*line.split(), XDG_CONFIG_HOME=str(tmp_path))
        assert (done.returncode, done.stdout) == (2, ""), line
        assert done.stderr, line
        assert "Traceback" not in done.stderr, line


@pytest.fixture
def server(app: Any, runtime: Any) -> Iterator[Served]:  # noqa: ANN401  fixtures of others
    with served(app, runtime) as found:
        yield found


def test_url_and_token_are_remembered_in_a_file(
    server: Served,
    ada: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    token = ada["Authorization"].removeprefix("Bearer ")
    file = tmp_path / "quarterdeck" / "client.toml"
    file.parent.mkdir()
    file.write_text(f'url = "{server.url}"\ntoken = "{token}"\n')
    answer = CliRunner().invoke(build_cli(wired), ["tenant", "list", "--json"])
    assert [t["id"] for t in json.loads(answer.stdout)] == ["acme", "other"]
    other = CliRunner().invoke(build_cli(wired), ["--token", "wrong", "tenant", "list"])
    assert (other.exit_code, "QUARTERDECK_TOKEN" in other.stderr) == (3, True)
    file.write_text("url = ")
    damaged = CliRunner().invoke(build_cli(wired), ["tenant", "list"])
    assert (damaged.exit_code, str(file) in damaged.stderr) == (2, True)


def test_a_mistyped_noun_is_answered_with_the_one_that_was_meant() -> None:
    answer = CliRunner().invoke(build_cli(wired), ["tennant", "list"])
    assert answer.exit_code == 2
    assert "Did you mean 'tenant'?" in answer.stderr


@pytest.mark.parametrize("token", ["qd_a\nb", "qd_\udcff", "qd_é"])
def test_a_token_that_cannot_be_one_is_refused_and_not_repeated(token: str) -> None:
    answer = CliRunner().invoke(build_cli(wired), ["--token", token, "status"])
    assert answer.exit_code == 2
    assert "copy it again" in answer.stderr
    assert "qd_" not in answer.output


def test_no_name_breaks_a_row_or_steers_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    show_table(["name"], [["a\x1b[31m\r\nb\tü"]], "")
    assert capsys.readouterr().out == "name\na\\x1b[31m\\r\\nb\\tü\n"


def test_off_a_terminal_tables_are_plain(
    server: Served,
    ada: dict[str, str],
    tmp_path: Path,
) -> None:
    token = ada["Authorization"].removeprefix("Bearer ")
    asked = {"QUARTERDECK_URL": server.url, "QUARTERDECK_TOKEN": token}
    done = run("tenant", "list", XDG_CONFIG_HOME=str(tmp_path), **asked)
    head, acme, *_ = done.stdout.splitlines()
    assert head.split("\t")[:2] == ["tenant", "name"]
    assert acme.split("\t")[:2] == ["acme", "Acme"]
    assert "\x1b" not in done.stdout
