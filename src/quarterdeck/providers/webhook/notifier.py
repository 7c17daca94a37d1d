"""Posts notifications of alerts over HTTP, where webhooks may go at all."""

from base64 import b64encode
from collections.abc import Mapping

import httpx2

from quarterdeck.operations.routing.model import Webhook
from quarterdeck.operations.sending.model import Reply
from quarterdeck.providers.webhook.sender import HttpSender

MOST_ERROR = 300
TOO_MANY, TOO_SLOW, SERVERS = 429, 408, 500
HEADERS = {"Content-Type": "application/json", "User-Agent": "Quarterdeck"}


class HttpNotifier:
    """The port ``Notifier``. ``networks``: as of ``HttpSender``."""

    def __init__(self, networks: str = "") -> None:
        self._sender = HttpSender(networks)

    def notify(self, to: Webhook, key: str, attempt: int, body: bytes) -> Reply:
        """As the port says. An attempt after the first says so: the receiver may have both."""
        try:
            url = httpx2.URL(to.url)
        except httpx2.InvalidURL as error:
            return Reply(status=None, error=f"InvalidURL: {error}"[:MOST_ERROR], again=False)
        headers = {**HEADERS, **_said_in(url), **to.headers, "Idempotency-Key": key}
        if attempt > 1:
            headers["X-Quarterdeck-Repeat"] = str(attempt - 1)
        answer = self._sender.send(str(url), headers, body, to.timeout_s)
        status = answer.status
        if status is None:
            return Reply(status=None, error=answer.error, again=True)
        if answer.taken:
            return Reply(status=status)
        again = status >= SERVERS or status in (TOO_MANY, TOO_SLOW)
        return Reply(status=status, error=f"{status}: {answer.error}", again=again)

    def close(self) -> None:
        """Let go of the connections."""
        self._sender.close()


def _said_in(url: httpx2.URL) -> Mapping[str, str]:
    """The credential that an address bears itself: ``https://NAME:PASSWORD@HOST/``."""
    if not url.userinfo:
        return {}
    pair = f"{url.username}:{url.password}"
    return {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}
