"""How soon it is there, and what it weighs: --help, up, the idle processes, clone to demo."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, sleep

from demonstration import PROGRAM, running

ROOT = Path(__file__).parents[1]
TURNS = 10
SETTLE_S = 5  # what start-up needed is given back


def main() -> None:
    """Print a table of measured values beside their bars."""
    _show("quarterdeck --help, median", _help_ms(), 150, "ms")
    for row in _up():
        _show(*row)
    _show("clone to running demo", _clone_s(), 20, "s")


def _show(what: str, value: float, bar: float, unit: str) -> None:
    print(f"{what:<32} {value:>8.1f} of {bar:>5g} {unit:<3} {'ok' if value <= bar else 'over'}")


def _help_ms() -> float:
    return 1000 * median(_timed(str(PROGRAM), "--help") for _ in range(TURNS))


def _timed(*command: str) -> float:
    started = perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return perf_counter() - started


def _up() -> Iterator[tuple[str, float, float, str]]:
    with TemporaryDirectory() as folder:
        data, started = ("--data", f"{folder}/data", "--port", "0"), perf_counter()
        with running("up", *data, until="answers at") as (_, pid):
            yield "up, empty, until ready", perf_counter() - started, 5, "s"
            sleep(SETTLE_S)
            yield "up, idle PSS of all processes", _pss_mb(pid), 250, "MB"


def _pss_mb(pid: int) -> float:
    """Proportional set size of a process and its descendants, megabytes (proc(5), smaps_rollup)."""
    own = Path(f"/proc/{pid}/smaps_rollup").read_text()
    kilobytes = int(own.partition("\nPss:")[2].split()[0])
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return kilobytes / 1024 + sum(_pss_mb(int(child)) for child in children)


def _clone_s() -> float:
    """Seconds from ``git clone`` to the demo's address, with the packages in the caches."""
    with TemporaryDirectory() as folder:
        started = perf_counter()
        subprocess.run(["git", "clone", "--quiet", str(ROOT), f"{folder}/clone"], check=True)
        command = ["make", "demo"]
        with subprocess.Popen(
            command,
            cwd=f"{folder}/clone",
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as demo:
            next((line for line in demo.stderr or () if "Console" in line), None)
            took = perf_counter() - started
            _end(demo)
    return took


def _end(demo: subprocess.Popen[str]) -> None:
    # make hands no signal on; its child is the demo itself.
    child = Path(f"/proc/{demo.pid}/task/{demo.pid}/children").read_text().split()
    subprocess.run(["kill", "-INT", *child], check=True)
    demo.communicate(timeout=30)


if __name__ == "__main__":
    main()
