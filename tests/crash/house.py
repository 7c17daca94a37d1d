"""A tenant whose alerts page people, and a worker that does all that pages need, in one thread."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic

from sqlalchemy import Engine, Select, Table, func, select, update

from crash.points import Points
from crash.receivers import Receivers
from crash.scenarios import Inline
from quarterdeck.access.principals.model import installation
from quarterdeck.access.tenants import service as tenants
from quarterdeck.kernel import deliveries
from quarterdeck.kernel.db import now_micros, reading, writing
from quarterdeck.kernel.settings import Settings
from quarterdeck.kernel.work import Actor, begin
from quarterdeck.operations.alerts import hearing as alerts
from quarterdeck.operations.alerts.pushed import Push
from quarterdeck.operations.alerts.service import pushing
from quarterdeck.operations.channels.model.channel import Channel, Kind
from quarterdeck.operations.channels.service import keeping
from quarterdeck.operations.escalation import hearing as escalation
from quarterdeck.operations.escalation.document import target
from quarterdeck.operations.escalation.model.faults import PageEnded
from quarterdeck.operations.escalation.service import answering, policies
from quarterdeck.operations.escalation.service import looking as pages
from quarterdeck.operations.escalation.service.timing import Timers
from quarterdeck.operations.escalation.service.watching import Auditor
from quarterdeck.operations.escalation.store import pages as page_store
from quarterdeck.operations.messages.ports import Carrier, Outlet, Parcel
from quarterdeck.operations.messages.service.parcels import Bundle
from quarterdeck.operations.messages.service.sending import open_sending
from quarterdeck.operations.messages.store.table import messages
from quarterdeck.operations.oncall.service import writing as oncall
from quarterdeck.operations.routing.model import Webhook
from quarterdeck.operations.routing.ports import Notifier
from quarterdeck.operations.routing.service import configuring, placing
from quarterdeck.operations.routing.service.dispatching import Dispatcher
from quarterdeck.operations.routing.service.sending import Sending
from quarterdeck.operations.routing.store import groups
from quarterdeck.operations.routing.store.table import notifications
from quarterdeck.operations.sending.model import Reply
from quarterdeck.operations.sending.service import Loop
from quarterdeck.providers.sealing.safe import KeySafe
from quarterdeck.providers.webhook.notifier import HttpNotifier
from quarterdeck.providers.webhook.sender import HttpSender
from quarterdeck.trail.keys.keystore import KeyStore
from quarterdeck.wiring.telling import outlet
from quarterdeck.worker.delivery import deliver_all

NOON = datetime(2026, 1, 7, 12, tzinfo=UTC)
WITHIN_S = 20.0
ROUNDS = 4
LOOPBACK = "127.0.0.0/8"
ADA = Actor("ada", frozenset({("pages:acknowledge", "acme"), ("pages:read", "acme")}))
ROUTING_KEY, SIGNING = "R0123456789abcdefghijklmnopqrstuv", "a secret of some length"
SUBSCRIBERS = ("alerts", "escalation")
ROUTING = """\
route:
  receiver: pager
  group_by: [alertname]
  group_wait: 0s
  group_interval: 1m
receivers:
  - name: pager
    page_configs: [{{policy: incidents}}]
    webhook_configs: [{{url: "{url}/team"}}]
"""
ON_CALL = "zone: UTC\nlayers:\n  - {people: [ada@example.com], start: 2026-01-01}\n"
EMPTY = """\
zone: UTC
layers:
  - people: [ada@example.com]
    start: 2026-01-01
    hours: [{from: "03:00", until: "04:00"}]
"""
POLICY = """\
acknowledged_holds: 2h
levels:
  - name: L1
    targets: [schedule primary, channel pagerduty, channel slack, channel hook]
    engage_at: 0
  - {name: L2, targets: [schedule empty], engage_at: 30m}
  - {name: L3, targets: [mail boss@example.com], engage_at: 3h}
"""
TO_ADA = """\
levels:
  - {name: L1, targets: [mail ada@example.com], engage_at: 0}
  - {name: L2, targets: [mail boss@example.com], engage_at: 3h}
