"""What JetStream brings to one consumer: a durable pull consumer for each log.

The log stays the truth. What came is held against the leaf hashes that stand there; what the
stream lost, or brings in another form, is read from the log, and counted.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from time import monotonic
from typing import Any, TypeVar
from urllib.parse import quote

import structlog
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import APIError, NotFoundError

from quarterdeck.kernel.clock import instant
from quarterdeck.kernel.telemetry import TOPIC_MISSED
from quarterdeck.providers.nats.link import AT_ONCE, STREAM, Link, index_of, subject_of
from quarterdeck.trail.deliveries.local import MOST_BYTES, Share, entries_of, shares
from quarterdeck.trail.deliveries.model import Batch, TopicAway, Waiting
from quarterdeck.trail.deliveries.service.relaying import CHUNK
from quarterdeck.trail.log.ports import Reader
from quarterdeck.trail.proof.tree import leaf_hash

WAIT_S = 0.5
"""For so long a message is awaited that was published before it was asked for."""

ROUNDS = 20
"""Questions in one turn of one log: of what came before its place there may be many."""

PORTION, TURN_S = 100, 5.0
"""Logs that are asked for at once, and for how long others are asked for after them."""

SLACK = timedelta(hours=1)
"""By so much the clocks of two machines may differ."""

ACK_WAIT_S = 600.0
"""Who takes over needs not wait for so long: see ``_begun``."""

Answer = TypeVar("Answer")

log = structlog.get_logger("nats")


class NatsFeed:
    """The port ``Feed``. One thread at a time asks."""

    def __init__(self, link: Link, reader: Reader, consumer: str) -> None:
        self._link, self._reader, self._consumer = link, reader, consumer
        self._pulls: dict[str, JetStreamContext.PullSubscription] = {}
        self._came: dict[str, dict[int, Msg]] = {}
        self._none_before: dict[str, int] = {}

    def take(self, waiting: Sequence[Waiting]) -> list[Batch]:
        """As the port says."""
        wanted = shares(waiting)
        asked = self._ask([share for share in wanted if self._lacks(share)])
        there = [share for share in wanted if share in asked or not self._lacks(share)]
        return [batch for share in there if (batch := self._batch(share)).entries]

    def settle(self, ends: Iterable[tuple[str, int]]) -> None:
        """As the port says: the last of them acknowledges all before it."""
        last = [one for name, end in ends if (one := self._let_go(name, end))]
        if last:
            with suppress(TopicAway):
                self._said(lambda _stream: _acknowledge(last))

    def close(self) -> None:
        """As the port says."""
        self._link.close()

    def _said(self, question: Callable[[JetStreamContext], Coroutine[Any, Any, Answer]]) -> Answer:
        try:
            return self._link.ask(question)
        except TopicAway:
            self._pulls.clear()
            self._came.clear()
            raise

    def _ask(self, lacking: Sequence[Share]) -> set[Share]:
        """Have what these logs lack come, a portion at a time; of which it was asked.

        Each portion has the link's whole patience, so that one may open many consumers; those
        for which no time is left wait for the next turn.
        """
        until = monotonic() + TURN_S
        for start in range(0, len(lacking), PORTION):
            some = lacking[start : start + PORTION]
            self._said(partial(self._pull_each, lacking=some))
            if monotonic() > until:
                return set(lacking[: start + PORTION])
        return set(lacking)

    def _lacks(self, share: Share) -> bool:
        name, start = share.log, share.start
        return start >= self._none_before.get(name, 0) and start not in self._came.get(name, {})

    async def _pull_each(self, stream: JetStreamContext, lacking: Sequence[Share]) -> None:
        """As ``_pull`` of each; what the broker refuses of one log is that log's alone."""
        pulls = (self._pull(stream, share) for share in lacking)
        for error in await asyncio.gather(*pulls, return_exceptions=True):
            if error is not None and not isinstance(error, APIError):
                raise error

    async def _pull(self, stream: JetStreamContext, share: Share) -> None:
        """Have what is wanted come, as far as the broker has it."""
        name = share.log
        if name not in self._pulls:
            self._pulls[name] = await self._opened(stream, share)
        came, size, least = self._came.setdefault(name, {}), 0, 0
        found: list[Msg] | None = None
        for _ in range(ROUNDS):
            lacks = sum(index not in came for index in share.indices)
            if not lacks or size >= MOST_BYTES:
                return
            found = await _fetched(self._pulls[name], min(max(lacks, least), AT_ONCE))
            if found is None:
                continue
            # Of what was settled before there may be much; no more is asked for than is there,
            # for some versions of the server wait for the rest.
            least = AT_ONCE if found and index_of(found[-1].headers) < share.start else 0
            if not found:
                break
            size += sum(len(one.data) for one in found)
            await self._keep(came, found, share)
        if not found:
            # Whoever deletes the consumer, or its stream, has nobody told of it.
            await self._pulls.pop(name).unsubscribe()

    async def _keep(self, came: dict[int, Msg], found: Sequence[Msg], share: Share) -> None:
        """Hold what came and may be wanted; of what was settled before, say so again."""
        near = range(share.start, share.end + CHUNK)  # of a stranger it is -1, or anything
        passed = [came.pop(index) for index in list(came) if index not in near]
        passed += [one for one in found if index_of(one.headers) not in near]
        came |= {at: one for one in found if (at := index_of(one.headers)) in near}
        if last := _last(passed, came.values()):
            await last.ack()

    async def _opened(
        self, stream: JetStreamContext, share: Share
    ) -> JetStreamContext.PullSubscription:
        name = durable_of(self._consumer, share.log)
        begin = await self._begun(stream, name, share)
        if begin is not None:
            await stream.add_consumer(STREAM, begin)
        return await stream.pull_subscribe_bind(consumer=name, stream=STREAM)

    async def _begun(
        self, stream: JetStreamContext, name: str, share: Share
    ) -> ConsumerConfig | None:
        """How the consumer is to begin; None: it is there, and goes on.

        What came to a process that ended before it said that it had received it would come
        again last of all, and much later: the consumer begins anew before that.
        """
        config = ConsumerConfig(
            name=name,
            durable_name=name,
            filter_subject=subject_of(share.log),
            ack_policy=AckPolicy.ALL,
            ack_wait=ACK_WAIT_S,
            max_ack_pending=-1,
        )
        try:
            info = await stream.consumer_info(STREAM, name)
        except NotFoundError:
            since = self._moment(share) - SLACK
            return config.evolve(deliver_policy=DeliverPolicy.BY_START_TIME, opt_start_time=since)
        if not info.num_ack_pending:
            return None
        await stream.delete_consumer(STREAM, name)
        floor = info.ack_floor.stream_seq if info.ack_floor else 0
        return config.evolve(
            deliver_policy=DeliverPolicy.BY_START_SEQUENCE, opt_start_seq=floor + 1
        )

    def _moment(self, share: Share) -> datetime:
        found = self._reader.moment(share.log, share.start)
        return datetime.fromtimestamp(0, UTC) + SLACK if found is None else instant(found)

    def _batch(self, share: Share) -> Batch:
        """From the broker what it brought; else from the log, up to where the broker goes on."""
        entries = self._brought(share)
        if not entries:
            later = [index for index in self._came.get(share.log, ()) if index > share.start]
            end = min([share.end, *later])
            entries = entries_of(
                self._reader, share.log, share.start, min(end - share.start, share.count)
            )
            self._none_before[share.log] = end
            self._say_missed(share, len(entries))
        return Batch(log=share.log, first=share.start, entries=tuple(entries))

    def _brought(self, share: Share) -> list[bytes]:
        """What follows on the place without a gap, and is what was appended."""
        came = self._came.get(share.log, {})
        found: list[bytes] = []
        for index in share.indices:
            if index not in came:
                break
            found.append(came[index].data)
        hashes = self._reader.hashes(share.log, 0, share.start, len(found)) if found else []
        for at, (entry, known) in enumerate(zip(found, hashes, strict=False)):
            if leaf_hash(entry) != known:
                return found[:at]
        return found[: len(hashes)]

    def _say_missed(self, share: Share, count: int) -> None:
        TOPIC_MISSED.labels(self._consumer).inc(count)
        log.warning(
            "the broker did not bring what was appended: read from the log",
            consumer=self._consumer,
            tenant=share.log,
            first=share.start,
            records=count,
        )

    def _let_go(self, name: str, end: int) -> Msg | None:
        """The last before ``end``, none of which is held any more."""
        came = self._came.get(name, {})
        done = [came.pop(index) for index in list(came) if index < end]
        return _last(done, came.values())


