"""Databases to measure on: durable, as in production."""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from servers import postgres, running

NAMES = ("sqlite", "postgres")


@contextmanager
def database(name: str) -> Iterator[str]:
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
        with postgres.own_server() as url:
            yield url.render_as_string(hide_password=False)
    finally:
        running.close_run()
