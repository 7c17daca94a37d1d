"""A look by a command that the installation allows, in the manner of Nagios plugins.

Only files of one folder that the operator keeps are run, by name, without arguments and
without our environment. Exit 0 is healthy, 1 degraded, 2 down; anything else says nothing
of the service. The first line of output is what people read.
"""

import asyncio
import os
import signal
from contextlib import suppress
from pathlib import Path

from quarterdeck.operations.health.model.registry import Probe
from quarterdeck.operations.health.model.state import Outcome, State

EXITS = {0: State.HEALTHY, 1: State.DEGRADED, 2: State.DOWN}
MOST_OUTPUT = 4096
PATH = "/usr/local/bin:/usr/bin:/bin"


async def look(probe: Probe, folder: Path | None) -> Outcome:
    """What the command says; when the look is called off, all that it started ends."""
    program = allowed(probe.target, folder)
    if program is None:
        words = f"{probe.target} is no command that this installation allows"
        return Outcome(state=State.UNKNOWN, detail=words, took_ms=0.0)
    try:
        process = await asyncio.create_subprocess_exec(
            program,
            env={"PATH": PATH},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        return Outcome(state=State.UNKNOWN, detail=f"{probe.target}: {error}", took_ms=0.0)
    try:
        said = await _read(process)
        code = await process.wait()
    finally:
        # Also after a good end: what it left in the background must not outlive it.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await asyncio.shield(process.wait())
    line = next(iter(said.decode(errors="replace").splitlines()), "") or f"exit {code}"
    return Outcome(state=EXITS.get(code, State.UNKNOWN), detail=line[:200], took_ms=0.0)


def allowed(name: str, folder: Path | None) -> Path | None:
    """The command of that name, if the operator keeps one in ``folder`` itself."""
    if folder is None:
        return None
    found = folder / name
    # The name has no slash, but what it names may be a link out of the folder.
    inside = found.resolve().parent == folder.resolve()
    return found if inside and found.is_file() and os.access(found, os.X_OK) else None


async def _read(process: asyncio.subprocess.Process) -> bytes:
    if process.stdout is None:  # it was asked for as a pipe
        return b""
    kept = b""
    while piece := await process.stdout.read(MOST_OUTPUT):
        kept = (kept + piece)[:MOST_OUTPUT]
    return kept
