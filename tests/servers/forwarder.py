"""A TCP forwarder before a server that many tests share: one test can take the server away."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Thread

CHUNK = 65536


@dataclass
class Forwarder:
    """Forwards each connection to ``host:port`` until it is cut."""

    host: str
    port: int
    _open: list[socket.socket] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listening.getsockname()[1]}"
        Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Refuse from now on, and end what is open: the server is gone."""
        for one in (self._listening, *self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self._open.clear()

    def _accept(self) -> None:
        while True:
            try:
                mine, _ = self._listening.accept()
                theirs = socket.create_connection((self.host, self.port))
            except OSError:
                return
            self._open += [mine, theirs]
            for one, other in ((mine, theirs), (theirs, mine)):
                Thread(target=_pour, args=[one, other], daemon=True).start()


@contextmanager
def before(address: str) -> Iterator[Forwarder]:
    """A forwarder to ``host:port``, for as long as the block lasts."""
    host, _, port = address.rpartition(":")
    made = Forwarder(host, int(port))
    try:
        yield made
    finally:
        made.cut()


def _pour(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while chunk := source.recv(CHUNK):
            target.sendall(chunk)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
