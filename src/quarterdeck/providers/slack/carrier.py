"""Carries parcels to Slack.

By an incoming webhook: a status says what came of it. By a bot's token: ``chat.postMessage``
answers 200 whatever happens, and says in its body; https://docs.slack.dev/reference/methods.
"""

import json
from typing import Any

from quarterdeck.operations.messages.bundling import as_one
from quarterdeck.operations.messages.ports import Parcel
from quarterdeck.operations.sending.model import Reply
from quarterdeck.providers.slack import rendering
from quarterdeck.providers.webhook.judging import asked_wait, judged
from quarterdeck.providers.webhook.sender import Exchange, HttpSender

JSON = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "Quarterdeck"}
PASSING = frozenset(
    {
        *("ratelimited", "rate_limited", "internal_error", "fatal_error", "request_timeout"),
        *("service_unavailable", "team_added_to_org", "accesslimited"),
    }
)
"""Errors that pass by themselves; any other stays until a person does something."""


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
        headers = {**JSON, "Authorization": f"Bearer {parcel.secret}"}
        said = _json({"channel": parcel.channel.place, **body})
        return _answered(self._sender.exchange(f"{self._url}/chat.postMessage", headers, said))


def _answered(got: Exchange) -> Reply:
    if not got.taken:
        return judged(got)
    try:
        answer = json.loads(got.text)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        return Reply(status=got.status, error="Slack answered with something else", again=True)
    if answer.get("ok") is True:
        return Reply(status=got.status, receipt=f"{answer.get('channel')} {answer.get('ts')}")
    error = str(answer.get("error"))[:100]
    return Reply(
        status=got.status, error=f"Slack: {error}", again=error in PASSING, after=asked_wait(got)
    )


def _json(body: dict[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode()
