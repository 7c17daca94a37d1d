"""A real server in a thread: for what depends on sockets, peers and open connections."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from socket import create_server
from threading import Event, Thread

from fastapi import FastAPI

from quarterdeck.runtime import Runtime
from quarterdeck.web.server import Server, Serving, config_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """An application on a free port of this machine."""

    url: str
    port: int
    server: Server
    thread: Thread

    def stop(self) -> None:
        """Tell the server to stop, as SIGTERM does."""
        self.server.handle_exit(signal.SIGTERM, None)


@contextmanager
def served(app: FastAPI, runtime: Runtime) -> Iterator[Served]:
    """Serve ``app`` until the block ends."""
    ready, listening = Event(), create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    serving = Serving(
        settings=runtime.settings,
        listening=listening,
        stopping=app.state.stopping,
        ready=ready.set,
    )
    server = Server(config_of(app, runtime.settings), serving)
    thread = Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    assert ready.wait(10), "the server did not begin"
    found = Served(url=f"http://127.0.0.1:{port}", port=port, server=server, thread=thread)
    try:
        yield found
    finally:
        found.stop()
        thread.join(10)
        listening.close()
        assert not thread.is_alive(), "the server did not stop"
