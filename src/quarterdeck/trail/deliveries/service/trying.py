"""Trials in this installation."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Engine

from quarterdeck.kernel.clock import Clock
from quarterdeck.kernel.errors import Unavailable
from quarterdeck.kernel.work import begin
from quarterdeck.trail.deliveries.model import Batch, judged
from quarterdeck.trail.deliveries.ports import Consumer
from quarterdeck.trail.deliveries.service.applying import apply
from quarterdeck.trail.deliveries.trials import Trial


class _Undone(Exception):
    """Ends the transaction of a trial without a trace."""


@dataclass(frozen=True, slots=True)
class Here:
    """The installation itself as an environment: its consumers apply, then all is undone."""

    engine: Engine
    clock: Clock
    consumers: Sequence[Consumer]

    def trial(self, consumer: str, batch: Batch) -> Trial:
        """As the port says."""
        found = next((one for one in self.consumers if one.name == consumer), None)
        if found is None:
            return Trial(applied=None, error=f"{consumer} cannot try: what it does is not undone")
        try:
            self._apply_and_undo(found, batch)
        except _Undone:
            return Trial(applied=True)
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001  whatever it throws is the answer
            failure = judged(error)
            return Trial(applied=False, reason=failure.reason, error=failure.error)
        return Trial(applied=True)

    def _apply_and_undo(self, consumer: Consumer, batch: Batch) -> None:
        with begin(consumer.engine or self.engine, consumer.actor, self.clock) as work:
            apply(consumer, work, [batch])
            raise _Undone
