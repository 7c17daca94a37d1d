"""Keeps the schedules: enqueues the job of each that is due."""

from sqlalchemy import Engine

from quarterdeck.kernel import schedules
from quarterdeck.kernel.clock import Clock
from quarterdeck.kernel.db import reading, writing


def tick_all(engine: Engine, clock: Clock) -> int:
    """Enqueue what is due; how many ticks were this worker's."""
    with reading(engine) as db:
        due = schedules.overdue(db, clock())
    ticked = 0
    for row in due:
        with writing(engine) as db:
            ticked += schedules.tick(db, clock(), row)
    return ticked
