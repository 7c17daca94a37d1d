"""The servers of one test run: started once, shared by its xdist workers, ended with it."""

import fcntl
import os
import pwd
import select
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

GUARD = Path(__file__).with_name("guard.py")
RUN = "QUARTERDECK_TEST_RUN"
CONTROLLER = "QUARTERDECK_TEST_CONTROLLER"
NOT_ROOT = ("postgres", "nobody")  # PostgreSQL and pgbouncer refuse to run as root
END_S = 15


def open_run() -> None:
    """Begin a run in this process; xdist's workers inherit it by the environment."""
    # Not pytest's own folder: PostgreSQL's user must be able to come in, and a Unix
    # socket's path is at most 107 bytes long.
    folder = tempfile.mkdtemp(prefix="qd-test-")
    Path(folder).chmod(0o711)
    os.environ[RUN] = folder
    os.environ[CONTROLLER] = str(os.getpid())


def close_run() -> None:
    """End every server of this run, by its process id, and remove what it left."""
    folder = run_folder()
    for guard in folder.glob("*.pid"):
        end(int(guard.read_text()))
    shutil.rmtree(folder, ignore_errors=True)


def run_folder() -> Path:
    """The folder of this run, which all its workers share."""
    return Path(os.environ[RUN])


def shared(name: str, start: Callable[[Path], int]) -> Path:
    """The folder of the run's server ``name``; ``start(folder)`` makes it run if nobody has."""
    folder, pid = run_folder() / name, run_folder() / f"{name}.pid"
    with _locked(run_folder() / f"{name}.lock"):
        if not pid.exists():
            pid.write_text(str(start(folder)))
    return folder


def server_user() -> str:
    """Whom a server runs as: "" is ourselves."""
    return _known_user() if os.geteuid() == 0 else ""


def owned_folder(folder: Path) -> Path:
    """Make ``folder``, belonging to ``server_user``."""
    folder.mkdir()
    if user := server_user():
        os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
    return folder


def guarded(folder: Path, *command: str, user: str = "") -> int:
    """Start ``command`` in ``folder`` for as long as the run lasts; its guard's process id.

    What it says stands in ``folder/log``.
    """
    arguments = [sys.executable, str(GUARD), os.environ[CONTROLLER], user, str(folder), *command]
    # Not subprocess: a Popen object that nobody waits for is a warning, and warnings are errors.
    return os.posix_spawn(sys.executable, arguments, os.environ)


def end(guard: int) -> None:
    """End a server by its guard's process id and wait until it is gone."""
    try:
        process = os.pidfd_open(guard)
    except ProcessLookupError:
        return
    signal.pidfd_send_signal(process, signal.SIGTERM)
    select.select([process], [], [], END_S)
    os.close(process)


def _known_user() -> str:
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in NOT_ROOT if name in names)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
