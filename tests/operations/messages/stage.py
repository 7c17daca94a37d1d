"""Where the tests of messages play: a tenant with channels, and sinks where they come out."""

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Engine, update

from quarterdeck.access.principals.model import installation
from quarterdeck.access.tenants import service as tenants
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.settings import Settings
from quarterdeck.kernel.work import Work, begin
from quarterdeck.operations.channels.model.channel import Channel, Kind
from quarterdeck.operations.channels.service import keeping
from quarterdeck.operations.messages.model import (
    Address,
    Content,
    Filter,
    Message,
    Posted,
    Urgency,
    Where,
)
from quarterdeck.operations.messages.ports import Outlet
from quarterdeck.operations.messages.service import looking
from quarterdeck.operations.messages.service.parcels import Bundle
from quarterdeck.operations.messages.service.posting import post
from quarterdeck.operations.messages.service.sending import open_sending
from quarterdeck.operations.messages.store.table import messages
from quarterdeck.operations.sending.service import Loop
from quarterdeck.providers.sealing.safe import KeySafe
from quarterdeck.providers.webhook.sender import HttpSender
from quarterdeck.trail.keys.keystore import KeyStore
from quarterdeck.wiring.telling import outlet
from servers.mail import MailBox
from servers.sink import Sink

KEY = "R0123456789abcdefghijklmnopqrstuv"
LOOPBACK = "127.0.0.0/8"
BOT = "xoxb-1-abc"
SIGNING = "a secret of some length"


@dataclass
class Stage:
    """A tenant ``acme`` and what it is told.

    Attributes:
        now: moved by hand; None: the time that it is.
        slack_url: of Slack's Web API; empty: the sink plays it.
    """

    engine: Engine
    keys: KeyStore
    sink: Sink
    box: MailBox
    now: datetime | None = None
    slack_url: str = ""
    senders: list[HttpSender] = field(default_factory=list)
    loops: list[Loop[Bundle]] = field(default_factory=list)

    def __post_init__(self) -> None:
        with self.work() as work:
            tenants.create(work, "acme", "Acme")

    def clock(self) -> datetime:
        return self.now or utc_now()

    def work(self) -> AbstractContextManager[Work]:
        return begin(self.engine, installation(), self.clock)

    def outlet(self) -> Outlet:
        settings = Settings(
            smtp_host="127.0.0.1",
            smtp_port=self.box.port,
            smtp_tls="none",
            smtp_from="Quarterdeck <quarterdeck@acme.example>",
            slack_url=self.slack_url or f"{self.sink.url}/api",
            pagerduty_url=self.sink.url,
            webhook_networks=LOOPBACK,
        )
        sender = HttpSender(LOOPBACK)
        self.senders.append(sender)
        return outlet(settings, self.keys, sender)

    def channel(self, name: str, kind: Kind, secret: str = "", **more: object) -> None:
        made = Channel(name=name, kind=kind, **more)  # type: ignore[arg-type]  # of a channel
        with self.work() as work:
            keeping.put(work, "acme", made, secret=secret, safe=KeySafe(self.keys))

    def channels(self) -> None:
        """One of each kind, under the name of its kind; and one by a bot's token."""
        url = self.sink.url
        self.channel("slack", Kind.SLACK, f"{url}/slack", place="#acme-ops", mention=True)
        self.channel("bot", Kind.SLACK, BOT, place="#acme-bot")
        self.channel("teams", Kind.TEAMS, f"{url}/teams", place="Acme Operations")
        self.channel("pagerduty", Kind.PAGERDUTY, KEY, place="acme-oncall")
        self.channel("webhook", Kind.WEBHOOK, SIGNING, url=f"{url}/hook")
        self.channel("mail", Kind.EMAIL, to=("ops@acme.example", "lead@acme.example"))

    def post(
        self,
        *to: str,
        key: str = "k-1",
        about: str = "page/1",
        urgency: Urgency = Urgency.PROMPT,
        where: Where = Where.CHANNEL,
        **content: str,
    ) -> list[Posted]:
        said = Content(**{"title": "Database down", **content})  # type: ignore[arg-type]  # words
        with self.work() as work:
            return post(
                work,
                "acme",
                [Address(where=where, name=one) for one in to],
                said,
                key=key,
                about=about,
                urgency=urgency,
            )

    def sending(self) -> Loop[Bundle]:
        made = open_sending(self.engine, self.clock, self.outlet())
        self.loops.append(made)
        return made

    def settle(self, loop: Loop[Bundle] | None = None) -> None:
        """Do all that is due, to its end."""
        own = loop or (self.loops[0] if self.loops else self.sending())
        while own.beat() or own.running:
            own.wait(0.05)

    def due_now(self, state: str = "waiting") -> None:
        """What waits for its next attempt, by the database's clock, waits no longer."""
        with self.engine.begin() as db:
            db.execute(update(messages).where(messages.c.state == state).values(due_at=0))

    def all(self, *states: str) -> list[Message]:
        """Messages in their order."""
        with self.work() as work:
            return looking.listed(work, "acme", Filter(states=states))[::-1]

    def states(self) -> list[str]:
        return [one.state for one in self.all()]

    def pass_time(self, **span: float) -> None:
        assert self.now
        self.now += timedelta(**span)

    def close(self) -> None:
        for loop in self.loops:
            loop.close()
        for sender in self.senders:
            sender.close()
