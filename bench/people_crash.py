"""Kills a worker at every point of a page's way: alert, route, page, send, answer, escalate, end.

``python -m bench.people_crash [sqlite|postgres ...]``. At every statement of each part, on both
databases, and two others take over; then once with nobody helping the clock, by the lease alone.
"""

import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from bench._databases import NAMES, database

TESTS = Path(__file__).parents[1] / "tests"


def main() -> None:
    for name in sys.argv[1:] or NAMES:
        with database(name, durable=False) as url, tempfile.TemporaryDirectory() as folder:
            if url:
                began = perf_counter()
                command = [sys.executable, "-m", "crash.pages_matrix", url, folder, "all"]
                done = subprocess.run(command, cwd=TESTS, check=False)
                verdict = "no page lost" if done.returncode == 0 else "PROMISES BROKEN"
                print(f"{name}: {verdict}, {perf_counter() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()
