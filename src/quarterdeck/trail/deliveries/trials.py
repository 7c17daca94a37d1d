"""A delivery that is undone: would the consumer receive this message now?"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from quarterdeck.trail.deliveries.model import Batch, Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What came of it.

    Attributes:
        applied: the consumer would receive it; None: not tried, ``error`` says why.
        reason: why it would be a dead letter again.
    """

    applied: bool | None
    reason: Reason | None = None
    error: str = ""


class Environment(Protocol):
    """Where a message can be tried: here, or in a sandbox installation."""

    def trial(self, consumer: str, batch: Batch) -> Trial:
        """Have the consumer apply it, and undo that.

        Raises:
            Unavailable: the environment does not answer.
        """
        ...


Environments = Mapping[str, Environment]
"""Sandboxes by their names, as settings have them."""
