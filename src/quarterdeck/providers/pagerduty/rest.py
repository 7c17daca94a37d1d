"""PagerDuty's REST API, version 2: an incident is acknowledged in somebody's name.

Runbook 004, topic 5 (L182): ``PUT /incidents/{id}`` with a token and a ``From`` header. Its id is
found by the key under which it was triggered;
https://developer.pagerduty.com/api-reference.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from quarterdeck.operations.sending.model import Reply
from quarterdeck.providers.webhook.judging import judged
from quarterdeck.providers.webhook.sender import Exchange, HttpSender

UNDONE = ("triggered", "acknowledged")
ACKNOWLEDGED = {"incident": {"type": "incident_reference", "status": "acknowledged"}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """The API, as one user's token shows it.

    Attributes:
        user: the mail address of whoever has the token; who acts, to PagerDuty.
    """

    sender: HttpSender
    url: str
    token: str
    user: str

    def acknowledge(self, key: str) -> Reply | None:
        """Acknowledge what was triggered under ``key``; None: there is no such incident."""
        asked = [("incident_key", key), *(("statuses[]", one) for one in UNDONE)]
        got = self._ask("GET", f"incidents?{urlencode(asked)}")
        if not got.taken:
            return judged(got)
        found = _first(got)
        if not found:
            return None
        return judged(self._ask("PUT", f"incidents/{quote(found, safe='')}", ACKNOWLEDGED))

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Exchange:
        headers = {
            "Accept": "application/vnd.pagerduty+json;version=2",
            "Authorization": f"Token token={self.token}",
            "Content-Type": "application/json",
            "From": self.user,
            "User-Agent": "Quarterdeck",
        }
        said = b"" if body is None else json.dumps(body).encode()
        return self.sender.exchange(f"{self.url}/{path}", headers, said, method=method)


def _first(got: Exchange) -> str:
    try:
        found = json.loads(got.text)["incidents"]
        return str(found[0]["id"]) if found else ""
    except (ValueError, KeyError, TypeError, IndexError):
        return ""
