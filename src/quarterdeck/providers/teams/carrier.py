"""Carries parcels to Microsoft Teams.

Connectors of the old form answer 200 and say in the body that they could not deliver.
"""

from quarterdeck.operations.messages.bundling import as_one
from quarterdeck.operations.messages.ports import Parcel
from quarterdeck.operations.sending.model import Reply
from quarterdeck.providers.teams import rendering
from quarterdeck.providers.webhook.judging import judged
from quarterdeck.providers.webhook.sender import HttpSender

HEADERS = {"Content-Type": "application/json", "User-Agent": "Quarterdeck"}
NOT_DELIVERED = "endpoint returned HTTP error"
MOST_WORDS = 300


class TeamsCarrier:
    """The port ``Carrier``, for Teams."""

    def __init__(self, sender: HttpSender) -> None:
        self._sender = sender

    def carry(self, parcel: Parcel) -> Reply:
        """As the port says."""
        body = rendering.encoded(as_one(parcel.contents), repeat=parcel.attempt > 1)
        got = self._sender.exchange(parcel.secret, HEADERS, body)
        if got.taken and NOT_DELIVERED in got.text:
            return Reply(status=got.status, error=got.text[:MOST_WORDS], again=True)
        return judged(got)
