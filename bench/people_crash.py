"""Kills a worker at every point of a page's way: alert, route, page, send, answer, escalate, end.

``python -m bench.people_crash [all|edges] [sqlite|postgres]``. At every statement of each part, on
both databases, and two others take over; then once by the lease alone, with nobody helping the
clock. It takes half an hour a database; ``edges`` some minutes: around what is written and sent.
"""

import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from bench._databases import NAMES, database

TESTS = Path(__file__).parents[1] / "tests"


def main() -> None:
    points, *names = sys.argv[1:] or ["all"]
    for name in names or NAMES:
        with database(name, durable=False) as url, tempfile.TemporaryDirectory() as folder:
            if url:
                began = perf_counter()
                command = [sys.executable, "-m", "crash.pages_matrix", url, folder, points]
                done = subprocess.run(command, cwd=TESTS, check=False)
                verdict = "no page lost" if done.returncode == 0 else "PROMISES BROKEN"
                print(f"{name}: {verdict}, {perf_counter() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()
