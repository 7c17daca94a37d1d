"""The supervisor: nobody is refused, nobody is left behind."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import islice, pairwise
from pathlib import Path
from threading import Event, Thread
from time import monotonic

import pytest

from quarterdeck.kernel.supervise import ProcessDied, Program, notify_systemd, start, stop
from waiting import until

TESTS = Path(__file__).parents[1]


@contextmanager
def supervised(*kinds: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "kernel.supervised", "supervise", *kinds],
        cwd=TESTS,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=20)


def port_of(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    return int(process.stdout.readline().split()[1])


def ask(port: int) -> int:
    """The id of the process that answers; raises OSError when refused, ValueError when dropped."""
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        return int(connection.recv(64))


def children(pid: int) -> set[int]:
    return set(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))


def is_alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def answered_more_than(answered: list[int], count: int) -> bool:
    return len(answered) > count


def replaced(supervisor: int, before: set[int], answered: list[int]) -> bool:
    return children(supervisor).isdisjoint(before) and answered[-1] not in before


def test_sighup_replaces_the_server_and_drops_no_connection() -> None:
    with supervised("serve") as process:
        port, stopping = port_of(process), Event()
        answered: list[int] = []
        failures: list[Exception] = []

        def hammer() -> None:
            while not stopping.is_set():
                try:
                    answered.append(ask(port))
                except (OSError, ValueError) as error:
                    failures.append(error)

        clients = [Thread(target=hammer) for _ in range(3)]
        for client in clients:
            client.start()
        for generation in (1, 2):
            before = children(process.pid)
            until(partial(answered_more_than, answered, 50 * generation))
            process.send_signal(signal.SIGHUP)
            until(partial(replaced, process.pid, before, answered), 20)
        stopping.set()
        for client in clients:
            client.join()
    assert failures == []
    assert len(set(answered)) == 3


def test_a_server_that_dies_is_started_again_and_connections_wait_for_it() -> None:
    with supervised("serve") as process:
        port = port_of(process)
        first = ask(port)
        os.kill(first, signal.SIGKILL)
        assert ask(port) != first


def test_one_that_always_dies_is_started_again_after_growing_pauses() -> None:
    with supervised("die") as process:
        port_of(process)
        assert process.stdout is not None
        deaths = [monotonic() for line in islice(process.stdout, 4) if "ended with 7" in line]
    assert len(deaths) == 4
    gaps = [later - sooner for sooner, later in pairwise(deaths)]
    assert all(gap > pause for gap, pause in zip(gaps, (0.2, 0.4, 0.8), strict=True))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_supervisor_that_is_asked_to_end_ends_all_first(number: signal.Signals) -> None:
    with supervised("serve", "serve") as process:
        port_of(process)
        running = children(process.pid)
        process.send_signal(number)
        assert process.wait(20) == 0
        assert not any(map(is_alive, running))
        assert len(running) == 2


def test_one_that_does_not_hear_is_killed_after_the_grace() -> None:
    with supervised("deaf") as process:
        port_of(process)
        (child,) = children(process.pid)
        began = monotonic()
        process.terminate()
        assert process.wait(20) == 0
        assert 4.5 < monotonic() - began < 15
        assert not is_alive(child)


def test_processes_end_when_their_supervisor_is_killed() -> None:
    with supervised("serve", "serve") as process:
        port_of(process)
        running = children(process.pid)
        process.kill()
        until(lambda: not any(map(is_alive, running)), what="orphans ended")


def test_a_program_that_dies_before_it_is_ready_is_told() -> None:
    program = Program(
        name="die",
        arguments=["die", ""],
        module="kernel.supervised",
        environment={"PYTHONPATH": str(TESTS)},
    )
    process = start(program)
    with pytest.raises(ProcessDied, match="die did not start"):
        process.wait_ready(20)
    stop([process], 20)
    assert process.child.returncode == 7


def test_a_program_that_never_gets_ready_is_told_and_can_be_ended() -> None:
    process = start(Program(name="deaf", arguments=["-c", "input()"], module="code"))
    with pytest.raises(ProcessDied, match=r"deaf was not ready within 0\.01 s"):
        process.wait_ready(0.01)
    stop([process], 0)
    assert process.child.poll() is not None


def test_stopping_nothing_is_done_at_once() -> None:
    stop([], 10)


@pytest.mark.parametrize("abstract", [False, True])
def test_systemd_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, abstract: bool
) -> None:
    name = f"quarterdeck-{os.getpid()}" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind("\0" + name if abstract else name)
        monkeypatch.setenv("NOTIFY_SOCKET", "@" + name if abstract else name)
        notify_systemd("READY=1")
        assert systemd.recv(64) == b"READY=1"


def test_without_systemd_nobody_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    notify_systemd("READY=1")
