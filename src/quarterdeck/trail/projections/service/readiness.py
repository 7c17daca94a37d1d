"""Whether the read models are ready: near enough to the log, there, and writable."""

from time import perf_counter

from sqlalchemy import Engine

from quarterdeck.kernel.checks import asking, pool_use
from quarterdeck.kernel.clock import Clock
from quarterdeck.kernel.db import writing
from quarterdeck.kernel.health import CheckFailed, Entry, healthy
from quarterdeck.trail.log.ports import Reader
from quarterdeck.trail.projections import store
from quarterdeck.trail.projections.model import ROWS
from quarterdeck.trail.projections.service.standing import standings

USUAL = ROWS


def lag_ready(engine: Engine, read: Engine, reader: Reader, clock: Clock, limit_s: float) -> Entry:
    """Each projection is less than ``limit_s`` behind; raise CheckFailed if one is not."""
    for one in (engine, read):
        with asking(one):
            pass  # before ``standings``, which would wait for a pool that is used up
    found = standings(engine, read, reader, clock, USUAL)
    worst = max(found, key=lambda one: one.lag_s, default=None)
    if worst is None:
        return healthy("no log has begun")
    words = (
        f"{worst.projection} of {worst.log} is {worst.behind} records and {worst.lag_s:.1f} s "
        f"behind{', paused' if worst.paused else ''}; ready below {limit_s:g} s"
    )
    if worst.lag_s >= limit_s:
        raise CheckFailed(words)
    return healthy(words)


def read_model_ready(read: Engine) -> Entry:
    """The read models can be asked."""
    started = perf_counter()
    with asking(read) as db:
        places = store.every_place(db)
        used, most = pool_use(read)
    applied = sum(place.size for place in places.values())
    took_ms = (perf_counter() - started) * 1000
    return healthy(
        f"{len(places)} read models of {applied} records, answered in {took_ms:.1f} ms, "
        f"pool {used} of {most} in use"
    )


def read_model_writable(read: Engine) -> Entry:
    """The read models can be written: something is."""
    with asking(read):
        pass
    started = perf_counter()
    with writing(read) as db:
        store.touch(db)
    return healthy(f"written in {(perf_counter() - started) * 1000:.1f} ms")
