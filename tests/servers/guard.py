"""Runs one server for as long as one other process lives, and tidies up after it.

A test run that is killed cannot end its servers; this small process can. A program
of its own, started by path: it imports nothing of ours.
"""

import os
import pwd
import select
import shutil
import signal
import subprocess
import sys
from pathlib import Path

GRACE_S = 10


def main(guarded: str, user: str, folder: str, *command: str) -> None:
    """Run ``command`` as ``user`` ("" for ourselves) until process ``guarded`` or we are to end.

    ``folder`` is removed afterwards, unless the server ended by itself: then its log is of use.
    """
    parent = os.pidfd_open(int(guarded))
    ended, end = os.pipe()
    signal.set_wakeup_fd(_unblocked(end))
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
        signal.signal(number, lambda *_: None)
    server = _start(user, folder, command)
    select.select([parent, ended], [], [])
    if server.poll() is None:
        _stop(server)
        shutil.rmtree(folder, ignore_errors=True)


def _unblocked(pipe: int) -> int:
    os.set_blocking(pipe, False)
    return pipe


def _start(user: str, folder: str, command: tuple[str, ...]) -> subprocess.Popen[bytes]:
    group = pwd.getpwnam(user).pw_gid if user else None
    with Path(folder, "log").open("ab") as log:
        return subprocess.Popen(
            command,
            stdout=log,
            stderr=log,
            cwd=folder,
            user=user or None,
            group=group,
            extra_groups=[] if user else None,
        )


def _stop(server: subprocess.Popen[bytes]) -> None:
    # PostgreSQL's "fast" shutdown: it breaks off the sessions of tests that went before it.
    server.send_signal(signal.SIGINT)
    try:
        server.wait(GRACE_S)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
