"""Progress of long work, on standard error."""

import sys
from collections.abc import Callable
from time import monotonic, sleep
from typing import Any

from quarterdeck.cli.client import Client, CliProblem
from quarterdeck.cli.output import UNAVAILABLE

POLL_S = 0.2
PATIENCE_S = 600.0
UNDER_WAY = ("ready", "running")


Job = dict[str, Any]


def every(_job: Job) -> bool:
    """All work."""
    return True


def follow(client: Client, word: str, only: Callable[[Job], bool] = every) -> None:
    """Show the server's jobs until none of them is left to run; nothing where nobody looks.

    Raises:
        CliProblem: no end within ten minutes; the work itself goes on.
    """
    if not sys.stderr.isatty():
        _poll(client, word, only, lambda _jobs: None)
        return
    from rich.console import Console  # noqa: PLC0415  50 ms that only a terminal pays
    from rich.progress import Progress  # noqa: PLC0415

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(word, total=None)

        def show(jobs: list[Job]) -> None:
            done, total = sum(j["done"] for j in jobs), sum(j["total"] for j in jobs)
            bar.update(task, completed=done, total=total or None)

        _poll(client, word, only, show)


def _poll(
    client: Client,
    word: str,
    only: Callable[[Job], bool],
    show: Callable[[list[Job]], None],
) -> None:
    deadline = monotonic() + PATIENCE_S
    while True:
        there = client.get("/api/v1/jobs")["jobs"]
        jobs = [job for job in there if job["state"] in UNDER_WAY and only(job)]
        if not jobs:
            return
        if monotonic() > deadline:
            raise CliProblem(f"{word} goes on; follow it with: quarterdeck job list", UNAVAILABLE)
        show(jobs)
        sleep(POLL_S)
