"""Whether exports can be made: there is a queue, and today's bytes are within their budget."""

from sqlalchemy import Engine

from quarterdeck.kernel.checks import asking
from quarterdeck.kernel.clock import Clock, micros
from quarterdeck.kernel.health import Entry, degraded_if, healthy
from quarterdeck.kernel.jobs import service as jobs
from quarterdeck.trail.export import service


def queue_ready(engine: Engine) -> Entry:
    """The queue of exports can be read."""
    with asking(engine) as db:
        waiting, running = jobs.standing(db, service.EXPORT)
    return healthy(f"{waiting} exports wait, {running} are being made")


def budget_ready(engine: Engine, clock: Clock, budget_bytes: int) -> Entry:
    """Degraded from the byte on that is over today's budget, until the next day (UTC) begins.

    ``budget_bytes``: 0 is no bound.
    """
    midnight = clock().replace(hour=0, minute=0, second=0, microsecond=0)
    with asking(engine) as db:
        used = service.bytes_since(db, micros(midnight))
    if not budget_bytes:
        return healthy(f"{used} bytes exported today; no budget is set")
    return degraded_if(used > budget_bytes, f"{used} of {budget_bytes} bytes exported today")
