"""Where the tests of pages play: people on call, policies, timers, and an auditor."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Engine, update

from operations.oncall.stage import NOON, ROOT, Stage
from quarterdeck.kernel import outbox
from quarterdeck.kernel.work import Actor
from quarterdeck.operations.escalation.document import target
from quarterdeck.operations.escalation.model.page import Page, StepState, What
from quarterdeck.operations.escalation.service import answering, looking, opening, policies
from quarterdeck.operations.escalation.service.looking import Account
from quarterdeck.operations.escalation.service.timing import Timers
from quarterdeck.operations.escalation.service.watching import Auditor
from quarterdeck.operations.messages.service import looking as messages
from quarterdeck.operations.messages.store.table import messages as outbox_table

URL = "https://quarterdeck.example"
MINUTE = timedelta(minutes=1)
ONE = """\
zone: UTC
layers:
  - {{people: [{person}], start: 2026-01-01}}
"""
POLICY = """\
acknowledged_holds: 2h
levels:
  - name: L1
    targets: [schedule primary]
    notify_at: 0
    engage_at: 0
    repeat_every: 5m
    repeat_most: 2
  - name: L2
    title: Secondary
    targets: [schedule secondary]
    notify_at: {SEV-1: 0}
    engage_at: {SEV-1: 30m, SEV-2: 1h}
  - name: L3
    targets: [mail boss@example.com]
    by: [phone, mail]
    engage_at: {SEV-1: 2h}
    at_once_with: [major-outage]
"""
RIGHTS = ("pages:read", "pages:acknowledge", "pages:open")


@dataclass
class Desk:
    """A tenant with a policy of three levels, and a clock that one sets.

    Attributes:
        taken: whether what is sent is taken at once.
        sent_here: when the auditor sent what no worker did.
    """

    engine: Engine
    url: str = URL
    taken: bool = True
    sent_here: list[datetime] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.stage = Stage(self.engine, NOON)
        self.stage.apply(ONE.format(person="ada@example.com"), "primary")
        self.stage.apply(ONE.format(person="bob@example.com"), "secondary")
        self.apply()

    def apply(self, text: str = POLICY, name: str = "incidents", tenant: str = "acme") -> None:
        with self.stage.work() as work:
            policies.apply(work, tenant, name, text)

    def page(
        self,
        severity: str = "SEV-1",
        *flags: str,
        key: str = "k",
        about: str = "",
        alerts: Sequence[int] = (),
        policy: str = "incidents",
    ) -> Page:
        what = What(title="It is down", severity=severity, about=about, flags=frozenset(flags))
        with self.stage.work() as work:
            return opening.page(work, "acme", policy, what, key=key, alerts=alerts)

    def change(self, page: Page, severity: str = "", *flags: str) -> Page:
        with self.stage.work() as work:
            return opening.change(work, page, severity=severity, flags=frozenset(flags) or None)

    def acknowledge(self, page: Page, actor: Actor | None = None) -> Page:
        with self.stage.work(actor or self.ada) as work:
            return answering.acknowledge(work, page.id, eta_min=15)

    def resolve(self, page: Page) -> Page:
        with self.stage.work(self.ada) as work:
            return answering.resolve(work, page.id)

    @property
    def ada(self) -> Actor:
        return self.stage.actor("ada", *RIGHTS)

    def timers(self) -> Timers:
        return Timers(engine=self.engine, clock=self.stage.clock, url=self.url)

    def tick(self, minutes: float = 0) -> None:
        """Let so much time pass, and the timers do what is due then."""
        self.stage.pass_time(minutes=minutes)
        self.timers().beat()
        if self.taken:
            with self.engine.begin() as db:
                db.execute(update(outbox_table).values(state="sent"))

    def audit(self, fallback: str = "mail outside@example.com") -> int:
        return Auditor(
            engine=self.engine,
            clock=self.stage.clock,
            url=self.url,
            fallback=target(fallback),
            send=lambda: self.sent_here.append(self.stage.now),
        ).beat()

    def account(self, page: Page) -> Account:
        with self.stage.look(ROOT) as work:
            return looking.account(work, page.id)

    def told(self, page: Page) -> dict[str, list[str]]:
        """Who was told by each step that was told, in the order in which they were due."""
        steps = self.account(page).steps
        return {
            one.key: [each.who for each in one.told if each.message]
            for one in steps
            if one.state is StepState.TOLD
        }

    def states(self, page: Page) -> dict[str, str]:
        return {one.key: one.state.value for one in self.account(page).steps}

    def titles(self, page: Page) -> list[str]:
        """What was put into the outbox about a page."""
        sent = self.account(page).sent.values()
        return [f"{one.address}: {one.content.title}" for one in sent]

    def everything(self) -> list[str]:
        """What was put into the outbox for whomever."""
        with self.stage.look() as work:
            sent = messages.listed(work)
        return [f"{one.address}: {one.content.title}" for one in sent]

    def facts(self) -> list[str]:
        with self.engine.connect() as db:
            facts = outbox.after(db, "acme", 0, 1000)
        return [fact.name for fact in facts if fact.name.startswith("Page")]
