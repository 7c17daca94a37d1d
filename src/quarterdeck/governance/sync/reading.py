"""A reading: one run's way through a connection, whatever the domain."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from quarterdeck.governance.cloud.ports import Cloud, CloudFailure
from quarterdeck.governance.connections.model import Connection
from quarterdeck.kernel.jobs.run import Run


class Reading(Protocol):
    """What a run reads of one domain.

    Attributes:
        seen: items read so far.
        failures: what went wrong, in order; what could be read has landed nevertheless.
        since: where changes alone were read of a part: since when; None: all was read.
        drift: items that a whole reading found otherwise than the changes had told.
    """

    seen: int
    failures: list[CloudFailure]
    since: datetime | None
    drift: int

    @property
    def landed(self) -> bool:
        """Whether anything was read."""
        ...

    def go(self, cloud: Cloud) -> None:
        """Read all of it, page by page, each page landed in its own short transaction.

        A part that was read to its end is a keyed step of the run, so a take-over goes on
        behind it. A failure of one part (a subscription, a listing) is noted in
        ``failures`` and the next part is read; only Cancelled and the like are raised.
        """
        ...


Begin = Callable[[Run, Connection], Reading]
"""Begins a reading of one domain."""
