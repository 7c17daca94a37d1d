"""Keys wrapped by a KMS, from a terminal."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from api.conftest import Headers, database, issue, runtime, settings
from api.serving import served
from cli.access.conftest import silent_logs
from quarterdeck.api.app import build_app
from quarterdeck.cli.main import build_cli
from quarterdeck.runtime import Runtime
from quarterdeck.trail.keys.keyfile import KeyFile
from trail.keys.kms import key_file, rotate

__all__ = ["database", "issue", "runtime", "settings", "silent_logs"]

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def kms(tmp_path: Path) -> KeyFile:
    return key_file(tmp_path / "kek")


@pytest.fixture
def run(runtime: Runtime, issue: Callable[..., Headers], kms: KeyFile) -> Iterator[Run]:
    """As somebody of security; one log has begun."""
    runtime.keys.begin("acme")
    settled = replace(runtime, settings=replace(runtime.settings, kms=kms.name))
    token = issue("security")["Authorization"].removeprefix("Bearer ")
    with served(build_app(settled), settled) as server:

        def ran(line: str) -> tuple[int, str, str]:
            arguments = ["--url", server.url, "--token", token, *line.split()]
            done = CliRunner().invoke(build_cli(lambda: None), arguments)
            return done.exit_code, done.stdout, done.stderr

        yield ran


def told(answer: tuple[int, str, str]) -> Any:  # noqa: ANN401  JSON
    assert answer[0] == 0, answer
    return json.loads(answer[1])


def test_keys_go_to_a_kms_and_back(run: Run, kms: KeyFile) -> None:
    assert run("keys custody")[2] == "no KMS: 0 files are sealed, 1 lie open\n"
    first = told(run("keys wrap --json"))
    assert (first["kms"], first["sealed"]) == (kms.name, 1)
    words = f"{kms.name} wraps the keys, by {first['version']}: 1 files are sealed, 0 lie open\n"
    assert run("keys custody") == (0, "", words)
    rotate(kms.path)
    assert told(run("keys rewrap --json"))["version"] != first["version"]
    assert run("keys unwrap")[0] != 0  # nobody is here to say yes
    assert told(run("keys custody --json"))["sealed"] == 1
    assert told(run("keys unwrap --yes --json"))["kms"] is None


def test_without_its_kms_the_command_says_which_and_what_to_do(run: Run, kms: KeyFile) -> None:
    kms.path.unlink()
    code, out, words = run("keys wrap")
    assert (code, out) == (4, "")
    assert f"{kms.path} cannot be read" in words


def test_what_broke_off_is_an_exit_code(run: Run, runtime: Runtime, kms: KeyFile) -> None:
    runtime.keys.envelope.put(runtime.keys.envelope.prepared(kms.name, 1))
    code, _, words = run("keys custody")
    assert code == 1
    assert "a change broke off" in words
    assert told(run("keys wrap --json"))["whole"]
