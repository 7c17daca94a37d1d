"""One process's share of sending: claims, sends in threads, writes down what came of it."""

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Event
from time import monotonic
from typing import Generic

from sqlalchemy import Engine

from quarterdeck.kernel.clock import Clock
from quarterdeck.kernel.db import brief, reading
from quarterdeck.kernel.work import Actor, begin
from quarterdeck.operations.sending.model import Reply
from quarterdeck.operations.sending.ports import Call, Desk, Item

ITSELF = Actor("quarterdeck", frozenset())
LEASE = timedelta(seconds=14)
"""After which another takes over: within 15 s of a death it is sent, what it takes included."""

RENEW_S = 5.0
PATIENCE_S = 0.05  # for what is under way, before it is looked whether more is due
THREADS = 16


@dataclass(slots=True, kw_only=True)
class Loop(Generic[Item]):
    """One process's share of what lies on a desk."""

    engine: Engine
    clock: Clock
    desk: Desk[Item]
    _pool: ThreadPoolExecutor = field(init=False)
    _running: dict[Future[Reply], Item] = field(default_factory=dict)
    _renewed: float = field(default_factory=monotonic)
    _ended: Event = field(default_factory=Event)

    def __post_init__(self) -> None:
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="send")

    def beat(self) -> bool:
        """Write down what ended, and begin what is due; whether there may be more at once.

        While something is under way it waits a moment for the end of that.
        """
        if self._running and not any(future.done() for future in self._running):
            self._ended.wait(PATIENCE_S)
        self._ended.clear()
        done = {future: one for future, one in self._running.items() if future.done()}
        renew = bool(self._running) and monotonic() - self._renewed > RENEW_S
        free = THREADS - len(self._running) + len(done)
        if not done and not renew and not (free and self._due()):
            return bool(self._running)
        left = [one for future, one in self._running.items() if future not in done]
        with begin(self.engine, ITSELF, self.clock) as work:
            brief(work.db)
            self.desk.settle(work, [(one, _reply(future)) for future, one in done.items()])
            if renew:
                self.desk.renew(work.db, left, LEASE)
            claimed = self.desk.claim(work, free, left, LEASE)
        if claimed.dropped:
            # Apart: whoever decides for their tenants may wait for what was claimed above.
            with begin(self.engine, ITSELF, self.clock) as work:
                self.desk.settle(work, [(one, None) for one in claimed.dropped])
        self._renewed = monotonic() if renew else self._renewed
        for future in done:
            del self._running[future]
        for one, call in claimed.calls:
            self._send(one, call)
        return bool(self._running or done)

    @property
    def running(self) -> int:
        """How many are under way."""
        return len(self._running)

    def wait(self, within_s: float) -> None:
        """Until something under way has ended."""
        self._ended.wait(within_s)

    def close(self) -> None:
        """Wait for what is under way, and write down how it ended."""
        self._pool.shutdown()
        if self._running:
            with begin(self.engine, ITSELF, self.clock) as work:
                self.desk.settle(work, [(one, _reply(f)) for f, one in self._running.items()])
            self._running.clear()

    def _due(self) -> bool:
        with reading(self.engine) as db:
            return self.desk.any_due(db)

    def _send(self, one: Item, call: Call) -> None:
        future = self._pool.submit(call)
        self._running[future] = one
        future.add_done_callback(lambda _: self._ended.set())


def _reply(future: Future[Reply]) -> Reply:
    """What came of it; what no adapter foresaw is tried again, and said."""
    error = future.exception()
    if error is None:
        return future.result()
    return Reply(error=f"{type(error).__name__}: {error}", again=True)
