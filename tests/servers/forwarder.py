"""A TCP forwarder before a server that many tests share: one test can take the server away, or
part the network between."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Event, Thread

CHUNK = 65536


@dataclass
class Forwarder:
    """Forwards each connection to ``host:port`` until it is cut.

    ``host`` may be the folder of a PostgreSQL server's Unix socket.
    """

    host: str
    port: int
    _open: list[socket.socket] = field(default_factory=list)
    _flows: Event = field(default_factory=Event)
    _refuses: bool = False

    def __post_init__(self) -> None:
        self._flows.set()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listening.getsockname()[1]}"
        Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Refuse from now on, and end what is open: the server is gone."""
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._end()
        self._flows.set()

    def sever(self) -> None:
        """End what is open, and whatever is opened, until healed."""
        self._refuses = True
        self._end()

    def silence(self) -> None:
        """Forward nothing until healed, and say so to nobody: neither side sees an end."""
        self._flows.clear()

    def heal(self) -> None:
        """Forward again."""
        self._refuses = False
        self._flows.set()

    def _end(self) -> None:
        for one in self._open:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self._open.clear()

    def _accept(self) -> None:
        while True:
            try:
                mine, _ = self._listening.accept()
                if self._refuses:
                    mine.close()
                    continue
                theirs = self._connected()
            except OSError:
                return
            self._open += [mine, theirs]
            for one, other in ((mine, theirs), (theirs, mine)):
                Thread(target=_pour, args=[one, other, self._flows], daemon=True).start()

    def _connected(self) -> socket.socket:
        if not self.host.startswith("/"):
            return socket.create_connection((self.host, self.port))
        made = socket.socket(socket.AF_UNIX)
        made.connect(f"{self.host}/.s.PGSQL.{self.port}")
        return made


@contextmanager
def before(address: str) -> Iterator[Forwarder]:
    """A forwarder to ``host:port``, for as long as the block lasts."""
    host, _, port = address.rpartition(":")
    made = Forwarder(host, int(port))
    try:
        yield made
    finally:
        made.cut()


def _pour(source: socket.socket, target: socket.socket, flows: Event) -> None:
    with suppress(OSError):
        while chunk := source.recv(CHUNK):
            flows.wait()
            target.sendall(chunk)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
