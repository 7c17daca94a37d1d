"""The worker's part: puts alerts into groups, and gives groups their turn. Nothing in memory."""

from contextlib import ExitStack
from dataclasses import dataclass

from sqlalchemy import Engine

from quarterdeck.kernel.clock import Clock
from quarterdeck.kernel.db import BULK_ROWS, brief, reading
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
        """Do some of what is to do now; how much. What fails for one tenant is raised after
        the others had their turn.
        """
        with reading(self.engine) as db:
            unplaced, due = placing.waiting(db), groups.due(db, self.clock())
        done: list[int] = []
        with ExitStack() as turns:  # calls the last first, and each whatever another raised
            turns.callback(self._decide_all, due, done)
            for tenant in sorted(unplaced, reverse=True):
                turns.callback(self._place, tenant, done)
        return sum(done)

    def _decide_all(self, due: set[str], done: list[int]) -> None:
        with reading(self.engine) as db:
            due |= groups.due(db, self.clock())
        with ExitStack() as turns:
            for tenant in sorted(due, reverse=True):
                turns.callback(self._decide, tenant, done)

    def _decide(self, tenant: str, done: list[int]) -> None:
        with begin(self.engine, ITSELF, self.clock) as work:
            brief(work.db)
            if (config := config_of(work.db, tenant)) is not None:
                done.append(deciding.decide(work, tenant, config, self.url))

    def _place(self, tenant: str, done: list[int]) -> None:
        """Put what came into its groups before these have their turn, so that it is told of
        together; but in a storm the first are told before the last are put anywhere.
        """
        for _ in range(ROUNDS):
            with begin(self.engine, ITSELF, self.clock) as work:
                brief(work.db)
                config = config_of(work.db, tenant)
                placed = placing.place(work, tenant, config) if config else 0
            done.append(placed)
            if placed < BULK_ROWS:
                break
