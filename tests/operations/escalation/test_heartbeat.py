"""The heartbeat outside: heard while pages flow, held back when they do not."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from typing_extensions import override

from operations.escalation.stage import Desk
from quarterdeck.operations.escalation.service.heartbeat import Heartbeat
from quarterdeck.providers.heartbeat.bell import HttpBell


@dataclass
class Counting:
    """A bell that counts, and fails when it is told to."""

    rung: int = 0
    why: str = ""

    def ring(self) -> str:
        self.rung += 1
        return self.why


@dataclass
class Outside:
    """Who rings when it is not asked any more."""

    status: int = 200
    asked: list[str] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def outside() -> Iterator[Outside]:
    found = Outside()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.asked.append(self.path)
            self.send_response(found.status)
            self.end_headers()

        @override
        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        found.url = f"http://127.0.0.1:{server.server_port}/ping"
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield found
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_it_is_held_back_while_a_page_waits(desk: Desk) -> None:
    bell = Counting(why="nobody there")
    heart = Heartbeat(engine=desk.engine, clock=desk.stage.clock, bell=bell)
    heart.beat()
    desk.page()
    desk.stage.pass_time(seconds=59)
    heart.beat()
    assert bell.rung == 2
    desk.stage.pass_time(seconds=1)  # its first step is due for a minute, and no worker works
    heart.beat()
    assert bell.rung == 2
    desk.taken = False
    desk.tick()
    heart.beat()
    assert bell.rung == 3
    desk.tick(minutes=1)  # told, and yet nothing was sent for a minute
    heart.beat()
    assert bell.rung == 3
    desk.taken = True
    desk.tick()
    heart.beat()
    assert bell.rung == 4
    replace(heart, stalls=lambda _db, _before: True).beat()
    assert bell.rung == 4


def test_an_address_outside_is_asked_and_its_refusal_is_said(outside: Outside) -> None:
    bell = HttpBell(outside.url)
    assert (bell.ring(), outside.asked) == ("", ["/ping"])
    outside.status = 503
    assert bell.ring() == "it answers 503"
    bell.close()
    gone = HttpBell("http://127.0.0.1:9/ping")
    assert "Error" in gone.ring()
    gone.close()