"""
TO_NOBODY = "levels:\n  - {name: L1, targets: [schedule empty], engage_at: 0}\n"


@dataclass(frozen=True, slots=True)
class Deadly:
    """A carrier before and behind which a process may die."""

    points: Points
    carrier: Carrier

    def carry(self, parcel: Parcel) -> Reply:
        """As the port says."""
        self.points.hit()
        reply = self.carrier.carry(parcel)
        self.points.hit()
        return reply


@dataclass(frozen=True, slots=True)
class DeadlyNotifier:
    """A notifier before and behind which a process may die."""

    points: Points
    notifier: Notifier

    def notify(self, to: Webhook, key: str, attempt: int, body: bytes) -> Reply:
        """As the port says."""
        self.points.hit()
        reply = self.notifier.notify(to, key, attempt, body)
        self.points.hit()
        return reply


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """The tenant, the people, and where they are told."""

    engine: Engine
    folder: Path
    receivers: Receivers

    def prepare(self, policy: str = POLICY) -> None:
        """In an empty database: a tenant whose alerts page people."""
        hooks = self.receivers.url
        with begin(self.engine, installation(), at(0)) as work:
            tenants.create(work, "acme", "Acme")
            for channel, secret in (
                (Channel(name="pagerduty", kind=Kind.PAGERDUTY), ROUTING_KEY),
                (Channel(name="slack", kind=Kind.SLACK, place="#acme"), f"{hooks}/slack"),
                (Channel(name="hook", kind=Kind.WEBHOOK, url=f"{hooks}/hook"), SIGNING),
            ):
                keeping.put(work, "acme", channel, secret=secret, safe=KeySafe(self._keys))
            oncall.apply(work, "acme", "primary", ON_CALL)
            oncall.apply(work, "acme", "empty", EMPTY)
            policies.apply(work, "acme", "incidents", policy)
            configuring.apply(work, "acme", ROUTING.format(url=hooks))

    def push(self, minutes: int, *, resolved: bool = False) -> None:
        """Have an alert begin, or end: whoever pushes does so until it is answered."""
        now = at(minutes)()
        push = Push(
            labels={"alertname": "Down", "severity": "critical"},
            annotations={"summary": "it is down"},
            starts_at=NOON,
            ends_at=now if resolved else now + timedelta(hours=9),
            guessed=False,
        )
        with begin(self.engine, installation(), at(minutes)) as work:
            pushing.push(work, "acme", [push])

    def acknowledge(self, minutes: int) -> None:
        """Have ada answer whatever page is open."""
        with begin(self.engine, ADA, at(minutes)) as work:
            for page in pages.listed(work, "acme"):
                with suppress(PageEnded):
                    answering.acknowledge(work, page.id)

    def work(self, minutes: int, points: Points) -> None:
        """Do all that a worker does at that time; each time in the same order."""
        with self.worker(minutes, points) as turn:
            for _ in range(ROUNDS):
                turn()
        assert not self.left(minutes), f"there is more to do: {self.left(minutes)}"

    def finish(self, minutes: int, points: Points) -> None:
        """As ``work``, beside another, until nothing is left."""
        ends = monotonic() + WITHIN_S
        with self.worker(minutes, points) as turn:
            while left := self.left(minutes):
                assert monotonic() < ends, f"not taken over: {left}"
                turn()

    def audit(self, minutes: int, points: Points) -> None:
        """Look after the pages, in place of a worker that is dead, and send what is late."""
        with self._sending(minutes, points) as (told, _):
            Auditor(
                engine=self.engine,
                clock=at(minutes),
                url="",
                fallback=target("mail outside@example.com"),
                send=lambda: _all(told.beat),
            ).beat()

    @contextmanager
    def worker(self, minutes: int, points: Points) -> Iterator[Callable[[], None]]:
        """What does one turn of everything, at that time."""
        clock = at(minutes)
        dispatcher = Dispatcher(engine=self.engine, clock=clock, url="")
        timers = Timers(engine=self.engine, clock=clock, url="")
        to = [alerts.subscriber(), escalation.subscriber()]
        with self._sending(minutes, points) as (told, notified):

            def turn() -> None:
                pushing.expire(self.engine, clock)
                _all(dispatcher.beat)
                timers.beat()
                _all(told.beat)
                _all(notified.beat)
                deliver_all(self.engine, clock, to)

            yield turn

    @contextmanager
    def _sending(self, minutes: int, points: Points) -> Iterator[tuple[Loop[Bundle], Sending]]:
        settings = Settings(
            smtp_host="127.0.0.1",
            smtp_port=self.receivers.port,
            smtp_tls="none",
            smtp_from="quarterdeck@acme.example",
            pagerduty_url=self.receivers.url,
        )
        sender, notifier = HttpSender(LOOPBACK), HttpNotifier(LOOPBACK)
        ways = outlet(settings, self._keys, sender)
        deadly = {kind: Deadly(points, one) for kind, one in ways.carriers.items()}
        told = open_sending(self.engine, at(minutes), Outlet(carriers=deadly, safe=ways.safe))
        notified = Sending(
            engine=self.engine,
            clock=at(minutes),
            notifier=DeadlyNotifier(points, notifier),
            per_minute=10_000,
        )
        # In one thread: the order of statements is the same each time.
        for loop in (told, notified._loop):  # noqa: SLF001
            setattr(loop, "_pool", Inline())  # noqa: B010
        yield told, notified
        sender.close()
        notifier.close()

    def left(self, minutes: int) -> list[str]:
        """What is yet to do by that time."""
        now = at(minutes)()
        with reading(self.engine) as db:
            open_ = {
                "message": db.scalar(_open(messages)),
                "notification": db.scalar(_open(notifications)),
                "alert to place": placing.waiting(db),
                "group": groups.due(db, now),
                "step": page_store.due(db, now, 1),
            }
        late = {"fact": [one for one in SUBSCRIBERS if deliveries.behind(self.engine, one)]}
        return [what for what, many in (open_ | late).items() if many]

    def held_for_s(self) -> float:
        """For how long at most whoever died holds what it took."""
        ends = [select(func.max(t.c.due_at)).where(t.c.state == "sending") for t in OUT]
        with reading(self.engine) as db:
            now = db.scalar(select(now_micros())) or 0
            return max(0.0, *((db.scalar(one) or now) / 1e6 - now / 1e6 for one in ends))

    def lapse(self) -> None:
        """Have the leases of whoever died be over."""
        with writing(self.engine) as db:
            for table in OUT:
                db.execute(update(table).where(table.c.state == "sending").values(due_at=0))

    @property
    def _keys(self) -> KeyStore:
        return KeyStore(self.folder / "keys")


OUT = (messages, notifications)


def at(minutes: int) -> Callable[[], datetime]:
    """A clock that stands so many minutes after noon."""
    return lambda: NOON + timedelta(minutes=minutes)


def _open(table: Table) -> Select[int]:
    return select(func.count()).where(table.c.state.in_(("waiting", "sending")))


def _all(beat: Callable[[], object]) -> None:
    while beat():
        pass
