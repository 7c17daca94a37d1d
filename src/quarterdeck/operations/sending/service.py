"""One process's share of sending: claims, sends in threads, writes down what came of it."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from queue import Empty, SimpleQueue
from threading import Event
from time import monotonic
from typing import Generic

from sqlalchemy import Engine

from quarterdeck.kernel.clock import Clock
from quarterdeck.kernel.db import brief, reading
from quarterdeck.kernel.work import Actor, begin
from quarterdeck.operations.sending.model import NOT_BEGUN, Reply
from quarterdeck.operations.sending.ports import Call, Claimed, Desk, Item

ITSELF = Actor("quarterdeck", frozenset())
LEASE = timedelta(seconds=14)
"""After which another takes over: within 15 s of a death it is sent, what it takes included."""

RENEW_S = 5.0
PATIENCE_S = 0.05  # for what is under way, before it is looked whether more is due
THREADS = 16


@dataclass(slots=True)
class _Line(Generic[Item]):
    """What one thread sends, one after the other.

    Attributes:
        left: what of it did not end, or is not written down.
        held: since when it is ours, at the least: past a lease from then another may have sent
            it, as when this process was stopped meanwhile.
    """

    left: list[Item]
    held: float

    @property
    def is_ours(self) -> bool:
        return monotonic() - self.held < LEASE.total_seconds()


@dataclass(slots=True, kw_only=True)
class Loop(Generic[Item]):
    """One process's share of what lies on a desk.

    Attributes:
        _lines: what each thread has yet to send, and what ended that is not written down.
    """

    engine: Engine
    clock: Clock
    desk: Desk[Item]
    _pool: ThreadPoolExecutor = field(init=False)
    _numbers: "count[int]" = field(default_factory=count)
    _lines: dict[int, _Line[Item]] = field(default_factory=dict)
    _replies: SimpleQueue[tuple[int, Item, Reply]] = field(default_factory=SimpleQueue)
    _done: list[tuple[Item, Reply]] = field(default_factory=list)
    _closing: Event = field(default_factory=Event)

    def __post_init__(self) -> None:
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="send")

    def beat(self) -> bool:
        """Write down what ended, and begin what is due; whether there may be more at once.

        While something is under way it waits a moment for the end of that.
        """
        self.wait(0 if self._done or not self._lines else PATIENCE_S)
        done, lines, now = [*self._done], [*self._lines.values()], monotonic()
        held = [one for one in lines if one.is_ours and now - one.held > RENEW_S]
        free = THREADS - len(lines)
        if not done and not held and not (free and self._due()):
            return bool(lines)
        with begin(self.engine, ITSELF, self.clock) as work:
            brief(work.db)
            self.desk.settle(work, done)
            if held:
                self.desk.renew(work.db, [item for one in held for item in one.left], LEASE)
            claimed = self.desk.claim(work, free, [one.left for one in lines], LEASE)
        self._done.clear()
        for one in held:
            one.held = now
        self._begin(claimed, now)
        return bool(self._lines or done)

    @property
    def running(self) -> int:
        """How many are under way."""
        return sum(len(one.left) for one in self._lines.values()) + len(self._done)

    def wait(self, within_s: float) -> None:
        """Until something under way has ended."""
        try:
            self._hear(self._replies.get(timeout=within_s) if within_s else None)
            while True:
                self._hear(self._replies.get_nowait())
        except Empty:
            pass

    def close(self) -> None:
        """Wait for what is under way, and write down how it ended; what did not begin is back."""
        self._closing.set()
        self._pool.shutdown()
        self.wait(0)
        if self._done:
            with begin(self.engine, ITSELF, self.clock) as work:
                self.desk.settle(work, self._done)
            self._done.clear()

    def _due(self) -> bool:
        with reading(self.engine) as db:
            return self.desk.any_due(db)

    def _begin(self, claimed: Claimed[Item], now: float) -> None:
        for calls, number in zip(claimed.lines, self._numbers, strict=False):
            self._lines[number] = _Line([one for one, _ in calls], now)
            self._pool.submit(self._send, number, self._lines[number], calls)
        if claimed.dropped:
            # Apart: whoever decides for their tenants may wait for what was claimed before.
            with begin(self.engine, ITSELF, self.clock) as work:
                self.desk.settle(work, [(one, None) for one in claimed.dropped])

    def _send(self, number: int, line: _Line[Item], calls: Sequence[tuple[Item, Call]]) -> None:
        """One after the other, until one is not taken: then the others are given back at once."""
        goes_on = True
        for one, call in calls:
            goes_on = goes_on and line.is_ours and not self._closing.is_set()
            reply = _made(call) if goes_on else NOT_BEGUN
            goes_on = goes_on and reply.taken
            self._replies.put((number, one, reply))

    def _hear(self, told: tuple[int, Item, Reply] | None) -> None:
        if told is not None:
            number, one, reply = told
            self._done.append((one, reply))
            self._lines[number].left.pop(0)
            if not self._lines[number].left:
                del self._lines[number]


def _made(call: Call) -> Reply:
    """What came of it; what no adapter foresaw is tried again, and said."""
    try:
        return call()
    except BaseException as error:  # noqa: BLE001  whatever it was: the item must come back
        return Reply(error=f"{type(error).__name__}: {error}", again=True)
