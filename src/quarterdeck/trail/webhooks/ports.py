"""What webhooks need from the network."""

from typing import Protocol

from quarterdeck.trail.webhooks.model import Answer, Headers


class Sender(Protocol):
    """Sends one request to one receiver. Any thread."""

    def send(self, url: str, headers: Headers, body: bytes) -> Answer:
        """POST ``body``; follows no redirect, and waits for ten seconds at most.

        Whatever happens is an Answer: a receiver that ends amid its answer has not taken it.
        """
        ...
