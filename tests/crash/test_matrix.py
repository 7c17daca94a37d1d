"""A worker killed with SIGKILL, here at some points; ``bench/crash_matrix.py``: at all of them."""

import subprocess
import sys
from pathlib import Path

import pytest

from crash.scenarios import SCENARIOS

POINTS = 8
TESTS = Path(__file__).parents[1]


def matrix(url: str, folder: Path) -> list[str]:
    """The lines that the matrix says, which found no promise broken."""
    done = subprocess.run(
        [sys.executable, "-m", "crash.matrix", url, str(folder), str(POINTS)],
        cwd=TESTS,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


def test_a_killed_worker_loses_nothing_and_repeats_nothing_on_sqlite(tmp_path: Path) -> None:
    said = matrix(f"sqlite:///{tmp_path}/quarterdeck.db", tmp_path)
    assert [line.split(":")[0] for line in said] == list(SCENARIOS)


@pytest.mark.postgres
def test_a_killed_worker_loses_nothing_and_repeats_nothing_on_postgres(
    postgres_url: str, tmp_path: Path
) -> None:
    said = matrix(postgres_url, tmp_path)
    assert [line.split(":")[0] for line in said] == list(SCENARIOS)
