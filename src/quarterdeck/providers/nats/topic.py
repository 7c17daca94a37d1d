"""The topic on NATS JetStream: one stream, one subject a log, one message a record.

A message bears the record's id as ``Nats-Msg-Id`` and its index as ``Quarterdeck-Index``.
Each is published only onto the message before it (``Nats-Expected-Last-Sequence``), so that
none is left out, and none comes twice, whatever breaks in between: the last message of a
subject says where the topic ends, also after the window in which the server knows ids.

One installation a NATS account: another publisher on the stream would have each wait for
the other's turn.
"""

import asyncio
from collections.abc import Awaitable, Coroutine
from concurrent.futures import Future
from contextlib import suppress
from threading import Lock, Thread
from time import perf_counter
from typing import Any, TypeVar
from urllib.parse import quote

import nats
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import PubAck, StreamConfig, StreamState
from nats.js.errors import NotFoundError

from quarterdeck.trail.deliveries.message import id_of
from quarterdeck.trail.deliveries.model import TOPIC, TopicAway
from quarterdeck.trail.log.ports import Reader

STREAM = "AUDIT_APPENDED_V1"
INDEX, ID, LOG = "Quarterdeck-Index", "Nats-Msg-Id", "Quarterdeck-Log"
EXPECTED = "Nats-Expected-Last-Sequence"
AT_ONCE = 500
ANSWER_S = 10.0

Answer = TypeVar("Answer")


class NatsTopic:
    """The port ``Topic``. One thread at a time publishes; a thread of its own talks to NATS."""

    def __init__(self, url: str, reader: Reader) -> None:
        self._url, self._reader = url, reader
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name="nats", daemon=True)
        self._thread.start()
        self._client: Any = None
        self._stream: JetStreamContext | None = None
        self._sequence = 0
        self._ends: dict[str, int] = {}
        self._checking = Lock()  # of two that open it at once, one connection would be left over

    def publish(self, log: str, start: int, end: int) -> int:
        """As the port says."""
        begin = min(self._end(log, start), end)
        entries = self._reader.entries(log, begin, min(AT_ONCE, end - begin))
        if not entries:
            return end
        done, error = self._said(self._publish(log, begin, entries))
        self._ends[log] = begin + done
        if error is not None:
            self._reopen()
            if not done:
                self._ends.pop(log)
                raise TopicAway(f"NATS did not take record {begin} of {log}: {error}") from error
        return begin + done

    def check(self) -> str:
        """As the port says."""
        with self._checking:
            started = perf_counter()
            state = self._said(self._state())
            took_ms = (perf_counter() - started) * 1000
        return (
            f"NATS stream {STREAM}: {state.messages} messages, {state.bytes} bytes, "
            f"{state.consumer_count} consumers; answered in {took_ms:.1f} ms"
        )

    def close(self) -> None:
        """As the port says."""
        self._forget()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _end(self, log: str, start: int) -> int:
        """Where the topic ends: what was lost with its broker is published again."""
        if log not in self._ends:
            found = self._said(self._last(log))
            self._ends[log] = start if found is None else found + 1
        return self._ends[log]

    def _said(self, asked: Coroutine[Any, Any, Answer]) -> Answer:
        future: Future[Answer] = asyncio.run_coroutine_threadsafe(
            asyncio.wait_for(asked, ANSWER_S), self._loop
        )
        try:
            return future.result()
        except (NatsError, OSError, TimeoutError) as error:
            self._forget()
            raise TopicAway(f"NATS cannot be used: {type(error).__name__}: {error}") from error

    def _forget(self) -> None:
        """Begin anew: what the broker holds is asked again."""
        self._ends.clear()
        self._reopen()

    def _reopen(self) -> None:
        client, self._client, self._stream = self._client, None, None
        if client is not None:
            closing = asyncio.run_coroutine_threadsafe(client.close(), self._loop)
            with suppress(NatsError, OSError, TimeoutError):
                closing.result(ANSWER_S)

    async def _opened(self) -> JetStreamContext:
        if self._stream is None:
            # Without these two it would ask a server that is away for two minutes.
            self._client = await nats.connect(
                self._url,
                allow_reconnect=False,
                max_reconnect_attempts=1,
                reconnect_time_wait=0.1,
                connect_timeout=5,
                error_cb=_silent,
            )
            stream: JetStreamContext = self._client.jetstream(timeout=ANSWER_S)
            try:
                info = await stream.stream_info(STREAM)
            except NotFoundError:
                config = StreamConfig(name=STREAM, subjects=[f"{TOPIC}.>"], num_replicas=1)
                info = await stream.add_stream(config)
            self._sequence = info.state.last_seq
            self._stream = stream
        return self._stream

    async def _state(self) -> StreamState:
        stream = await self._opened()
        return (await stream.stream_info(STREAM)).state

    async def _last(self, log: str) -> int | None:
        stream = await self._opened()
        try:
            found = await stream.get_last_msg(STREAM, subject_of(log))
        except NotFoundError:
            return None
        return int((found.headers or {})[INDEX])

    async def _publish(
        self, log: str, begin: int, entries: list[bytes]
    ) -> tuple[int, Exception | None]:
        """How many were taken, and what went wrong with the one after."""
        stream = await self._opened()
        waiting: list[Awaitable[PubAck]] = []
        for at, entry in enumerate(entries):
            headers = {
                ID: id_of(log, begin + at, entry),
                LOG: quote(log, safe=""),
                INDEX: str(begin + at),
                EXPECTED: str(self._sequence + at),
            }
            waiting.append(
                await stream.publish_async(subject_of(log), entry, headers=headers, stream=STREAM)
            )
        found = await asyncio.gather(*waiting, return_exceptions=True)
        done, error = _taken(found)
        self._sequence += done
        return done, error


def subject_of(log: str) -> str:
    """The subject of one tenant's log; a tenant's name is one token of it."""
    return f"{TOPIC}.{quote(log, safe='').replace('.', '%2E')}"


def _taken(found: list[PubAck | BaseException]) -> tuple[int, Exception | None]:
    for done, one in enumerate(found):
        if isinstance(one, Exception):
            return done, one
        if isinstance(one, BaseException):
            raise one
    return len(found), None


async def _silent(_error: Exception) -> None:
    """What goes wrong is said by who publishes."""
