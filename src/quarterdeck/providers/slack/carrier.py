"""Carries parcels to Slack: by an incoming webhook, whose status says what came of it, or by a
bot's token.
"""

import json
from typing import Any

from quarterdeck.operations.messages.bundling import as_one
from quarterdeck.operations.messages.ports import Parcel
from quarterdeck.operations.sending.model import Reply
from quarterdeck.providers.slack import rendering
from quarterdeck.providers.slack.webapi import JSON, SlackRefused, WebApi
from quarterdeck.providers.webhook.judging import judged
from quarterdeck.providers.webhook.sender import HttpSender


class SlackCarrier:
    """The port ``Carrier``, for Slack. ``url``: of its Web API."""

    def __init__(self, sender: HttpSender, url: str) -> None:
        self._sender, self._url = sender, url.rstrip("/")

    def carry(self, parcel: Parcel) -> Reply:
        """As the port says."""
        assert parcel.channel is not None  # noqa: S101  only mail goes by none
        body = rendering.body(
            as_one(parcel.contents), mention=parcel.channel.mention, repeat=parcel.attempt > 1
        )
        if "://" in parcel.secret:
            return judged(self._sender.exchange(parcel.secret, JSON, _json(body)))
        api = WebApi(sender=self._sender, url=self._url, token=parcel.secret)
        try:
            answer = api.ask("chat.postMessage", channel=parcel.channel.place, **body)
        except SlackRefused as refused:
            return refused.reply
        return Reply(status=200, receipt=f"{answer.get('channel')} {answer.get('ts')}")


def _json(body: dict[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode()
