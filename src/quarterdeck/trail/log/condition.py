"""How the log is: leaves that wait for a checkpoint, and how long."""

from sqlalchemy import Connection, Engine

from quarterdeck.kernel.clock import Clock, micros
from quarterdeck.kernel.db import reading
from quarterdeck.kernel.health import Entry, Health
from quarterdeck.trail.log.storage import leaves, sql

SLOW_S, STUCK_S = 30, 300
"""Seconds that a leaf may wait for its checkpoint before the log is degraded, or unhealthy."""


def log_health(engine: Engine, clock: Clock) -> Entry:
    """Unintegrated leaves, the age of the oldest, and of the newest checkpoint."""
    with reading(engine) as db:
        waiting, oldest = _backlog(db)
        newest = sql.newest_at(db)
    now = micros(clock())
    waited_s = 0 if oldest is None else max(0, now - oldest) / 1e6
    age = "none yet" if newest is None else f"{(now - newest) / 1e6:.0f} s ago"
    return Entry(
        status=_status(waited_s),
        description=f"{waiting} leaves await a checkpoint, the oldest for {waited_s:.0f} s; "
        f"last checkpoint {age}",
    )


def _status(waited_s: float) -> Health:
    if waited_s > STUCK_S:
        return Health.UNHEALTHY
    return Health.DEGRADED if waited_s > SLOW_S else Health.HEALTHY


def _backlog(db: Connection) -> tuple[int, int | None]:
    done = sql.sizes(db)
    behind = [(log, done.get(log.origin, 0)) for log in leaves.every(db)]
    grown = [(log, size) for log, size in behind if log.size > size]
    moments = [leaves.moment_of(db, log.tenant, size) for log, size in grown]
    oldest = min((m for m in moments if m is not None), default=None)
    return sum(log.size - size for log, size in grown), oldest
