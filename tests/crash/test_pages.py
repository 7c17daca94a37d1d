"""A worker killed on the way of a page, at some edges; ``bench/people_crash.py``: everywhere."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from quarterdeck.operations.sending.service import LEASE

EDGES = "3"
TESTS = Path(__file__).parents[1]
PARTS = ["page", "acknowledge", "escalate", "want again", "end", "refuse", "nobody"]
HELD = re.compile(r"held for ([\d.]+) s")


def killed(url: str, folder: Path) -> list[str]:
    """What the matrix says, which found no page lost and nothing told twice without a mark."""
    done = subprocess.run(
        [sys.executable, "-m", "crash.pages_matrix", url, str(folder), EDGES],
        cwd=TESTS,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


def is_kept(said: list[str]) -> bool:
    """Whether each part was killed, and nobody held on to anything for longer than a lease."""
    held = [float(HELD.findall(line)[0]) for line in said]
    parts = [line.partition(":")[0] for line in said]
    return parts == PARTS and 0 < max(held) <= LEASE.total_seconds()


def test_a_worker_killed_on_a_pages_way_loses_no_page_on_sqlite(tmp_path: Path) -> None:
    assert is_kept(killed(f"sqlite:///{tmp_path}/quarterdeck.db", tmp_path))


@pytest.mark.postgres
def test_a_worker_killed_on_a_pages_way_loses_no_page_on_postgres(
    postgres_url: str, tmp_path: Path
) -> None:
    assert is_kept(killed(postgres_url, tmp_path))
