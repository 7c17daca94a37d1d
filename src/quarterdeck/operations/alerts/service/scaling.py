"""Workers are added while an alert says that projections are behind, and let go after."""

from dataclasses import dataclass
from pathlib import Path

from prometheus_client import Gauge
from sqlalchemy import Engine

from quarterdeck.events.operations import WorkersScaled
from quarterdeck.kernel.clock import Clock, micros
from quarterdeck.kernel.db import reading
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.work import Actor, Tenants, begin
from quarterdeck.kernel.workers import Crew, ask, asked, decide
from quarterdeck.operations.alerts.model import LIVE, Filter
from quarterdeck.operations.alerts.store import queries

BEHIND = "ProjectionLagHigh"
ITSELF = Actor("quarterdeck", frozenset())
WANTED = Gauge("quarterdeck_workers_wanted", "Workers that the supervisor is asked to keep.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaler:
    """Asks the supervisor for as many workers as are needed. For a pulse of who answers.

    Attributes:
        root: the data directory, where the supervisor reads what it is asked.
        most: workers at most.
    """

    engine: Engine
    clock: Clock
    root: Path
    most: int

    def beat(self) -> None:
        """Look at the alert, and ask anew where that changes something."""
        self.scale()

    def scale(self) -> Crew:
        """The same; the workers that are wanted now."""
        before = asked(self.root)
        now, behind = micros(self.clock()), self._is_behind()
        after = decide(before, behind=behind, now=now, most=self.most)
        if after != before:
            ask(self.root, after)
        if after.wanted != before.wanted:
            self._tell(before, after, behind=behind)
        WANTED.set(after.wanted)
        return after

    def _is_behind(self) -> bool:
        with reading(self.engine) as db:
            wanted = Filter(states=LIVE, types=(BEHIND,))
            return bool(queries.ids(db, Tenants(frozenset({PLATFORM})), wanted, 1))

    def _tell(self, before: Crew, after: Crew, *, behind: bool) -> None:
        why = f"{BEHIND} fires" if behind else f"{BEHIND} has not fired for a while"
        with begin(self.engine, ITSELF, self.clock) as work:
            work.publish(
                WorkersScaled(
                    tenant=PLATFORM,
                    role="worker",
                    before=before.wanted,
                    after=after.wanted,
                    reason=why,
                )
            )
