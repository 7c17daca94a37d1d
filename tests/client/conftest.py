"""A trail that listens, and clients that are closed at the end."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from client.trail import Trail, listening
from quarterdeck.client import Client, Event, Party

ADA, ORDER = Party("user", "u-1"), Party("order", "o-1")


@pytest.fixture
def trail() -> Iterator[Trail]:
    with listening(Trail()) as answering:
        yield answering


@pytest.fixture
def open_client(tmp_path: Path) -> Iterator[Callable[..., Client]]:
    """Opens clients on one spool."""
    opened: list[Client] = []

    def open_one(url: str, **options: object) -> Client:
        client = Client(url, "token", spool=tmp_path / "spool", **options)  # type: ignore[arg-type]  # the test's
        opened.append(client)
        return client

    yield open_one
    for client in opened:
        client.close(0)


def ordered(number: int = 1) -> Event:
    return Event(action="orders:create", actor=ADA, resource=ORDER, payload={"number": number})
