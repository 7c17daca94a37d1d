"""Measures sync for Prometheus, from the database: a dead worker says nothing of itself."""

from collections import Counter

from sqlalchemy import Engine

from quarterdeck.governance.sync.metrics import show
from quarterdeck.governance.sync.model import Policies
from quarterdeck.governance.sync.service import doubts, policies
from quarterdeck.governance.sync.service.freshness import CLOCK, EVERYONE, ages
from quarterdeck.governance.sync.service.queries import RECENT
from quarterdeck.governance.sync.store import holds, runs
from quarterdeck.kernel.clock import Clock
from quarterdeck.kernel.work import read


def measure(engine: Engine, clock: Clock, known: Policies) -> None:
    """Show how old the data is, how the last day's runs did, what is held and what doubted."""
    with read(engine, CLOCK, clock) as work:
        found = ages(work, EVERYONE, known)
        now = policies.current(work.db, known)
        day = runs.tally(work.db, EVERYONE, work.now - RECENT)
        held = holds.held(work.db, EVERYONE)
        doubted: Counter[str] = Counter()
        for doubt in doubts.doubted(work, EVERYONE):
            doubted[doubt.domain] += doubt.items
    show(found, now, day, Counter(hold.domain for hold in held), doubted)
