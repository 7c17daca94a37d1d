"""Carries parcels to Jira: one issue for each thing that is told of.

What is told first makes the issue, what is told later is a comment, and what says that it is
over closes it. Jira has no key by which it would know a request again: where no receipt says
which issue it is, one that is not done yet is looked for by its label.
"""

import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from quarterdeck.operations.messages.bundling import as_one
from quarterdeck.operations.messages.model import Content
from quarterdeck.operations.messages.ports import Parcel
from quarterdeck.operations.sending.model import Reply
from quarterdeck.providers.jira import rendering
from quarterdeck.providers.webhook.judging import judged
from quarterdeck.providers.webhook.sender import Exchange, HttpSender

HEADERS = {
    "Accept": "application/json",
    "Content-Type": "application/json",
    "User-Agent": "Quarterdeck",
}
NOT_FOUND, GONE, BAD = 404, 410, 400
OVER = "resolved"
SILENT = ("acknowledged", OVER)
"""States of which nothing need be told where there is no issue."""


class JiraCarrier:
    """The port ``Carrier``, for Jira."""

    def __init__(self, sender: HttpSender) -> None:
        self._sender = sender

    def carry(self, parcel: Parcel) -> Reply:
        """As the port says; the receipt is the issue's key."""
        channel = parcel.channel
        assert channel is not None  # noqa: S101  only mail goes by none
        site = Site(self._sender, channel.url.rstrip("/"), _headers(parcel.secret))
        content = as_one(parcel.contents)
        label = rendering.label_of(parcel.tenant, parcel.about)
        known = parcel.receipt or site.labelled(label)
        if isinstance(known, Reply):
            return known
        if known:
            say = site.closed if content.state == OVER else site.told
            return say(known, content, repeat=parcel.attempt > 1)
        if content.state in SILENT:
            return Reply()  # nothing was ever opened
        return site.made(rendering.issue(content, channel.place, label))


@dataclass(frozen=True, slots=True)
class Site:
    """A Jira."""

    sender: HttpSender
    url: str
    headers: Mapping[str, str]

    def made(self, issue: dict[str, Any]) -> Reply:
        """Make an issue; where the project knows no such priority, without."""
        got = self._ask("issue", issue)
        if got.status == BAD and "priority" in _said(got).get("errors", {}):
            del issue["fields"]["priority"]
            got = self._ask("issue", issue)
        return _receipt(got, str(_said(got).get("key", "")))

    def told(self, key: str, content: Content, *, repeat: bool) -> Reply:
        """Say something of an issue."""
        got = self._ask(
            f"issue/{quote(key, safe='')}/comment", rendering.comment(content, repeat=repeat)
        )
        return _receipt(got, key)

    def closed(self, key: str, content: Content, *, repeat: bool) -> Reply:
        """Say that it is over, and bring the issue to where it is done, if it is not there.

        No receipt: what is told after that is of another issue, unless this one is not done.
        """
        reply = self.told(key, content, repeat=repeat)
        if not reply.taken:
            return reply
        path = f"issue/{quote(key, safe='')}/transitions"
        got = self._ask(path)
        if not got.taken:
            return judged(got)
        ways = [one for one in _said(got).get("transitions", ()) if _is_done(one.get("to"))]
        if not ways:
            return Reply(status=got.status)  # it is done, or people decide that
        return judged(self._ask(path, {"transition": {"id": ways[0]["id"]}}))

    def labelled(self, label: str) -> str | Reply:
        """The key of the newest issue with a label that is not done; empty: there is none."""
        jql = f'labels = "{label}" AND statusCategory != Done ORDER BY created DESC'
        wanted = {"jql": jql, "fields": "status"}
        asked = urlencode(wanted | {"maxResults": "1"})
        got = self._ask(f"search/jql?{asked}")  # of Cloud, since 2025
        if got.status in (NOT_FOUND, GONE):
            got = self._ask(f"search?{asked}")
        if not got.taken:
            return judged(got)
        issues = _said(got).get("issues") or ()
        return str(issues[0].get("key", "")) if issues else ""

    def _ask(self, path: str, body: dict[str, Any] | None = None) -> Exchange:
        said = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
        method = "GET" if body is None else "POST"
        url = f"{self.url}/rest/api/2/{path}"
        return self.sender.exchange(url, self.headers, said, method=method)


def _is_done(status: object) -> bool:
    found = status.get("statusCategory", {}) if isinstance(status, dict) else {}
    return isinstance(found, dict) and found.get("key") == "done"


def _receipt(got: Exchange, key: str) -> Reply:
    reply = judged(got)
    if not reply.taken:
        return reply
    if not key:
        return Reply(status=got.status, error="Jira answered with something else", again=False)
    return Reply(status=got.status, receipt=key)


def _said(got: Exchange) -> dict[str, Any]:
    try:
        found = json.loads(got.text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _headers(secret: str) -> dict[str, str]:
    """Of Cloud an account and its token, of Data Center a token alone."""
    if ":" in secret:
        return {**HEADERS, "Authorization": f"Basic {b64encode(secret.encode()).decode()}"}
    return {**HEADERS, "Authorization": f"Bearer {secret}"}
