"""Sends webhooks over HTTP, to addresses that were checked, within a time for the whole."""

from collections.abc import Iterable
from contextlib import suppress
from ssl import SSLContext
from threading import local
from time import monotonic
from typing import Any

import httpcore2
import httpx2
from typing_extensions import override

from quarterdeck.providers.webhook.reach import Network, Unreachable, networks_of, resolved
from quarterdeck.trail.webhooks.model import Answer, Headers

TIMEOUT_S = 10.0
MOST_ERROR = 300
CONNECTIONS = 64
FAILURES = (
    httpcore2.NetworkError,
    httpcore2.TimeoutException,
    httpcore2.ProtocolError,
    httpcore2.UnsupportedProtocol,
    Unreachable,
    OSError,
)


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
        self._until = local()
        self._pool = httpcore2.ConnectionPool(
            ssl_context=trust or httpx2.create_ssl_context(),
            max_connections=CONNECTIONS,
            max_keepalive_connections=CONNECTIONS,
            keepalive_expiry=30.0,
            network_backend=_Guarded(networks_of(networks), self._left),
        )

    def send(
        self, url: str, headers: Headers, body: bytes, timeout_s: float | None = None
    ) -> Answer:
        """As the port says; ``timeout_s``: in the place of the usual one."""
        if not url.isascii():
            return Answer(status=None, error="the address has letters beyond ASCII")
        whole_s = self._timeout_s if timeout_s is None else timeout_s
        self._until.whole_s, self._until.at = whole_s, monotonic() + whole_s
        limits = dict.fromkeys(("connect", "read", "write", "pool"), whole_s)
        try:
            with self._pool.stream(
                "POST",
                url,
                headers=list(headers.items()),
                content=body,
                extensions={"timeout": limits},
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

    def _left(self) -> float:
        """Seconds that the request of this thread may still take."""
        left: float = self._until.at - monotonic()
        if left <= 0:
            raise httpcore2.ReadTimeout(f"no whole answer within {self._until.whole_s:g} s")
        return left


class _Guarded(httpcore2.NetworkBackend):
    """Connects to the addresses that were checked."""

    def __init__(self, allowed: Iterable[Network], left: Any) -> None:  # noqa: ANN401  a function
        self._allowed, self._left = tuple(allowed), left
        self._plain = httpcore2.SyncBackend()

    @override
    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Any = None,
    ) -> httpcore2.NetworkStream:
        for address in resolved(host, port, self._allowed):
            with suppress(httpcore2.NetworkError):
                return _Timed(
                    self._plain.connect_tcp(address, port, timeout=self._left()), self._left
                )
        raise httpcore2.ConnectError(f"nobody listens at {host}:{port}")


class _Timed(httpcore2.NetworkStream):
    """A stream each of whose steps ends with the time of the whole."""

    def __init__(self, inner: httpcore2.NetworkStream, left: Any) -> None:  # noqa: ANN401  a function
        self._inner, self._left = inner, left

    @override
    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._left())

    @override
    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._left())

    @override
    def close(self) -> None:
        self._inner.close()

    @override
    def start_tls(
        self,
        ssl_context: SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        return _Timed(self._inner.start_tls(ssl_context, server_hostname, self._left()), self._left)

    @override
    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)
