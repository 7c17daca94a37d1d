"""What sending needs from what is to be sent."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Generic, Protocol, TypeVar

from sqlalchemy import Connection

from quarterdeck.kernel.work import Work
from quarterdeck.operations.sending.model import Reply

Item = TypeVar("Item")
Call = Callable[[], Reply]
"""One request; whatever happens is a Reply, or a bug."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed(Generic[Item]):
    """What was taken.

    Attributes:
        lines: what is sent now: each line in a thread of its own, one after the other.
        dropped: what nobody is to hear any more.
    """

    lines: Sequence[Sequence[tuple[Item, Call]]] = ()
    dropped: Sequence[Item] = ()


class Desk(Protocol[Item]):
    """Where what is to be sent lies. Several processes may take from it."""

    def any_due(self, db: Connection) -> bool:
        """Whether ``claim`` might find something. Writes nothing."""
        ...

    def claim(
        self, work: Work, free: int, under_way: Sequence[Sequence[Item]], lease: timedelta
    ) -> Claimed[Item]:
        """Take what is due, and what another process began and did not end: ``free`` lines.

        ``under_way`` is what this process sends already, by lines. Who takes something holds it
        for as long as ``lease``, by the database's clock.
        """
        ...

    def renew(self, db: Connection, held: Sequence[Item], lease: timedelta) -> None:
        """Prolong the leases of what is being sent."""
        ...

    def settle(self, work: Work, ended: Sequence[tuple[Item, Reply | None]]) -> None:
        """Write down how sending ended; None: it was dropped.

        What another process holds by now is left as it is.
        """
        ...
