"""Forgets notifications that ended long ago, and what nobody repeats any more."""

from datetime import timedelta

from sqlalchemy import Engine

from quarterdeck.kernel.clock import Clock
from quarterdeck.kernel.db import writing
from quarterdeck.operations.routing.store import notifications

KEPT = timedelta(days=7)


def forget(engine: Engine, clock: Clock) -> int:
    """Forget some; how many. For a worker's pulse."""
    now = clock()
    with writing(engine) as db:
        return notifications.forget(db, now, now - KEPT)
