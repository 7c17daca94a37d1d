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


def follow(client: Client, word: str) -> None:
    """Show the server's jobs until none is left to run; nothing where nobody looks.

    Raises:
        CliProblem: no end within ten minutes; the work itself goes on.
    """
    if not sys.stderr.isatty():
        _poll(client, word, lambda _jobs: None)
        return
    from rich.console import Console  # noqa: PLC0415  50 ms that only a terminal pays
    from rich.progress import Progress  # noqa: PLC0415

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(word, total=None)

        def show(jobs: list[dict[str, Any]]) -> None:
            done, total = sum(j["done"] for j in jobs), sum(j["total"] for j in jobs)
            bar.update(task, completed=done, total=total or None)

        _poll(client, word, show)


def _poll(client: Client, word: str, show: Callable[[list[dict[str, Any]]], None]) -> None:
    deadline = monotonic() + PATIENCE_S
    while True:
        jobs = [j for j in client.get("/api/v1/jobs")["jobs"] if j["state"] in UNDER_WAY]
        if not jobs:
            return
        if monotonic() > deadline:
            raise CliProblem(f"{word} goes on; follow it with: quarterdeck job list", UNAVAILABLE)
        show(jobs)
        sleep(POLL_S)
