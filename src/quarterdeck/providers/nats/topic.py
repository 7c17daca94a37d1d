"""The topic on NATS JetStream: one stream, one subject a log, one message a record.

A message bears the record's id as ``Nats-Msg-Id`` and its index as ``Quarterdeck-Index``.
Each is published only onto the message before it (``Nats-Expected-Last-Sequence``), so that
none is left out, and none comes twice, whatever breaks in between: the last message of a
subject says where the topic ends, also after the window in which the server knows ids.

One installation a NATS account: another publisher on the stream would have each wait for
the other's turn.
"""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta
from threading import Lock
from time import perf_counter
from typing import Any, TypeVar
from urllib.parse import quote

from nats.js import JetStreamContext
from nats.js.api import PubAck, StreamState
from nats.js.errors import NotFoundError

from quarterdeck.providers.nats.feed import NatsFeed
from quarterdeck.providers.nats.link import (
    AT_ONCE,
    ID,
    INDEX,
    LOG,
    STREAM,
    Link,
    index_of,
    subject_of,
)
from quarterdeck.trail.deliveries.message import id_of
from quarterdeck.trail.deliveries.model import RecordRefused, TopicAway
from quarterdeck.trail.log.ports import Reader
from quarterdeck.trail.proof.tree import leaf_hash

EXPECTED = "Nats-Expected-Last-Sequence"
KEEP = timedelta(days=14)

Answer = TypeVar("Answer")


class NatsTopic:
    """The port ``Topic``. One thread at a time publishes; each feed has a connection of its own."""

    def __init__(self, url: str, reader: Reader, keep: timedelta = KEEP) -> None:
        self._reader = reader
        self._open: Callable[[], Link] = lambda: Link(url, keep)
        self._link = self._open()
        self._sequence: int | None = None
        self._ends: dict[str, int] = {}
        self._feeds: list[NatsFeed] = []
        self._checking = Lock()  # of two that open it at once, one connection would be left over

    def publish(self, log: str, start: int, end: int) -> int:
        """As the port says."""
        begin = min(self._end(log, start), end)
        entries = self._reader.entries(log, begin, min(AT_ONCE, end - begin))
        if not entries:
            return end
        done, error = self._said(lambda stream: self._publish(stream, log, begin, entries))
        self._ends[log] = begin + done
        if error is not None:
            self._link.reopen()
            self._forget()
            if not done:
                raise RecordRefused(
                    f"NATS did not take record {begin} of {log}: {error}"
                ) from error
        return begin + done

    def subscribe(self, consumer: str) -> NatsFeed:
        """As the port says."""
        feed = NatsFeed(self._open(), self._reader, consumer)
        self._feeds.append(feed)
        return feed

    def check(self) -> str:
        """As the port says."""
        with self._checking:
            started = perf_counter()
            state = self._said(_state)
            took_ms = (perf_counter() - started) * 1000
        return (
            f"NATS stream {STREAM}: {state.messages} messages, {state.bytes} bytes, "
            f"{state.consumer_count} consumers; answered in {took_ms:.1f} ms"
        )

    def close(self) -> None:
        """As the port says."""
        for feed in self._feeds:
            feed.close()
        self._link.close()

    def _end(self, log: str, start: int) -> int:
        """Where the topic ends: what was lost with its broker is published again."""
        if log not in self._ends:
            index, entry = self._said(lambda stream: self._last(stream, log))
            # What a stranger put there says nothing of where the topic ends.
            ours = index >= 0 and self._reader.hashes(log, 0, index, 1) == [leaf_hash(entry)]
            self._ends[log] = index + 1 if ours else start
        return self._ends[log]

    def _said(self, question: Callable[[JetStreamContext], Coroutine[Any, Any, Answer]]) -> Answer:
        try:
            return self._link.ask(question)
        except TopicAway:
            self._forget()
            raise

    def _forget(self) -> None:
        """Begin anew: what the broker holds is asked again, of every log.

        Another relay may have published meanwhile: ends that are known from before would have
        this one publish the same again, onto the sequence of after.
        """
        self._sequence = None
        self._ends.clear()

    async def _last(self, stream: JetStreamContext, log: str) -> tuple[int, bytes]:
        """The index of the last message of a log, and what it says; -1: there is none."""
        if self._sequence is None:
            self._sequence = (await _state(stream)).last_seq
        try:
            found = await stream.get_last_msg(STREAM, subject_of(log))
        except NotFoundError:
            return -1, b""
        return index_of(found.headers), found.data or b""

    async def _publish(
        self, stream: JetStreamContext, log: str, begin: int, entries: list[bytes]
    ) -> tuple[int, Exception | None]:
        """How many were taken, and what went wrong with the one after."""
        sequence = self._sequence or 0
        waiting: list[asyncio.Future[PubAck]] = []
        for at, entry in enumerate(entries):
            headers = {
                ID: id_of(log, begin + at, entry),
                LOG: quote(log, safe=""),
                INDEX: str(begin + at),
                EXPECTED: str(sequence + at),
            }
            waiting.append(
                await stream.publish_async(subject_of(log), entry, headers=headers, stream=STREAM)
            )
        done, error = await self._link.answers(waiting)
        self._sequence = sequence + done
        return done, error


async def _state(stream: JetStreamContext) -> StreamState:
    return (await stream.stream_info(STREAM)).state
