"""Keeps processes running. Standard library only: it stays when they are replaced.

The supervisor owns the listening socket and hands it down, so that connections wait in
the kernel while a server is restarted: none is refused, none is lost. A process says
that it is ready by a line of JSON on the descriptor named in ``READY_FD``.
"""

import json
import os
import selectors
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Event, Thread
from time import monotonic
from types import FrameType
from typing import Any

READY_FD = "QUARTERDECK_READY_FD"
NAME = "QUARTERDECK_PROCESS"
LIFE_FD = "QUARTERDECK_LIFE_FD"
ENDING = (signal.SIGTERM, signal.SIGINT)
FIRST_PAUSE_S, LONGEST_PAUSE_S, SETTLED_S = 0.2, 30.0, 60.0
LOOK_S = 1.0
"""How often it is asked whether more processes are wanted."""


class ProcessDied(Exception):
    """A process ended before it was ready; its own words are on standard error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What to keep running.

    Attributes:
        arguments: of ``python -m`` ``module``.
        inherit: descriptors to hand down.
        again: start it again when it dies.
        quiet: let its standard output go nowhere.
    """

    name: str
    arguments: Sequence[str]
    inherit: Sequence[int] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    module: str = "quarterdeck"
    again: bool = True
    quiet: bool = False


@dataclass(slots=True, kw_only=True)
class Process:
    """One running program."""

    program: Program
    child: subprocess.Popen[bytes]
    ready_fd: int
    life_fd: int
    started: float
    pause_s: float = FIRST_PAUSE_S
    attempt: int = 0

    def wait_ready(self, within_s: float) -> dict[str, Any]:
        """What it said when it was ready.

        Raises:
            ProcessDied: it ended, or said nothing in time.
        """
        with selectors.DefaultSelector() as selector:
            selector.register(self.ready_fd, selectors.EVENT_READ)
            if not selector.select(within_s):
                raise ProcessDied(f"{self.program.name} was not ready within {within_s:g} s")
            line = os.read(self.ready_fd, 65536)
        if not line:
            raise ProcessDied(f"{self.program.name} did not start; see its words above")
        said: dict[str, Any] = json.loads(line)
        return said

    def close(self) -> None:
        """Let go of the descriptors of a process that has ended."""
        os.close(self.ready_fd)
        os.close(self.life_fd)


def start(program: Program) -> Process:
    """Start ``program``; it runs in this process's group and dies with a SIGTERM."""
    ready, say = os.pipe()
    watched, life = os.pipe()
    told = {READY_FD: str(say), LIFE_FD: str(watched), NAME: program.name}
    environment = {**os.environ, **program.environment, **told}
    child = subprocess.Popen(  # noqa: S603  our own interpreter and module
        [sys.executable, "-m", program.module, *program.arguments],
        env=environment,
        pass_fds=[say, watched, *program.inherit],
        stdout=subprocess.DEVNULL if program.quiet else None,
    )
    os.close(say)
    os.close(watched)
    return Process(program=program, child=child, ready_fd=ready, life_fd=life, started=monotonic())


def say_ready(**facts: object) -> None:
    """Tell the supervisor, if there is one, that this process is ready."""
    descriptor = os.environ.pop(READY_FD, "")
    if descriptor:
        os.write(int(descriptor), json.dumps({"ready": True, **facts}).encode() + b"\n")
        os.close(int(descriptor))


def name_of(role: str) -> str:
    """What the supervisor calls this process; ``role`` where there is none, or but one of it."""
    return os.environ.get(NAME, role)


def is_supervised() -> bool:
    """Whether a supervisor started this process."""
    return NAME in os.environ


def end_with_supervisor() -> None:
    """Have this process ask itself to end (SIGTERM) when its supervisor is gone."""
    descriptor = os.environ.pop(LIFE_FD, "")
    if descriptor:
        Thread(target=_await_end, args=[int(descriptor)], daemon=True).start()


def stop_on_signals(stopping: Event) -> None:
    """Set ``stopping`` when this process is asked to end; a server hears that by itself."""
    for number in ENDING:
        signal.signal(number, lambda *_: stopping.set())


def _await_end(descriptor: int) -> None:
    os.read(descriptor, 1)  # nobody writes: it returns when the other end is closed
    os.kill(os.getpid(), signal.SIGTERM)


def notify_systemd(state: str) -> None:
    """Tell systemd ``state`` (sd_notify(3)), where it asked to be told."""
    address = os.environ.get("NOTIFY_SOCKET")
    if address:
        import socket  # noqa: PLC0415  only under systemd

        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as to:
            to.connect("\0" + address[1:] if address.startswith("@") else address)
            to.send(state.encode())


