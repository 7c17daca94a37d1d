"""A throw-away PostgreSQL server, and databases in it."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import which
from uuid import uuid4

import psycopg
from psycopg import sql
from sqlalchemy.engine import URL, make_url

from servers import running
from waiting import until

GIVEN = "TEST_POSTGRES_URL"
DEBIAN = Path("/usr/lib/postgresql")
PORT = "5432"  # names the Unix socket; no TCP port is opened
READY_S = 60
FAST = ("fsync=off", "full_page_writes=off", "synchronous_commit=off")
SETTINGS = ("listen_addresses=", f"port={PORT}", "max_connections=300", "log_min_messages=warning")


def missing() -> str:
    """Why there can be no PostgreSQL here; "" if there can."""
    if os.environ.get(GIVEN) or _programs() is not None:
        return ""
    return f"needs PostgreSQL: set {GIVEN}, or install its programs (Debian: postgresql)"


def server() -> URL:
    """The run's server, as its administrator."""
    if given := os.environ.get(GIVEN):
        return make_url(given)
    return _url(running.shared("postgres", _start_fast))


@contextmanager
def own_server(*, durable: bool = True) -> Iterator[URL]:
    """A server for one test alone, which it may stop or kill.

    ``durable``: it keeps what it acknowledged over a crash (fsync), at the cost of speed.
    """
    folder = running.run_folder() / f"postgres-{uuid4().hex[:8]}"
    guard = _start(folder, () if durable else FAST)
    try:
        yield _url(folder)
    finally:
        running.end(guard)


@contextmanager
def database(on: URL) -> Iterator[URL]:
    """A database with nothing in it, dropped afterwards even if somebody is still connected."""
    name = f"qd_{uuid4().hex[:12]}"
    _administer(on, sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
    try:
        yield on.set(database=name)
    finally:
        _administer(on, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def connect(url: URL) -> psycopg.Connection[tuple[object, ...]]:
    """A connection of psycopg's own, outside every pool, committing each statement."""
    bare = url.set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(bare, autocommit=True, prepare_threshold=None)


def _administer(on: URL, statement: sql.Composed) -> None:
    with connect(on.set(database="postgres")) as db:
        db.execute(statement)


def _programs() -> Path | None:
    found = sorted(DEBIAN.glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    if found:
        return found[-1].parent
    initdb = which("initdb")
    return Path(initdb).parent if initdb else None


def _url(folder: Path) -> URL:
    where = {"host": str(folder), "port": PORT}
    return URL.create("postgresql+psycopg", "postgres", database="postgres", query=where)


def _start_fast(folder: Path) -> int:
    return _start(folder, FAST)


def _start(folder: Path, extra: tuple[str, ...]) -> int:
    programs, user = _programs(), running.server_user()
    assert programs is not None
    running.owned_folder(folder)
    _initialise(programs, folder / "data", user)
    settings = (*SETTINGS, *extra, f"unix_socket_directories={folder}")
    options = [part for setting in settings for part in ("-c", setting)]
    guard = running.guarded(
        folder, str(programs / "postgres"), "-D", str(folder / "data"), *options, user=user
    )
    until(lambda: _answers(folder), READY_S, f"PostgreSQL ready; see {folder}/log")
    return guard


def _initialise(programs: Path, data: Path, user: str) -> None:
    command = [
        str(programs / "initdb"),
        "--pgdata",
        str(data),
        "--username=postgres",
        "--auth=trust",
        "--encoding=UTF8",
        "--locale=C",
        "--no-sync",
    ]
    done = subprocess.run(
        command, user=user or None, cwd=data.parent, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"initdb failed: {done.stderr}"


def _answers(folder: Path) -> bool:
    try:
        with connect(_url(folder)):
            return True
    except psycopg.OperationalError:
        return False
