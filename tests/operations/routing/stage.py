"""Routing in one process: alerts go in, what a worker does is done, a sink gets notifications."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Event

from sqlalchemy import Engine

from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.work import Actor, Work, begin
from quarterdeck.operations.alerts.pushed import Push
from quarterdeck.operations.alerts.service import pushing
from quarterdeck.operations.routing.model import Version
from quarterdeck.operations.routing.service import configuring
from quarterdeck.operations.routing.service.dispatching import Dispatcher
from quarterdeck.operations.routing.service.sending import Sending
from quarterdeck.operations.silences import service as silences
from quarterdeck.operations.silences.matchers import parse
from quarterdeck.operations.silences.model import Silence, Wanted
from quarterdeck.providers.webhook.notifier import HttpNotifier
from quarterdeck.worker.pulse import Pulse

VERBS = ("alerts:read", "alerts:push", "alerts:acknowledge", "alerts:resolve", "alerts:silence")
SRE = Actor("sre-1", frozenset((verb, "acme") for verb in (*VERBS, "routing:write")))
NOON = datetime(2026, 2, 27, 12, tzinfo=UTC)  # a Friday
URL = "https://quarterdeck.example"


@dataclass
class Watch:
    """A tenant's alerts and who hears of them.

    Attributes:
        now: moved by hand; None: the time that it is.
    """

    engine: Engine
    now: datetime | None = NOON
    sendings: list[Sending] = field(default_factory=list)

    def clock(self) -> datetime:
        return self.now or utc_now()

    def pass_time(self, **span: float) -> None:
        assert self.now
        self.now += timedelta(**span)

    def work(self, actor: Actor = SRE) -> AbstractContextManager[Work]:
        return begin(self.engine, actor, self.clock)

    def apply(self, text: str) -> Version:
        with self.work() as work:
            return configuring.apply(work, "acme", text)

    def push(self, *labels: Mapping[str, str], resolved: bool = False, **said: str) -> None:
        now = self.clock()
        pushes = [
            Push(
                labels={"alertname": "Down", **one},
                annotations={"summary": "it is down", **said},
                starts_at=now,
                ends_at=now if resolved else now + timedelta(hours=1),
                guessed=False,
            )
            for one in labels
        ]
        with self.work() as work:
            pushing.push(work, "acme", pushes)

    def silence(self, matchers: str) -> Silence:
        ends_at = self.clock() + timedelta(hours=1)
        with self.work() as work:
            wanted = Wanted(matchers=parse(matchers), ends_at=ends_at, comment="at work")
            return silences.silence(work, "acme", wanted)

    def dispatcher(self) -> Dispatcher:
        return Dispatcher(engine=self.engine, clock=self.clock, url=URL)

    def sending(self, per_minute: int = 10_000) -> Sending:
        made = Sending(
            engine=self.engine,
            clock=self.clock,
            notifier=HttpNotifier("127.0.0.0/8"),
            per_minute=per_minute,
        )
        self.sendings.append(made)
        return made

    def settle(self, sending: Sending | None = None) -> None:
        """Do all that is due, to its end."""
        pushing.expire(self.engine, self.clock)
        while self.dispatcher().beat():
            pass
        own = sending or (self.sendings[0] if self.sendings else self.sending())
        while own.beat() or own.running:
            own.wait(0.05)

    def close(self) -> None:
        for one in self.sendings:
            one.close()
            assert isinstance(one.notifier, HttpNotifier)
            one.notifier.close()

    @contextmanager
    def running(self) -> Iterator[None]:
        """As a worker: its pulses, until the block ends."""
        stop, sending, dispatcher = Event(), self.sending(), self.dispatcher()
        beats = {
            "expire": (0.1, lambda: pushing.expire(self.engine, self.clock)),
            "dispatch": (0.05, dispatcher.beat),
            "notify": (0.02, sending.beat),
        }
        pulses = [
            Pulse(name=name, every_s=every, beat=beat, stop=stop)
            for name, (every, beat) in beats.items()
        ]
        for one in pulses:
            one.start()
        try:
            yield
        finally:
            stop.set()
            for one in pulses:
                one.join(10)
