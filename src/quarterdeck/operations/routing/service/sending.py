"""Sends notifications: each until it is taken, each receiver apart, so many a minute at most."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from itertools import chain, groupby

from sqlalchemy import Connection, Engine

from quarterdeck.kernel.clock import Clock
from quarterdeck.kernel.db import storable
from quarterdeck.kernel.work import Work
from quarterdeck.operations.messages.service.posting import post
from quarterdeck.operations.routing import wording
from quarterdeck.operations.routing.model import Config, Handed, Webhook
from quarterdeck.operations.routing.notification import DROPPED, FAILED, SENT, Notification, Way
from quarterdeck.operations.routing.ports import Notifier
from quarterdeck.operations.routing.service.configuring import config_of
from quarterdeck.operations.routing.service.deciding import settled, take_turn
from quarterdeck.operations.routing.service.outcomes import NOTIFIED
from quarterdeck.operations.routing.store import notifications
from quarterdeck.operations.sending.model import LONGEST_PAUSE, NOT_BEGUN, Reply, pause_after
from quarterdeck.operations.sending.ports import Call, Claimed
from quarterdeck.operations.sending.service import THREADS, Loop

__all__ = ["MOST_A_WEBHOOK", "THREADS", "Sending", "pause_after"]

MOST_A_WEBHOOK = 4  # lines, so that one that hangs holds up nobody else
LONGEST_LINE = 8  # one after the other, so that a turn of the database is not for four alone
SOUGHT = 8  # times as many as there are lines: they may all be for one
A_MINUTE = timedelta(minutes=1)
MOST_WORDS = 500
UNREADABLE = "the configuration can be read no more"
CHANGED = "the receiver is another by now"


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
    _loop: Loop[Notification] = field(init=False)

    def __post_init__(self) -> None:
        desk = _Desk(notifier=self.notifier, per_minute=self.per_minute)
        self._loop = Loop(engine=self.engine, clock=self.clock, desk=desk)

    def beat(self) -> bool:
        """Write down what ended, and begin what is due; whether there may be more at once."""
        return self._loop.beat()

    @property
    def running(self) -> int:
        """How many are under way."""
        return self._loop.running

    def wait(self, within_s: float) -> None:
        """Until something under way has ended."""
        self._loop.wait(within_s)

    def close(self) -> None:
        """Wait for what is under way, and write down how it ended."""
        self._loop.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Desk:
    notifier: Notifier
    per_minute: int

    def any_due(self, db: Connection) -> bool:
        return notifications.any_due(db)

    def claim(
        self,
        work: Work,
        free: int,
        under_way: Sequence[Sequence[Notification]],
        lease: timedelta,
    ) -> Claimed[Notification]:
        sent = notifications.sent_since(work.db, work.now - A_MINUTE)
        held = [tenant for tenant, count in sent.items() if count >= self.per_minute]
        busy = Counter(line[0].way for line in under_way)
        full = [to for to, count in busy.items() if count >= MOST_A_WEBHOOK]
        due = notifications.takeable(work.db, SOUGHT * free, held, full)
        lines = _lines(due, free, busy)
        taken = notifications.claim(work.db, lease, [*chain.from_iterable(lines)])
        calls, dropped = self._calls(work, taken)
        stand = [[calls[one] for one in line if one in calls] for line in lines]
        return Claimed(lines=[line for line in stand if line], dropped=dropped)

    def _calls(
        self, work: Work, taken: Sequence[Notification]
    ) -> tuple[dict[str, tuple[Notification, Call]], list[Notification]]:
        """What is sent, by its id, and what nobody is to hear any more."""
        calls: dict[str, tuple[Notification, Call]] = {}
        dropped = []
        configs = {tenant: config_of(work.db, tenant) for tenant in {one.tenant for one in taken}}
        for one in taken:
            config = configs[one.tenant]
            hook = _hook(config, one)
            if config is None:  # it can be read no more: what waits, waits for one that can
                notifications.again(work.db, one, LONGEST_PAUSE, UNREADABLE)
            elif hook is None or not one.body:
                dropped.append(one)
            else:
                calls[one.id] = (one, self._call(one, hook))
        return calls, dropped

    def renew(self, db: Connection, held: Sequence[Notification], lease: timedelta) -> None:
        notifications.renew(db, held, lease)

    def settle(self, work: Work, ended: Sequence[tuple[Notification, Reply | None]]) -> None:
        """Write down how sending ended; None: it was dropped.

        Tenants in one order, and the turn at each before anything of it is written: or two
        workers, or one and whoever decides, could wait for each other.
        """
        by: Callable[[tuple[Notification, Reply | None]], str] = lambda pair: pair[0].tenant  # noqa: E731  sorts and groups alike
        for tenant, pairs in groupby(sorted(ended, key=by), key=by):
            take_turn(work, tenant)
            if told := _settle(work, [*pairs]):
                settled(work, tenant, told)

    def _call(self, one: Notification, hook: Webhook | Handed) -> Call:
        if wording.is_told(one.body):
            return Reply  # there is nobody to ask: it is handed over where it is written down
        if isinstance(hook, Handed):
            return partial(Reply, error=CHANGED)
        return partial(self.notifier.notify, hook, one.id, one.attempts, one.body.encode())


def _lines(due: Sequence[tuple[str, Way]], free: int, busy: Counter[Way]) -> list[list[str]]:
    """What goes in which line, the oldest first: a webhook's in as many as it may have."""
    found: dict[Way, list[list[str]]] = {}
    for one, to in due:
        lines = found.setdefault(to, [])
        if sum(map(len, found.values())) < free and busy[to] + len(lines) < MOST_A_WEBHOOK:
            lines.append([one])
        elif lines and len(shortest := min(lines, key=len)) < LONGEST_LINE:
            shortest.append(one)
    return [*chain.from_iterable(found.values())]