def durable_of(consumer: str, log: str) -> str:
    """The name of a consumer of one log; neither ``.`` nor ``%`` may stand in it."""
    return f"{consumer}_{quote(log, safe='').replace('.', '%2E').replace('%', '=')}"


def _last(done: Iterable[Msg], held: Iterable[Msg]) -> Msg | None:
    """The last of those that came before all that are held: it acknowledges what is before it.

    By the stream's order: an index is whatever its publisher wrote.
    """
    until = min(map(_sequence, held), default=None)
    free = [one for one in done if until is None or _sequence(one) < until]
    return max(free, key=_sequence, default=None)


def _sequence(one: Msg) -> int:
    return one.metadata.sequence.stream


async def _fetched(pull: JetStreamContext.PullSubscription, count: int) -> list[Msg] | None:
    """What came; None: it cannot be said, and what follows may well come.

    A message that anybody published with the header ``Status`` is to the client the server's
    own word, though it be none that the client can read; what came with it is lost to us.
    """
    try:
        return await pull.fetch(count, timeout=WAIT_S)
    except TimeoutError:  # the client raises its own kind, and at times the plain one
        return []
    except (APIError, KeyError, ValueError):
        return None


async def _acknowledge(last: Sequence[Msg]) -> None:
    for one in last:
        await one.ack()
