"""A tenant with incidents, and a clock that is moved by hand."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine

from quarterdeck.access.principals.model import installation
from quarterdeck.access.tenants import service as tenants
from quarterdeck.kernel import outbox
from quarterdeck.kernel.deliveries import Subscriber, behind, deliver
from quarterdeck.kernel.work import Actor, Work, begin
from quarterdeck.operations.channels.model.channel import Channel, Kind
from quarterdeck.operations.channels.service import keeping as channels
from quarterdeck.operations.incidents import hearing
from quarterdeck.operations.incidents.model.incident import Impact, Incident, Role
from quarterdeck.operations.incidents.model.timeline import Wrote
from quarterdeck.operations.incidents.service import declaring, describing, looking, roles
from quarterdeck.operations.incidents.service.watching import Watch
from quarterdeck.operations.messages.service import looking as messages

NOON = datetime(2025, 10, 30, 14, 32, tzinfo=UTC)
EAR: Subscriber = hearing.subscriber()


@dataclass
class Bridge:
    """Where incidents are led from: acts as the installation, unless rights are named."""

    engine: Engine
    now: datetime = NOON

    def __post_init__(self) -> None:
        with self.working() as work:
            for tenant in ("acme", "beta"):
                tenants.create(work, tenant, tenant.title())

    def clock(self) -> datetime:
        return self.now

    def pass_time(self, **span: float) -> None:
        self.now += timedelta(**span)

    @contextmanager
    def working(self, *rights: str, who: str = "p-1") -> Iterator[Work]:
        actor = Actor(who, frozenset((right, "acme") for right in rights))
        with begin(self.engine, actor if rights else installation(), self.clock) as work:
            yield work

    def channel(self, name: str) -> None:
        with self.working() as work:
            made = Channel(name=name, kind=Kind.WEBHOOK, url="https://chat.example/")
            channels.put(work, "acme", made)

    def declare(self, **said: object) -> Incident:
        usual: dict[str, Any] = {"tenant": "acme", "symptom": "High Latency", "severity": "SEV-2"}
        usual |= {"service": "Ingestion Service", "tenants": ("acme",)}
        with self.working() as work:
            return declaring.declare(work, declaring.Told(**usual | said))[0]

    def triage(self, incident: str) -> None:
        """Write down what triage asks for."""
        with self.working() as work:
            said = describing.Said(impact=Impact(users="slow"), tenants=("acme",))
            describing.describe(work, incident, said)
            roles.assign(work, incident, Role.TL, "tom")

    def one(self, incident: str) -> Incident:
        with self.working() as work:
            return looking.one(work, incident)

    def account(self, incident: str) -> looking.Account:
        with self.working() as work:
            return looking.account(work, incident)

    def lines(self, incident: str, *kinds: Wrote) -> list[str]:
        found = self.account(incident).timeline
        return [entry.text for entry in found if not kinds or entry.kind in kinds]

    def told(self, incident: str) -> list[str]:
        """What was told about it, as ``where: title``, in their alphabet's order."""
        with self.working() as work:
            own = work.require("incidents:read", "acme")
            found = messages.about(work.db, own, f"incident/{incident}")
            return sorted(f"{one.channel or one.address}: {one.content.title}" for one in found)

    def beat(self) -> None:
        Watch(engine=self.engine, clock=self.clock).beat()

    def hear(self) -> None:
        """Deliver to incidents whatever they have not heard."""
        while waiting := behind(self.engine, EAR.name):
            for tenant, place in waiting:
                deliver(self.engine, self.clock, EAR, tenant, place)

    def facts(self, *names: str) -> list[dict[str, Any]]:
        with self.engine.connect() as db:
            found = outbox.after(db, "acme", 0, 1000)
        return [one.payload for one in found if one.name in names]
