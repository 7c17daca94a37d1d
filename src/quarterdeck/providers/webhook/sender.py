"""Sends webhooks over HTTP, to addresses that were checked, within a time for the whole."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ssl import SSLContext

import httpcore2
import httpx2

from quarterdeck.providers.webhook.guarded import Guarded
from quarterdeck.providers.webhook.reach import networks_of
from quarterdeck.providers.webhook.whole import FAILURES, WholeTime
from quarterdeck.trail.webhooks.model import Answer, Headers

TIMEOUT_S = 10.0
MOST_ERROR = 300
MOST_TEXT = 65_536
CONNECTIONS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What a receiver answered, in full.

    Attributes:
        status: None where no whole answer came; ``error`` says why.
        headers: by their names in lower case.
        text: the beginning of it.
    """

    status: int | None
    headers: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    error: str = ""

    @property
    def taken(self) -> bool:
        """Whether the receiver says that it has it."""
        return self.status is not None and 200 <= self.status < 300  # noqa: PLR2004  HTTP


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
        got = self.exchange(url, headers, body, timeout_s, MOST_ERROR)
        if got.status is None:
            return Answer(status=None, error=got.error)
        return Answer(status=got.status, error="" if got.taken else got.text)

    def exchange(
        self,
        url: str,
        headers: Headers,
        body: bytes,
        timeout_s: float | None = None,
        most: int = MOST_TEXT,
        *,
        method: str = "POST",
    ) -> Exchange:
        """Send ``body``, and hear the answer: ``most`` bytes of its text."""
        if not url.isascii():
            return Exchange(status=None, error="the address has letters beyond ASCII")
        whole_s = self._timeout_s if timeout_s is None else timeout_s
        try:
            with self._pool.stream(
                method,
                url,
                headers=list(headers.items()),
                content=body,
                extensions=self._time.begin(whole_s),
            ) as answer:
                text = b""
                for chunk in answer.iter_stream():
                    text = (text + chunk)[:most]
        except FAILURES as error:
            return Exchange(status=None, error=f"{type(error).__name__}: {error}"[:MOST_ERROR])
        return Exchange(
            status=answer.status,
            headers={k.decode("latin-1").lower(): v.decode("latin-1") for k, v in answer.headers},
            text=text.decode(errors="replace"),
        )

    def close(self) -> None:
        """Let go of the connections."""
        self._pool.close()