def stop(processes: Sequence[Process], grace_s: float) -> None:
    """End ``processes``: ask all, wait ``grace_s`` together, then kill who remains."""
    for process in processes:
        process.child.terminate()
    deadline = monotonic() + grace_s
    for process in processes:
        try:
            process.child.wait(max(0.0, deadline - monotonic()))
        except subprocess.TimeoutExpired:
            process.child.kill()
            process.child.wait()
        process.close()


@dataclass(frozen=True, slots=True)
class Ears:
    """Whom a supervisor tells, and whom it asks.

    Attributes:
        again: told of each process that is started again: name, exit code, attempt in a row.
        more: which programs are wanted besides the processes that it began with; asked each
            second; None: never any.
    """

    log: Callable[[str], None]
    again: Callable[[str, int, int], None] = lambda *_: None
    more: Callable[[], Sequence[Program]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Due:
    """A program that is started again: when, after which end, and the pause after the next."""

    at: float
    program: Program
    code: int
    pause_s: float
    attempt: int


class Supervisor:
    """Keeps its processes running until told to end.

    From its making on it hears this process's signals: SIGTERM and SIGINT end all in
    order; SIGHUP replaces each by a fresh one, the new before the old. A process that dies
    is started again after a pause that doubles.
    """

    def __init__(self, processes: list[Process], grace_s: float, ears: Ears) -> None:
        self._processes = processes
        self._grace_s = grace_s
        self._ears, self._log = ears, ears.log
        self._more: set[str] = set()
        self._wake, self._woken = os.pipe()
        os.set_blocking(self._woken, False)
        self._due: dict[str, _Due] = {}
        for heard in (*ENDING, signal.SIGHUP, signal.SIGCHLD):
            signal.signal(heard, self._signalled)

    def run(self) -> None:
        """Return when a signal asked to end and all processes have ended."""
        while True:
            self._bury()  # first: a child may have ended before its end could be heard
            self._raise_due()
            self._be_as_many_as_wanted()
            for number in self._signals():
                if number in ENDING:
                    notify_systemd("STOPPING=1")
                    stop(self._processes, self._grace_s)
                    return
                if number == signal.SIGHUP:
                    self._replace_all()

    def _signalled(self, number: int, _frame: FrameType | None) -> None:
        os.write(self._woken, bytes([number]))

    def _signals(self) -> bytes:
        times = [one.at - monotonic() for one in self._due.values()]
        times += [LOOK_S] if self._ears.more else []
        wait = max(0.0, min(times)) if times else None
        with selectors.DefaultSelector() as selector:
            selector.register(self._wake, selectors.EVENT_READ)
            return os.read(self._wake, 64) if selector.select(wait) else b""

    def _bury(self) -> None:
        for process in [p for p in self._processes if p.child.poll() is not None]:
            self._processes.remove(process)
            process.close()
            name, code = process.program.name, process.child.returncode
            if process.program.again:
                self._log(f"{name} ended with {code}; starting it again")
                self._due[name] = _when(process, code)
            else:
                self._log(f"{name} ended with {code}")

    def _raise_due(self) -> None:
        for name, due in list(self._due.items()):
            if due.at <= monotonic():
                del self._due[name]
                process = start(due.program)
                process.pause_s, process.attempt = due.pause_s, due.attempt
                self._processes.append(process)
                self._ears.again(name, due.code, due.attempt)

    def _be_as_many_as_wanted(self) -> None:
        if self._ears.more is None:
            return
        wanted = {program.name: program for program in self._ears.more()}
        for name in self._more - wanted.keys():
            self._log(f"{name} is not needed any more")
            self._due.pop(name, None)
            surplus = [one for one in self._processes if one.program.name == name]
            self._processes[:] = [one for one in self._processes if one not in surplus]
            stop(surplus, self._grace_s)
        for name in wanted.keys() - self._more:
            self._log(f"{name} is needed too")
            self._processes.append(start(wanted[name]))
        self._more = set(wanted)

    def _replace_all(self) -> None:
        notify_systemd("RELOADING=1")
        for old in list(self._processes):
            new = start(old.program)
            try:
                new.wait_ready(30)
            except ProcessDied as error:
                stop([new], 0)
                self._log(f"kept the old {old.program.name}: {error}")
                continue
            self._processes.remove(old)
            self._processes.append(new)
            stop([old], self._grace_s)
        notify_systemd("READY=1")


def _when(died: Process, code: int) -> _Due:
    """When to start it again, and the pause after the next death if that comes soon."""
    settled = monotonic() - died.started > SETTLED_S
    pause = FIRST_PAUSE_S if settled else died.pause_s
    return _Due(
        at=monotonic() + pause,
        program=died.program,
        code=code,
        pause_s=min(pause * 2, LONGEST_PAUSE_S),
        attempt=1 if settled else died.attempt + 1,
    )
