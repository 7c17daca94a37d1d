"""Sends notifications: each until it is taken, each receiver apart, so many a minute at most."""

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import groupby
from threading import Event
from time import monotonic

from sqlalchemy import Engine

from quarterdeck.kernel.clock import Clock
from quarterdeck.kernel.db import reading, storable
from quarterdeck.kernel.work import Actor, Work, begin
from quarterdeck.operations.routing.model import Config, Webhook
from quarterdeck.operations.routing.notification import DROPPED, FAILED, SENT, Notification
from quarterdeck.operations.routing.ports import Notifier, Reply
from quarterdeck.operations.routing.service.configuring import config_of
from quarterdeck.operations.routing.service.deciding import settled, take_turn
from quarterdeck.operations.routing.service.outcomes import NOTIFIED
from quarterdeck.operations.routing.store import notifications

ITSELF = Actor("quarterdeck", frozenset())
LEASE = timedelta(seconds=15)
RENEW_S = 5.0
THREADS = 16
MOST_A_RECEIVER = 4  # at once, so that one that hangs holds up nobody else
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=0.5), timedelta(minutes=1)
A_MINUTE = timedelta(minutes=1)
MOST_WORDS = 500
UNREADABLE = "the configuration can be read no more"


@dataclass(slots=True, kw_only=True)
class Sending:
    """One process's share of what is to be sent.

    Attributes:
        per_minute: how many a tenant's receivers are sent within a minute; the rest waits.
    """

    engine: Engine
    clock: Clock
    notifier: Notifier
    per_minute: int
    _pool: ThreadPoolExecutor = field(init=False)
    _running: dict[Future[Reply], Notification] = field(default_factory=dict)
    _renewed: float = field(default_factory=monotonic)
    _ended: Event = field(default_factory=Event)

    def __post_init__(self) -> None:
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="notify")

    def beat(self) -> bool:
        """Write down what ended, and begin what is due; whether there may be more at once."""
        self._ended.clear()
        ended = [(f, one) for f, one in self._running.items() if f.done()]
        done = dict(ended)
        renew = bool(self._running) and monotonic() - self._renewed > RENEW_S
        free = THREADS - len(self._running) + len(done)
        if not done and not renew and not (free and self._due()):
            return False
        with begin(self.engine, ITSELF, self.clock) as work:
            _settle_all(work, [(one, _reply(future)) for future, one in done.items()])
            left = [one for f, one in self._running.items() if f not in done]
            if renew:
                notifications.renew(work.db, left, LEASE)
            taken, dropped = self._claim(work, free, left)
        if dropped:
            # Apart: whoever decides for their tenants may wait for what was claimed above.
            with begin(self.engine, ITSELF, self.clock) as work:
                _settle_all(work, [(one, None) for one in dropped])
        self._renewed = monotonic() if renew else self._renewed
        for future in done:
            del self._running[future]
        for one, hook in taken:
            self._send(one, hook)
        return bool(taken or done)

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
                _settle_all(work, [(one, _reply(f)) for f, one in self._running.items()])
            self._running.clear()

    def _due(self) -> bool:
        with reading(self.engine) as db:
            return notifications.any_due(db)

    def _claim(
        self, work: Work, free: int, left: Sequence[Notification]
    ) -> tuple[list[tuple[Notification, Webhook]], list[Notification]]:
        """What is to be sent now, and what nobody is to hear any more."""
        sent = notifications.sent_since(work.db, work.now - A_MINUTE)
        held = [tenant for tenant, count in sent.items() if count >= self.per_minute]
        busy = Counter((one.tenant, one.receiver) for one in left)
        full = [to for to, count in busy.items() if count >= MOST_A_RECEIVER]
        found, dropped = [], []
        for one in notifications.claim(work.db, LEASE, free, held, full):
            config = config_of(work.db, one.tenant)
            hook = _hook(config, one)
            if config is None:  # it can be read no more: what waits, waits for one that can
                notifications.again(work.db, one, LONGEST_PAUSE, UNREADABLE)
            elif hook is None or not one.body:
                dropped.append(one)
            elif busy[one.tenant, one.receiver] >= MOST_A_RECEIVER:
                notifications.release(work.db, one)
            else:
                busy[one.tenant, one.receiver] += 1
                found.append((one, hook))
        return found, dropped

    def _send(self, one: Notification, hook: Webhook) -> None:
        future = self._pool.submit(
            self.notifier.notify, hook, one.id, one.attempts, one.body.encode()
        )
        self._running[future] = one
        future.add_done_callback(lambda _: self._ended.set())


def _reply(future: Future[Reply]) -> Reply:
    """What came of it; what no adapter foresaw is tried again, and said."""
    error = future.exception()
    if error is None:
        return future.result()
    return Reply(status=None, error=f"{type(error).__name__}: {error}", again=True)


def _hook(config: Config | None, one: Notification) -> Webhook | None:
    receiver = config.receivers.get(one.receiver) if config else None
    hooks = receiver.webhooks if receiver else ()
    return hooks[one.webhook] if one.webhook < len(hooks) else None


def _settle_all(work: Work, ended: Sequence[tuple[Notification, Reply | None]]) -> None:
    """Write down how sending ended; None: it was dropped.

    Tenants in one order, and the turn at each before anything of it is written: or two
    workers, or one and whoever decides, could wait for each other.
    """
    by: Callable[[tuple[Notification, Reply | None]], str] = lambda pair: pair[0].tenant  # noqa: E731  sorts and groups alike
    for tenant, pairs in groupby(sorted(ended, key=by), key=by):
        take_turn(work, tenant)
        for one, reply in pairs:
            _settle(work, one, reply)


def _settle(work: Work, one: Notification, reply: Reply | None) -> None:
    if reply is None:
        # Its receiver is gone, or wants to hear nothing of this: it knows, all the same.
        _told(work, one, DROPPED)
        return
    words = storable(reply.error)[:MOST_WORDS]
    if reply.taken:
        _told(work, one, SENT)
    elif reply.again:
        NOTIFIED.labels("again").inc()
        notifications.again(work.db, one, pause_after(one.attempts), words)
    else:
        NOTIFIED.labels("refused").inc()
        notifications.end(work.db, one, FAILED, work.now, words)


def _told(work: Work, one: Notification, state: str) -> None:
    NOTIFIED.labels(state).inc()
    if notifications.end(work.db, one, state, work.now):
        notifications.tell(work.db, one, work.now)
        settled(work, one)


def pause_after(attempts: int) -> timedelta:
    """How long to wait after so many attempts: from half a second, doubling, to a minute."""
    return min(FIRST_PAUSE * (1 << min(attempts - 1, 10)), LONGEST_PAUSE)