def _hook(config: Config | None, one: Notification) -> Webhook | Handed | None:
    receiver = config.receivers.get(one.receiver) if config else None
    hooks = receiver.webhooks if receiver else ()
    return hooks[one.webhook] if one.webhook < len(hooks) else None


def _settle(work: Work, ended: Sequence[tuple[Notification, Reply | None]]) -> list[Notification]:
    """Write down how they ended; those whose receivers know them from now on."""
    # Where its receiver is gone, or wants to hear nothing of this, it knows, all the same.
    known: dict[str, list[Notification]] = {SENT: [], DROPPED: []}
    for one, reply in ended:
        if reply is NOT_BEGUN:
            notifications.release(work.db, one)
        elif reply is None:
            known[DROPPED].append(one)
        elif _taken(work, one, reply):
            known[SENT].append(one)
    told = []
    for state, some in known.items():
        NOTIFIED.labels(state).inc(len(some))
        told += notifications.end(work.db, some, state, work.now) if some else []
    notifications.tell(work.db, told, work.now)
    return told


def _taken(work: Work, one: Notification, reply: Reply) -> bool:
    """Whether its receiver has it; if not, it is written down what becomes of it."""
    if reply.taken and wording.is_told(one.body):
        reply = Reply(error=_handed_over(work, one))
    words = storable(reply.error)[:MOST_WORDS]
    if reply.again:
        NOTIFIED.labels("again").inc()
        notifications.again(work.db, one, pause_after(one.attempts), words)
    elif not reply.taken:
        NOTIFIED.labels("refused").inc()
        notifications.end(work.db, [one], FAILED, work.now, words)
    return reply.taken


def _handed_over(work: Work, one: Notification) -> str:
    """Put it into the outbox of messages, in this transaction; why it cannot be, or empty."""
    hook = _hook(config_of(work.db, one.tenant), one)
    if not isinstance(hook, Handed):
        return CHANGED
    told = wording.told(one.body)
    posted = post(
        work,
        one.tenant,
        [hook.to],
        told.content,
        key=f"notification/{one.id}",
        about=f"alert-group/{one.group}",
        urgency=told.urgency,
    )
    return "" if any(way.message for way in posted) else "; ".join(way.why for way in posted)
