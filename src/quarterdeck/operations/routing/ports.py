"""What routing needs from the network."""

from typing import Protocol

from quarterdeck.operations.routing.model import Webhook
from quarterdeck.operations.sending.model import Reply


class Notifier(Protocol):
    """Posts to one webhook. Any thread."""

    def notify(self, to: Webhook, key: str, attempt: int, body: bytes) -> Reply:
        """POST ``body``; follows no redirect, and waits as long as ``to`` says at most.

        ``key`` is the same for each attempt of one notification, so that a receiver may know
        the second. Whatever happens is a Reply: a receiver that ends amid its answer has not
        taken it.
        """
        ...
