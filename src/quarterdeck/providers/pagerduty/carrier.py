"""Carries parcels to PagerDuty, each as an event of its own: it puts together what is one.

Where the channel has a token of the REST API, an incident is acknowledged by that, in a name.
"""

from quarterdeck.operations.messages.bundling import as_one
from quarterdeck.operations.messages.ports import Parcel
from quarterdeck.operations.sending.model import Reply
from quarterdeck.providers.pagerduty import rendering
from quarterdeck.providers.pagerduty.rest import Rest
from quarterdeck.providers.webhook.judging import judged
from quarterdeck.providers.webhook.sender import HttpSender

HEADERS = {"Content-Type": "application/json", "User-Agent": "Quarterdeck"}


class PagerDutyCarrier:
    """The port ``Carrier``, for PagerDuty. ``url``: of its Events API; ``rest``: of the other."""

    def __init__(self, sender: HttpSender, url: str, rest: str) -> None:
        self._sender, self._url, self._rest = sender, url.rstrip("/"), rest.rstrip("/")

    def carry(self, parcel: Parcel) -> Reply:
        """As the port says. What is about one thing is one incident there, whoever sends it."""
        content, (key, _, named) = as_one(parcel.contents), parcel.secret.partition(":")
        body = rendering.body(content, key, f"{parcel.tenant}/{parcel.about}")
        dedup = body["dedup_key"]
        if named and body["event_action"] == "acknowledge":
            token, _, user = named.partition(":")
            api = Rest(sender=self._sender, url=self._rest, token=token, user=user)
            done = api.acknowledge(dedup)
            if done is not None and done.taken:
                return Reply(status=done.status, receipt=dedup)
            if done is not None and done.again:
                return done
            # In no name, then: better than that it rings on.
        got = self._sender.exchange(f"{self._url}/v2/enqueue", HEADERS, rendering.encoded(body))
        reply = judged(got)
        return Reply(status=got.status, receipt=dedup) if reply.taken else reply
