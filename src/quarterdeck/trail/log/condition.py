"""How the log is: facts that wait for their leaf, leaves for a checkpoint, and how long."""

from datetime import datetime

from sqlalchemy import Connection, Engine

from quarterdeck.kernel import deliveries
from quarterdeck.kernel.clock import Clock, instant, since
from quarterdeck.kernel.db import reading
from quarterdeck.kernel.health import Entry, Health
from quarterdeck.trail.log.ports import Reader
from quarterdeck.trail.log.storage import leaves, sql

SUBSCRIBER = "trail"
"""The name under which the log hears of facts."""

SLOW_S, STUCK_S = 30, 300
"""Seconds that a fact or a leaf may wait before the log is degraded, or unhealthy."""


def log_health(engine: Engine, reader: Reader, clock: Clock) -> Entry:
    """Unintegrated leaves, the age of the oldest, and of the newest checkpoint.

    Facts without a leaf are named only once they wait too long, as for a lost key.
    """
    with reading(engine) as db:
        waiting, oldest = _backlog(db, reader)
        newest, unheard = sql.newest_at(db), deliveries.waiting_since(db, SUBSCRIBER)
    now = clock()
    waited_s, unheard_s = _age_s(now, oldest), _age_s(now, unheard)
    age = "none yet" if newest is None else f"{_age_s(now, newest):.0f} s ago"
    return Entry(
        status=_status(max(waited_s, unheard_s)),
        description=f"{waiting} leaves await a checkpoint, the oldest for {waited_s:.0f} s; "
        f"last checkpoint {age}{_unheard(unheard_s)}",
    )


def tenants_with_logs(engine: Engine) -> list[str]:
    """Whose logs have begun: their keys must be there."""
    with reading(engine) as db:
        return [log.tenant for log in leaves.every(db)]


def _age_s(now: datetime, at: int | None) -> float:
    return 0 if at is None else since(now, instant(at)).total_seconds()


def _unheard(waited_s: float) -> str:
    if waited_s <= SLOW_S:
        return ""
    return f"; what happened {waited_s:.0f} s ago has no leaf: see the log of the worker"


def _status(waited_s: float) -> Health:
    if waited_s > STUCK_S:
        return Health.UNHEALTHY
    return Health.DEGRADED if waited_s > SLOW_S else Health.HEALTHY


def _backlog(db: Connection, reader: Reader) -> tuple[int, int | None]:
    done = sql.sizes(db)
    sizes = reader.sizes()
    behind = [(log.tenant, done.get(log.origin, 0)) for log in leaves.every(db)]
    grown = [(log, size) for log, size in behind if sizes.get(log, 0) > size]
    moments = [reader.moment(log, size) for log, size in grown]
    oldest = min((m for m in moments if m is not None), default=None)
    return sum(sizes[log] - size for log, size in grown), oldest
