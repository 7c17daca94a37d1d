"""Kills a log, and cuts its power, at every moment at which it makes something durable.

Three lives on local files and SQLite; each moment ends once by a kill and ``CUTS`` times by a
power cut that leaves of what was not synced what it likes. Prints acknowledged leaves lost,
forks and gaps; the bar is none.
"""

import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

TESTS = Path(__file__).parents[1] / "tests"
CUTS = 3


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        began = perf_counter()
        command = [sys.executable, "-m", "trail.log.every_moment", folder, str(CUTS)]
        done = subprocess.run(command, cwd=TESTS, check=False)
    verdict = "all promises kept" if done.returncode == 0 else "PROMISES BROKEN"
    print(f"{verdict}, {perf_counter() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()
