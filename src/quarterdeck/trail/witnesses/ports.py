"""What asking a witness needs."""

from typing import Protocol

from quarterdeck.kernel.errors import Unavailable


class WitnessAway(Unavailable):
    """The witness did not answer as one does."""


class Witness(Protocol):
    """One that speaks c2sp.org/tlog-witness."""

    @property
    def vkey(self) -> str:
        """``name+hash+key``, as it was configured."""
        ...

    @property
    def elsewhere(self) -> bool:
        """Whether it runs on another machine: one on this counts for nothing."""
        ...

    def add(self, body: bytes) -> str | int:
        """Its signature lines, or the size that it saw last.

        Raises:
            WitnessAway: it refused, or did not answer.
        """
        ...
