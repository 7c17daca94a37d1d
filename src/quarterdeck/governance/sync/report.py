"""The report of a failure that nobody knows, ready to be sent. Pure."""

import platform
from collections.abc import Iterable
from importlib.metadata import version

from quarterdeck.governance.sync.model import Run
from quarterdeck.kernel.clock import rfc3339


def written(run: Run, before: str, exchanges: Iterable[str]) -> str:
    """A draft in Markdown; it names no credential and holds no answer of the cloud.

    ``before`` is the error of the run that this one repeats.
    """
    same = "the same error" if before == run.error else f"another error: {before}"
    lines = [
        f"# Sync of {run.domain} fails in a way that Quarterdeck does not know",
        "",
        f"It can be reproduced: attempt {run.attempt} failed; the attempt before had {same}.",
        "",
        f"- Error: {run.error}",
        f"- The cloud's id of the exchange: {run.request or 'none was given'}",
        f"- Run: {run.id}, began {rfc3339(run.started_at)}",
        f"- Read before it failed: {run.counts.seen} items",
        f"- Quarterdeck {version('quarterdeck')}, Python {platform.python_version()}",
        "",
        "What was asked of the cloud, the newest last:",
        "",
        *(f"    {line}" for line in exchanges),
    ]
    return "\n".join(lines) + "\n"
