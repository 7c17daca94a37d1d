"""A pgbouncer in transaction mode before the run's PostgreSQL server."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from shutil import which

import psycopg
from sqlalchemy.engine import URL

from servers import postgres, running
from waiting import until

PROGRAM = which("pgbouncer", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
PORT = "6432"  # names the Unix socket; no TCP port is opened
READY_S = 30
CONFIGURATION = """\
[databases]
* = {server}
[pgbouncer]
listen_addr =
unix_socket_dir = {folder}
listen_port = {port}
auth_type = trust
auth_file = {folder}/users
pool_mode = transaction
max_client_conn = 500
default_pool_size = 20
server_round_robin = 1
ignore_startup_parameters = extra_float_digits
"""


def missing() -> str:
    """Why there can be no pgbouncer here; "" if there can."""
    if PROGRAM is None:
        return "needs pgbouncer (Debian: pgbouncer)"
    return postgres.missing()


def before(database: URL) -> URL:
    """The way to ``database`` (of the run's server) through pgbouncer."""
    return _through(running.shared("pgbouncer", partial(_start, postgres.server())), database)


def _start(server: URL, folder: Path) -> int:
    assert PROGRAM is not None
    running.owned_folder(folder)
    words = CONFIGURATION.format(server=_words(server), folder=folder, port=PORT)
    (folder / "pgbouncer.ini").write_text(words)
    (folder / "users").write_text(f'"{server.username}" ""\n')
    guard = running.guarded(
        folder, PROGRAM, str(folder / "pgbouncer.ini"), user=running.server_user()
    )
    until(lambda: _answers(_through(folder, server)), READY_S, f"pgbouncer ready; see {folder}/log")
    return guard


def _through(folder: Path, database: URL) -> URL:
    where = {"host": str(folder), "port": PORT}
    return database.set(host=None, port=None, password=None, query=where)


def _words(server: URL) -> str:
    known: Mapping[str, object] = {
        "host": server.host,
        "port": server.port,
        "user": server.username,
        "password": server.password,
        **server.query,
    }
    return " ".join(f"{name}={value}" for name, value in known.items() if value)


def _answers(url: URL) -> bool:
    try:
        with postgres.connect(url):
            return True
    except psycopg.OperationalError:
        return False
