"""Kills a worker at every point of claim, step, settle, deliver and tick; on both databases."""

import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from bench._databases import NAMES, database

TESTS = Path(__file__).parents[1] / "tests"


def main() -> None:
    for name in NAMES:
        with database(name, durable=False) as url, tempfile.TemporaryDirectory() as folder:
            if url:
                began = perf_counter()
                command = [sys.executable, "-m", "crash.matrix", url, folder, "all"]
                done = subprocess.run(command, cwd=TESTS, check=False)
                verdict = "all promises kept" if done.returncode == 0 else "PROMISES BROKEN"
                print(f"{name}: {verdict}, {perf_counter() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()
