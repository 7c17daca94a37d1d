"""A real server, a worker beside it, clouds that do as told, and the command line that asks."""

from collections.abc import Iterator
from threading import Event, Thread

import pytest
from sqlalchemy import Engine

from cli.access.conftest import ada, app, database, issue, run, runtime, settings, silent_logs
from governance.estate import Estate
from quarterdeck.kernel.clock import utc_now

__all__ = ["ada", "app", "database", "issue", "run", "runtime", "settings", "silent_logs"]

TURN_S = 0.02


@pytest.fixture
def estate(database: Engine) -> Iterator[Estate]:
    """A worker runs what is asked, with the real clock."""
    estate = Estate(database, now=utc_now())
    stop = Event()

    def work() -> None:
        while not stop.wait(TURN_S):
            estate.now = utc_now()
            estate.run_due()

    worker = Thread(target=work)
    worker.start()
    yield estate
    stop.set()
    worker.join()
