"""Carries parcels to a channel's webhook: signed as webhooks of the trail are."""

from quarterdeck.operations.messages.ports import Parcel
from quarterdeck.operations.sending.model import Reply
from quarterdeck.providers.webhook import rendering
from quarterdeck.providers.webhook.judging import judged
from quarterdeck.providers.webhook.sender import HttpSender
from quarterdeck.trail.webhooks.model import SIGNATURE, signature

HEADERS = {"Content-Type": "application/json", "User-Agent": "Quarterdeck"}


class WebhookCarrier:
    """The port ``Carrier``, for channels of kind webhook."""

    def __init__(self, sender: HttpSender) -> None:
        self._sender = sender

    def carry(self, parcel: Parcel) -> Reply:
        """As the port says."""
        assert parcel.channel is not None  # noqa: S101  only mail goes by none
        body = rendering.body(parcel)
        headers = {**HEADERS, "Idempotency-Key": parcel.id}
        if parcel.secret:
            at_s = int(parcel.at.timestamp())
            headers[SIGNATURE] = signature([parcel.secret.encode()], at_s, body)
        if parcel.attempt > 1:
            headers["X-Quarterdeck-Repeat"] = str(parcel.attempt - 1)
        return judged(self._sender.exchange(parcel.channel.url, headers, body))
