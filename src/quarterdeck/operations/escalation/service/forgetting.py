"""Secrets that open nothing any more are dropped."""

from sqlalchemy import Engine

from quarterdeck.kernel.clock import Clock
from quarterdeck.kernel.work import Actor, begin
from quarterdeck.operations.escalation.store import ledger

ITSELF = Actor("quarterdeck", frozenset())


def forget(engine: Engine, clock: Clock) -> int:
    """Drop some; how many. For a worker's pulse."""
    with begin(engine, ITSELF, clock) as work:
        return ledger.forget_secrets(work.db, work.now)
