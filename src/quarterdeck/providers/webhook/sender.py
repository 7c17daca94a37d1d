"""Sends webhooks over HTTP, to addresses that were checked, within a time for the whole."""

from ssl import SSLContext

import httpcore2
import httpx2

from quarterdeck.providers.webhook.guarded import Guarded
from quarterdeck.providers.webhook.reach import networks_of
from quarterdeck.providers.webhook.whole import FAILURES, WholeTime
from quarterdeck.trail.webhooks.model import Answer, Headers

TIMEOUT_S = 10.0
MOST_ERROR = 300
CONNECTIONS = 64


class HttpSender:
    """The port ``Sender``. Follows no redirect and asks no proxy: what was checked is what is
    asked.

    Args:
        networks: that may be reached though they are not public; see ``reach``.
        timeout_s: for one request as a whole, however slowly its answer drips.
    """

    def __init__(
        self, networks: str = "", timeout_s: float = TIMEOUT_S, trust: SSLContext | None = None
    ) -> None:
        self._timeout_s = timeout_s
        self._time = WholeTime()
        self._pool = httpcore2.ConnectionPool(
            ssl_context=trust or httpx2.create_ssl_context(),
            max_connections=CONNECTIONS,
            max_keepalive_connections=CONNECTIONS,
            keepalive_expiry=30.0,
            network_backend=Guarded(networks_of(networks), self._time.left),
        )

    def send(
        self, url: str, headers: Headers, body: bytes, timeout_s: float | None = None
    ) -> Answer:
        """As the port says; ``timeout_s``: in the place of the usual one."""
        if not url.isascii():
            return Answer(status=None, error="the address has letters beyond ASCII")
        whole_s = self._timeout_s if timeout_s is None else timeout_s
        try:
            with self._pool.stream(
                "POST",
                url,
                headers=list(headers.items()),
                content=body,
                extensions=self._time.begin(whole_s),
            ) as answer:
                text = b""
                for chunk in answer.iter_stream():
                    text = (text + chunk)[:MOST_ERROR]
        except FAILURES as error:
            return Answer(status=None, error=f"{type(error).__name__}: {error}"[:MOST_ERROR])
        taken = Answer(status=answer.status).taken
        return Answer(status=answer.status, error="" if taken else text.decode(errors="replace"))

    def close(self) -> None:
        """Let go of the connections."""
        self._pool.close()
