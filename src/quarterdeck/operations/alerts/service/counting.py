"""Keeps what is written down of how many alerts there are short, and right."""

from sqlalchemy import Engine

from quarterdeck.kernel.db import reading, writing
from quarterdeck.operations.alerts.store import counts


def settle(engine: Engine) -> bool:
    """Count anew where that differs, or is many rows; whether it was. For a worker's pulse."""
    with reading(engine) as db:
        if counts.settled(db):
            return False
    with writing(engine) as db:
        counts.settle(db)
    return True
