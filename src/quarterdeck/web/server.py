"""Runs an application on a socket until told to stop."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from socket import socket
from threading import Event
from types import FrameType
from typing import Any

import uvicorn
from typing_extensions import override

from quarterdeck.kernel.garbage import keep_what_stands
from quarterdeck.kernel.settings import Settings, UnusableSetting
from quarterdeck.kernel.turns import take_short_turns
from quarterdeck.web.protocol import BoundedProtocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """What a server is told.

    Attributes:
        stopping: set as soon as a stop is asked for, so that streams end by themselves.
        ready: called once requests are answered.
    """

    settings: Settings
    listening: socket
    stopping: Event
    ready: Callable[[], None]


class Server(uvicorn.Server):
    """uvicorn's server, that says when it is ready and when it begins to stop."""

    def __init__(self, config: uvicorn.Config, serving: Serving) -> None:
        super().__init__(config)
        self._serving = serving

    @override
    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        self._serving.ready()

    @override
    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._serving.stopping.set()
        super().handle_exit(sig, frame)


def run(app: Any, serving: Serving) -> None:  # noqa: ANN401  an ASGI application
    """Answer until SIGTERM or SIGINT; then finish what is under way, within the grace."""
    keep_what_stands()
    take_short_turns()
    Server(config_of(app, serving.settings), serving).run(sockets=[serving.listening])


def config_of(app: Any, settings: Settings) -> uvicorn.Config:  # noqa: ANN401  an ASGI application
    """How uvicorn serves ``app``; raise UnusableSetting if it cannot read certificate or key."""
    _check_certificate(settings)
    return uvicorn.Config(
        app,
        loop="auto",
        http=BoundedProtocol,
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=int(settings.stop_grace_s),
        ssl_certfile=settings.tls_cert or None,
        ssl_keyfile=settings.tls_key or None,
        backlog=2048,
    )


def _check_certificate(settings: Settings) -> None:
    """Uvicorn tries only when it begins to serve, and ends with a trace."""
    try:
        if settings.tls_cert:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            # An encrypted key would have this process wait for somebody to type.
            tls.load_cert_chain(settings.tls_cert, settings.tls_key, password="")
    except OSError as error:
        raise UnusableSetting(
            f"tls_cert {settings.tls_cert} and tls_key {settings.tls_key} cannot be used "
            f"({error.strerror or error}): they must be PEM files, the key without a passphrase"
        ) from error
