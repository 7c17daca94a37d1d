"""The worker's part: puts alerts into groups, and gives groups their turn. Nothing in memory."""

from dataclasses import dataclass

from sqlalchemy import Engine

from quarterdeck.kernel.clock import Clock
from quarterdeck.kernel.db import BULK_ROWS, reading
from quarterdeck.kernel.work import Actor, begin
from quarterdeck.operations.routing.service import deciding, placing
from quarterdeck.operations.routing.service.configuring import config_of
from quarterdeck.operations.routing.store import groups

ITSELF = Actor("quarterdeck", frozenset())
ROUNDS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatcher:
    """One process's dispatcher; several may run, and one of them decides at a time.

    Attributes:
        url: where this installation is reached.
    """

    engine: Engine
    clock: Clock
    url: str

    def beat(self) -> int:
        """Do some of what is to do now; how much."""
        with reading(self.engine) as db:
            unplaced, due = placing.waiting(db), groups.due(db, self.clock())
        done = 0
        for tenant in sorted(unplaced):
            done += self._place(tenant)
        with reading(self.engine) as db:
            due |= groups.due(db, self.clock())
        for tenant in sorted(due):
            with begin(self.engine, ITSELF, self.clock) as work:
                if (config := config_of(work.db, tenant)) is not None:
                    done += deciding.decide(work, tenant, config, self.url)
        return done

    def _place(self, tenant: str) -> int:
        """Put what came into its groups before these have their turn, so that it is told of
        together; but in a storm the first are told before the last are put anywhere.
        """
        done = 0
        for _ in range(ROUNDS):
            with begin(self.engine, ITSELF, self.clock) as work:
                config = config_of(work.db, tenant)
                placed = placing.place(work, tenant, config) if config else 0
            done += placed
            if placed < BULK_ROWS:
                break
        return done
