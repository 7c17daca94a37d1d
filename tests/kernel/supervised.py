"""Programs for tests of the supervisor: ``python -m kernel.supervised supervise|serve|die ...``."""

import os
import select
import signal
import socket
import sys
from collections.abc import Callable

from quarterdeck.kernel.supervise import (
    Ears,
    Program,
    Supervisor,
    end_with_supervisor,
    say_ready,
    start,
)

GRACE_S = 5


def supervise(*kinds: str) -> None:
    """Keep a program of each kind running; say the port on standard output."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=128)
    processes = []
    for kind in kinds:
        program = Program(
            name=kind,
            arguments=[kind, str(listening.fileno())],
            inherit=[listening.fileno()],
            module="kernel.supervised",
        )
        processes.append(start(program))
        if kind != "die":
            processes[-1].wait_ready(20)
    supervisor = Supervisor(processes, GRACE_S, Ears(say))
    say(f"port {listening.getsockname()[1]}")
    supervisor.run()
    say("ended")


def serve(descriptor: str) -> None:
    """Answer each connection with this process's id, until asked to end."""
    stopped, stop = os.pipe()
    signal.signal(signal.SIGTERM, lambda *_: os.write(stop, b"x"))
    end_with_supervisor()
    listening = socket.socket(fileno=int(descriptor))
    listening.settimeout(0)
    say_ready(pid=os.getpid())
    while stopped not in select.select([listening.fileno(), stopped], [], [])[0]:
        try:
            connection, _ = listening.accept()
        except BlockingIOError:  # the other process took it
            continue
        with connection:
            connection.sendall(str(os.getpid()).encode())


def deaf(_: str) -> None:
    """Hear no request to end; go at last, should nobody kill it."""
    signal.alarm(60)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    say_ready()
    signal.pause()


def die(_: str) -> None:
    """End at once."""
    sys.exit(7)


def say(line: str) -> None:
    """One line, at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    _, act, *arguments = sys.argv
    acts: dict[str, Callable[..., None]] = {
        "supervise": supervise,
        "serve": serve,
        "deaf": deaf,
        "die": die,
    }
    acts[act](*arguments)
