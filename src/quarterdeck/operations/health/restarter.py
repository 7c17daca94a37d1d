"""Starts services again that are down, by commands of the operator's own, and tells of restarts.

Only files of one folder that the operator keeps are run, each named after the one service that
it starts again, without arguments and without our environment: nothing that comes in by the
API, or by a probe, becomes part of a command.
"""

import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from sqlalchemy import Engine

from quarterdeck.kernel import restarts as files
from quarterdeck.kernel.clock import Clock
from quarterdeck.kernel.work import begin
from quarterdeck.operations.health.model.restarts import Restart, Result, command_of
from quarterdeck.operations.health.prober import NOBODY
from quarterdeck.operations.health.probing.command import PATH, allowed
from quarterdeck.operations.health.service import restarting

LONGEST_S = 60.0
MOST_OUTPUT = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Restarter:
    """One process's; several may run, and each attempt is made once.

    Attributes:
        commands: where the operator's commands are; None: there are none.
        most: attempts an hour of each service.
    """

    engine: Engine
    clock: Clock
    commands: Path | None
    most: int
    longest_s: float = LONGEST_S

    def beat(self) -> bool:
        """Make the next attempt that is due; whether there was one. For a pulse."""
        names = self._names()
        if names is None:
            return False
        with begin(self.engine, NOBODY, self.clock) as work:
            restarting.give_up_lost(work)
            one = restarting.claim(work, names, self.most)
        if one is None:
            return False
        result, detail = self._run(one)
        with begin(self.engine, NOBODY, self.clock) as work:
            restarting.settle(work, one, result, detail)
        return True

    def _names(self) -> Sequence[str] | None:
        if self.commands is None:
            return None
        with suppress(OSError):
            return sorted(path.name for path in self.commands.iterdir())
        return None

    def _run(self, one: Restart) -> tuple[Result, str]:
        name = command_of(one.tenant, one.environment, one.service)
        program = allowed(name, self.commands)
        if program is None:
            return Result.FAILED, f"{name} is no command that this installation allows"
        # A file, not a pipe: what it started may hold that open long after it.
        with TemporaryFile() as said:
            try:
                process = subprocess.Popen(  # noqa: S603  a file of the operator's own folder
                    [program],
                    env={"PATH": PATH},
                    stdin=subprocess.DEVNULL,
                    stdout=said,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            except OSError as error:
                return Result.FAILED, f"{name}: {error}"
            return self._awaited(process, said)

    def _awaited(self, process: subprocess.Popen[bytes], said: IO[bytes]) -> tuple[Result, str]:
        """What it started goes on after it; it itself has its time."""
        try:
            process.wait(self.longest_s)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return Result.FAILED, f"it did not end within {self.longest_s:g} s"
        said.seek(0)
        line = next(iter(said.read(MOST_OUTPUT).decode(errors="replace").splitlines()), "")
        result = Result.FAILED if process.returncode else Result.DONE
        return result, (line or f"exit {process.returncode}")[:200]


def tell_restarts(engine: Engine, clock: Clock, folder: Path) -> int:
    """Tell of what the supervisor did; how many restarts. For a pulse of every process."""
    told = 0
    for path, left in files.waiting(folder):
        with begin(engine, NOBODY, clock) as work:
            restarting.told_by_supervisor(work, left)
        files.drop(path)
        told += 1
    return told
