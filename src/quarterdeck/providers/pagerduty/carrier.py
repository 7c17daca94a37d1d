"""Carries parcels to PagerDuty, each as an event of its own: it puts together what is one."""

import json

from quarterdeck.operations.messages.bundling import as_one
from quarterdeck.operations.messages.ports import Parcel
from quarterdeck.operations.sending.model import Reply
from quarterdeck.providers.pagerduty import rendering
from quarterdeck.providers.webhook.judging import judged
from quarterdeck.providers.webhook.sender import HttpSender

HEADERS = {"Content-Type": "application/json", "User-Agent": "Quarterdeck"}


class PagerDutyCarrier:
    """The port ``Carrier``, for PagerDuty. ``url``: of its Events API."""

    def __init__(self, sender: HttpSender, url: str) -> None:
        self._sender, self._url = sender, url.rstrip("/")

    def carry(self, parcel: Parcel) -> Reply:
        """As the port says. What is about one thing is one incident there, whoever sends it."""
        dedup = f"{parcel.tenant}/{parcel.about}"
        body = rendering.body(as_one(parcel.contents), parcel.secret, dedup)
        got = self._sender.exchange(f"{self._url}/v2/enqueue", HEADERS, json.dumps(body).encode())
        reply = judged(got)
        if not reply.taken:
            return reply
        return Reply(status=got.status, receipt=body["dedup_key"])
