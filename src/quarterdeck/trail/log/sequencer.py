"""The sequencer: many callers, one group at a time.

What waits is flushed as soon as the flush before has returned: no timer, so a lone caller
waits for one sync, and hundreds at once share one.
"""

import asyncio
from asyncio import AbstractEventLoop
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from threading import Condition, Thread

import structlog
from prometheus_client import Histogram

from quarterdeck.kernel.errors import Unavailable
from quarterdeck.trail.log.model import Appended, JournalClosed, Known, Prepared, QueueFull
from quarterdeck.trail.log.ports import Journal

GROUP_LEAVES, GROUP_BYTES = 8192, 8 << 20
WAITING_LEAVES, WAITING_BYTES = 65_536, 64 << 20

WRITE_SECONDS = Histogram(
    "quarterdeck_ingest_write_seconds",
    "Time until one group of records was durable.",
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 2),
)
log = structlog.get_logger("sequencer")
Answer = list[Appended] | Exception


@dataclass(slots=True)
class Waiting:
    """Drafts of one caller, and how to answer it.

    Attributes:
        loop: of a caller that awaits; None for one that blocks.
    """

    drafts: Sequence[Prepared]
    size: int
    future: "Future[list[Appended]] | asyncio.Future[list[Appended]]"
    loop: AbstractEventLoop | None = None


class GroupingSequencer:
    """A Sequencer (see ``ports``) over a journal that this process holds."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._changed = Condition()
        self._queue: deque[Waiting] = deque()
        self._gathered: dict[AbstractEventLoop, list[Waiting]] = {}
        self._leaves = self._bytes = 0
        self._closed = False
        self._thread = Thread(target=self._run, name="sequencer", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Leaves that wait for the next group."""
        return self._leaves

    def append(self, drafts: Sequence[Prepared]) -> list[Appended]:
        if not drafts:
            return []
        future: Future[list[Appended]] = Future()
        with self._changed:
            self._put(Waiting(drafts, _size(drafts), future))
            self._changed.notify()
        return future.result()

    async def enqueue(self, drafts: Sequence[Prepared]) -> list[Appended]:
        if not drafts:
            return []
        loop = asyncio.get_running_loop()
        future: asyncio.Future[list[Appended]] = loop.create_future()
        # What a loop has in one turn is handed in together, after it: who writes would else wake
        # for the first of them, and the rest would wait for a sync of their own.
        gathered = self._gathered.setdefault(loop, [])
        if not gathered:
            loop.call_soon(self._hand_in, loop)
        gathered.append(Waiting(drafts, _size(drafts), future, loop))
        return await future

    def known(self, log: str, tags: Sequence[bytes]) -> Mapping[bytes, Known]:
        return self._journal.known(log, tags)

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join()
        self._journal.close()

    def _hand_in(self, loop: AbstractEventLoop) -> None:
        with self._changed:
            for one in self._gathered.pop(loop):
                try:
                    self._put(one)
                except Unavailable as error:
                    _tell([(one, error)])
            self._changed.notify()

    def _put(self, one: Waiting) -> None:
        if self._closed:
            raise JournalClosed("the log takes no more records here; try again")
        full = self._leaves and (
            self._leaves + len(one.drafts) > WAITING_LEAVES
            or self._bytes + one.size > WAITING_BYTES
        )
        if full:
            raise QueueFull(f"{self._leaves} records wait to be appended; try again")
        self._queue.append(one)
        self._leaves += len(one.drafts)
        self._bytes += one.size

    def _run(self) -> None:
        while group := self._take():
            _answer(group, self._flush([draft for one in group for draft in one.drafts]))

    def _take(self) -> list[Waiting]:
        """What the next group is made of; nothing once closed and empty."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._closed)
            group: list[Waiting] = []
            leaves = size = 0
            while self._queue and (not group or _fits(self._queue[0], leaves, size)):
                one = self._queue.popleft()
                group.append(one)
                leaves, size = leaves + len(one.drafts), size + one.size
            self._leaves -= leaves
            self._bytes -= size
            return group

    def _flush(self, drafts: Sequence[Prepared]) -> Answer:
        try:
            with WRITE_SECONDS.time():
                return self._journal.append(drafts)
        except Unavailable as error:
            return error
        except Exception as error:  # whatever it is, no caller may wait for ever
            log.exception("group not appended", leaves=len(drafts))
            return error


def _fits(one: Waiting, leaves: int, size: int) -> bool:
    return leaves + len(one.drafts) <= GROUP_LEAVES and size + one.size <= GROUP_BYTES


def _size(drafts: Sequence[Prepared]) -> int:
    entries = sum([len(draft.entry) for draft in drafts])
    return entries + sum([len(one.sealed) for draft in drafts for one in draft.disclosures])


def _answer(group: Sequence[Waiting], answer: Answer) -> None:
    told: list[tuple[Waiting, Answer]] = []
    at = 0
    for one in group:
        mine = answer if isinstance(answer, Exception) else answer[at : at + len(one.drafts)]
        told.append((one, mine))
        at += len(one.drafts)
    for loop, of in groupby(sorted(told, key=_loop), key=_loop_of):
        if loop is None:
            _tell(of)
        else:
            # One call for all of its callers: waking a loop costs more than telling one.
            with suppress(RuntimeError):  # its loop has ended, and all who waited on it
                loop.call_soon_threadsafe(_tell, list(of))


def _loop(told: tuple[Waiting, Answer]) -> int:
    return id(told[0].loop)


def _loop_of(told: tuple[Waiting, Answer]) -> AbstractEventLoop | None:
    return told[0].loop


def _tell(told: Iterable[tuple[Waiting, Answer]]) -> None:
    for one, answer in told:
        if one.future.done():  # its caller has gone
            continue
        if isinstance(answer, Exception):
            one.future.set_exception(answer)
        else:
            one.future.set_result(answer)
