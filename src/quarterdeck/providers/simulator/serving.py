"""A server in a thread: HTTPS on loopback, while a block of code runs."""

import asyncio
import errno
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import uvicorn
from starlette.types import ASGIApp
from typing_extensions import override

from quarterdeck.kernel.errors import Invalid, Unavailable

HOST = "127.0.0.1"
GRACE_S = 1
QUEUE = 1024


@contextmanager
def serving(app: ASGIApp, tls: ssl.SSLContext, port: int = 0) -> Iterator[str]:
    """Serve ``app``; gives its address. Open requests get a second at the end.

    Raises Unavailable where the port is taken.
    """
    with listening(port) as listener:
        config = uvicorn.Config(
            app,
            log_config=None,
            log_level="critical",
            access_log=False,
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=GRACE_S,
            ssl_context_factory=lambda _config, _default: tls,
        )
        server = Stopping(config)
        thread = Thread(target=server.run, args=([listener],), name="serving")
        thread.start()
        try:
            yield f"https://{HOST}:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


class Stopping(uvicorn.Server):
    """A server that ends although clients keep connections open.

    TLS ends with a farewell from both sides, and an idle client never says its own.
    """

    @override
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets)
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        await asyncio.sleep(0)


def listening(port: int) -> socket.socket:
    """A socket that takes connections from now on, so that nobody has to wait for a server."""
    try:
        return socket.create_server((HOST, port), backlog=QUEUE)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise Unavailable(
            f"port {port} is in use by another program: stop that, or choose another port"
            " (0 takes a free one)"
        ) from error


def ca_file(folder: Path, ca_pem: bytes) -> Path:
    """The file ``ca.pem``, written into ``folder``, which is made if absent."""
    file = folder.absolute() / "ca.pem"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file.write_bytes(ca_pem)
    except OSError as error:
        raise Invalid(
            f"{file} cannot be written: {error.strerror}; choose another folder"
        ) from error
    return file
