"""One connection to NATS, kept by a thread of its own; the stream that carries the topic.

It is opened when something is first asked, and anew after it broke.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from datetime import timedelta
from threading import Thread
from typing import Any, TypeVar
from urllib.parse import quote

import nats
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import PubAck, StreamConfig
from nats.js.errors import NotFoundError

from quarterdeck.trail.deliveries.model import TOPIC, TopicAway

STREAM = "AUDIT_APPENDED_V1"
INDEX, ID, LOG = "Quarterdeck-Index", "Nats-Msg-Id", "Quarterdeck-Log"
LONGEST_INDEX = 18
"""Digits of an index that can be one of ours; more than a database, or Python, reads are none."""

AT_ONCE = 500
"""Messages in one question: what is under way at once must fit into memory."""

ANSWER_S = 10.0

Answer = TypeVar("Answer")


class Link:
    """One thread at a time asks.

    Attributes:
        keep: for how long a stream that is begun here keeps its messages.
    """

    def __init__(self, url: str, keep: timedelta) -> None:
        self._url, self._keep = url, keep
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name="nats", daemon=True)
        self._thread.start()
        self._client: Any = None
        self._stream: JetStreamContext | None = None
        self._errors: asyncio.Queue[Exception] = asyncio.Queue()

    def ask(self, question: Callable[[JetStreamContext], Coroutine[Any, Any, Answer]]) -> Answer:
        """What comes of ``question``.

        Raises:
            TopicAway: NATS does not answer, or refuses; what was opened is closed.
        """
        future: Future[Answer] = asyncio.run_coroutine_threadsafe(
            asyncio.wait_for(self._asked(question), ANSWER_S), self._loop
        )
        try:
            return future.result()
        except (NatsError, OSError, TimeoutError) as error:
            self.reopen()
            raise TopicAway(f"NATS cannot be used: {type(error).__name__}: {error}") from error

    def reopen(self) -> None:
        """Close what is open; the next question opens it anew."""
        client, self._client, self._stream = self._client, None, None
        if client is not None:
            closing = asyncio.run_coroutine_threadsafe(client.close(), self._loop)
            with suppress(NatsError, OSError, TimeoutError):
                closing.result(ANSWER_S)

    def close(self) -> None:
        """Let go of the broker; again is nothing."""
        if self._loop.is_closed():
            return
        self.reopen()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def answers(
        self, waiting: Sequence[asyncio.Future[PubAck]]
    ) -> tuple[int, Exception | None]:
        """How many of these messages, from the first on, were taken; what went wrong with the next.

        Of one that the server refuses the client's future never ends (nats-py 2.16): what was
        wrong is told to its error callback alone.
        """
        refused = asyncio.ensure_future(self._errors.get())
        try:
            for done, one in enumerate(waiting):
                either: set[asyncio.Future[Any]] = {one, refused}
                await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
                if not one.done():
                    return done, refused.result()
                if error := one.exception():
                    return done, _known(error)
            return len(waiting), None
        finally:
            refused.cancel()
            for one in waiting:
                if not one.cancel():
                    one.exception()  # else its loss would be complained of

    async def _asked(
        self, question: Callable[[JetStreamContext], Coroutine[Any, Any, Answer]]
    ) -> Answer:
        return await question(await self._opened())

    async def _opened(self) -> JetStreamContext:
        if self._stream is None:
            self._errors = asyncio.Queue()
            # Without these two it would ask a server that is away for two minutes.
            self._client = await nats.connect(
                self._url,
                allow_reconnect=False,
                max_reconnect_attempts=1,
                reconnect_time_wait=0.1,
                connect_timeout=5,
                error_cb=self._errors.put,
            )
            stream: JetStreamContext = self._client.jetstream(timeout=ANSWER_S)
            try:
                await stream.stream_info(STREAM)
            except NotFoundError:
                await stream.add_stream(
                    StreamConfig(
                        name=STREAM,
                        subjects=[f"{TOPIC}.>"],
                        num_replicas=1,
                        max_age=self._keep.total_seconds(),
                    )
                )
            self._stream = stream
        return self._stream


def subject_of(log: str) -> str:
    """The subject of one tenant's log; a tenant's name is one token of it."""
    return f"{TOPIC}.{quote(log, safe='').replace('.', '%2E')}"


def _known(error: BaseException) -> Exception:
    """An error as one may say it; raise what ends the process."""
    if isinstance(error, Exception):
        return error
    raise error


def index_of(headers: Mapping[str, str] | None) -> int:
    """The index that a message bears; -1: it is not of the relay."""
    found = (headers or {}).get(INDEX, "")
    ours = len(found) <= LONGEST_INDEX and found.isascii() and found.isdigit()
    return int(found) if ours else -1
