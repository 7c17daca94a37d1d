"""Databases to measure on: durable, as in production."""

import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from servers import postgres, running

NAMES = ("sqlite", "postgres")
COMMITS = 300


@contextmanager
def database(name: str, *, durable: bool = True) -> Iterator[str]:
    """The URL of an empty database that keeps what it acknowledged; "" if there can be none."""
    if name == "sqlite":
        with tempfile.TemporaryDirectory() as folder:
            yield f"sqlite:///{folder}/quarterdeck.db"
        return
    if postgres.missing():
        print(f"left out: {postgres.missing()}")
        yield ""
        return
    running.open_run()
    try:
        with postgres.own_server(durable=durable) as url:
            yield url.render_as_string(hide_password=False)
    finally:
        running.close_run()


def commits_per_s() -> float:
    """What this disk gives now to bare SQLite, ``synchronous=FULL``: the measure of the rest."""
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(sqlite3.connect(f"{folder}/bare.db", isolation_level=None)) as db,
    ):
        for statement in ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL"):
            db.execute(statement)
        db.execute("CREATE TABLE bare (number INTEGER)")
        began = perf_counter()
        for number in range(COMMITS):
            db.execute("INSERT INTO bare VALUES (?)", [number])
        return COMMITS / (perf_counter() - began)
