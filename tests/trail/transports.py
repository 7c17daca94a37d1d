"""What carries appended records to their consumers, each for real."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import nats
import pytest
from nats.js import JetStreamContext
from nats.js.errors import NotFoundError

from quarterdeck.providers.nats.link import STREAM
from quarterdeck.providers.nats.topic import NatsTopic
from quarterdeck.trail.deliveries.local import LocalTopic
from quarterdeck.trail.deliveries.ports import Topic
from quarterdeck.trail.log.ports import Reader

TRANSPORTS = ("in process", "nats")


def opened(request: pytest.FixtureRequest, reader: Reader) -> Topic:
    """The topic of the kind that the fixture which ``request`` is about is to be of."""
    if request.param == "in process":
        return LocalTopic(reader)
    return NatsTopic(request.getfixturevalue("nats_url"), reader)


def asked(url: str, question: Callable[[JetStreamContext], Coroutine[Any, Any, Any]]) -> Any:  # noqa: ANN401  whatever comes of it
    """What comes of ``question`` to the server at ``url``."""

    async def ask() -> Any:  # noqa: ANN401  whatever comes of it
        client = await nats.connect(url)
        try:
            return await question(client.jetstream())
        finally:
            await client.close()

    return asyncio.run(ask())


async def forget(stream: JetStreamContext) -> None:
    """Delete the stream, and with it every consumer, as a careless operator does."""
    try:
        await stream.delete_stream(STREAM)
    except NotFoundError:
        return
