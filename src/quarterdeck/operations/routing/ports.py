"""What routing needs from the network."""

from dataclasses import dataclass
from typing import Protocol

from quarterdeck.operations.routing.model import Webhook


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What became of one request.

    Attributes:
        status: None where no whole answer came.
        error: in words; empty where it was taken.
        again: whether it may help to try again.
    """

    status: int | None
    error: str = ""
    again: bool = False

    @property
    def taken(self) -> bool:
        """Whether the receiver has it."""
        return not self.error


class Notifier(Protocol):
    """Posts to one webhook. Any thread."""

    def notify(self, to: Webhook, key: str, attempt: int, body: bytes) -> Reply:
        """POST ``body``; follows no redirect, and waits as long as ``to`` says at most.

        ``key`` is the same for each attempt of one notification, so that a receiver may know
        the second. Whatever happens is a Reply: a receiver that ends amid its answer has not
        taken it.
        """
        ...
