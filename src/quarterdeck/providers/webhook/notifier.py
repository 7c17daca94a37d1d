"""Posts notifications of alerts over HTTP."""

import httpx2

from quarterdeck.operations.routing.model import Webhook
from quarterdeck.operations.routing.ports import Reply

MOST_ERROR = 300
TOO_MANY, TOO_SLOW, SERVERS = 429, 408, 500
HEADERS = {"Content-Type": "application/json", "User-Agent": "Quarterdeck"}


class HttpNotifier:
    """The port ``Notifier``."""

    def __init__(self) -> None:
        limits = httpx2.Limits(max_connections=64, max_keepalive_connections=32)
        self._http = httpx2.Client(follow_redirects=False, limits=limits)

    def notify(self, to: Webhook, key: str, attempt: int, body: bytes) -> Reply:
        """As the port says. An attempt after the first says so: the receiver may have both."""
        headers = {**HEADERS, **to.headers, "Idempotency-Key": key}
        if attempt > 1:
            headers["X-Quarterdeck-Repeat"] = str(attempt - 1)
        try:
            reply = self._http.post(to.url, headers=headers, content=body, timeout=to.timeout_s)
        except (httpx2.RequestError, httpx2.InvalidURL, UnicodeError) as error:
            words = f"{type(error).__name__}: {error}"[:MOST_ERROR]
            return Reply(status=None, error=words, again=True)
        status = reply.status_code
        if reply.is_success:
            return Reply(status=status)
        again = status >= SERVERS or status in (TOO_MANY, TOO_SLOW)
        return Reply(status=status, error=f"{status}: {reply.text[:MOST_ERROR]}", again=again)

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()
