"""Connections to addresses that were checked, within a time for the whole request."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from ssl import SSLContext
from typing import Any

import httpcore2
from typing_extensions import override

from quarterdeck.providers.webhook.reach import Network, resolved

Left = Callable[[], float]
"""Seconds that the request under way may still take; raises where it may not."""


class Guarded(httpcore2.NetworkBackend):
    """Connects to the addresses that were checked; ``setting`` is the one that allows more."""

    def __init__(
        self, allowed: Iterable[Network], left: Left, setting: str = "webhook_networks"
    ) -> None:
        self._allowed, self._left, self._setting = tuple(allowed), left, setting
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
        for address in resolved(host, port, self._allowed, self._setting):
            with suppress(httpcore2.NetworkError):
                return _Timed(
                    self._plain.connect_tcp(address, port, timeout=self._left()), self._left
                )
        raise httpcore2.ConnectError(f"nobody listens at {host}:{port}")


class _Timed(httpcore2.NetworkStream):
    """A stream each of whose steps ends with the time of the whole."""

    def __init__(self, inner: httpcore2.NetworkStream, left: Left) -> None:
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
