"""The command line on a terminal: tables for people, and colours only where they are wanted."""

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from scenarios.installation import clean_environment

COLOUR = re.compile(r"\x1b\[[0-9;]*(?:3[0-9]|4[0-9]|9[0-7])m")


def on_a_terminal(folder: Path, *arguments: str, **environment: str) -> str:
    """What ``quarterdeck`` with ``arguments`` shows on a terminal."""
    ours, its = pty.openpty()
    told = {"TERM": "xterm-256color", "COLUMNS": "200", **environment}
    with subprocess.Popen(
        [sys.executable, "-m", "quarterdeck", *arguments],
        env=clean_environment() | told,
        stdout=its,
        stderr=its,
        cwd=folder,
    ) as child:
        os.close(its)
        shown = b"".join(iter(lambda: _read(ours), b""))
        assert child.wait(30) == 0
    os.close(ours)
    return shown.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # Linux's way to say that the other side is closed
        return b""


def test_a_table_on_a_terminal_is_drawn(tmp_path: Path) -> None:
    shown = on_a_terminal(tmp_path, "config", "show")
    assert "─" in shown
    assert re.search(r"lease_s +15.0 +default", shown)


@pytest.mark.parametrize("line", [["config", "show"], ["--help"], ["tenant", "--help"]])
def test_no_color_means_none(tmp_path: Path, line: list[str]) -> None:
    assert not COLOUR.search(on_a_terminal(tmp_path, *line, NO_COLOR="1"))
