"""A tenant with a status page and a service, and a clock that is moved by hand."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine

from quarterdeck.access.principals.model import installation
from quarterdeck.access.tenants import service as tenants
from quarterdeck.events.health import (
    ServiceCameBack,
    ServiceDegraded,
    ServiceLostFromSight,
    ServiceWentDown,
)
from quarterdeck.kernel import outbox
from quarterdeck.kernel.deliveries import Subscriber, behind, deliver
from quarterdeck.kernel.ids import TenantId
from quarterdeck.kernel.work import ANY, Actor, Tenants, Work, begin, read
from quarterdeck.operations.health.model.registry import Probe, ProbeKind, Service
from quarterdeck.operations.health.service import registry
from quarterdeck.operations.messages.model import Message
from quarterdeck.operations.messages.service import looking as messages
from quarterdeck.operations.statuspage import hearing
from quarterdeck.operations.statuspage.model.component import Component, KeptComponent
from quarterdeck.operations.statuspage.model.page import StatusPage
from quarterdeck.operations.statuspage.model.post import Post
from quarterdeck.operations.statuspage.service import composing, keeping, posting, public, standing
from quarterdeck.operations.statuspage.service.linking import Links

NOON = datetime(2025, 10, 30, 12, tzinfo=UTC)
LINKS = Links(url="https://status.example", secret="of-the-tests-and-32-bytes-or-longer")
EVERYONE = Tenants(frozenset({ANY}))
EDGES = {
    "down": ServiceWentDown,
    "degraded": ServiceDegraded,
    "unknown": ServiceLostFromSight,
}


@dataclass
class Harbour:
    """Acts as the installation, unless rights are named."""

    engine: Engine
    now: datetime = NOON

    def __post_init__(self) -> None:
        self.ear: Subscriber = hearing.subscriber(LINKS)
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

    @contextmanager
    def looking(self) -> Iterator[Work]:
        with read(self.engine, installation(), self.clock) as work:
            yield work

    def page(self, tenant: str = "acme", *, published: bool = True) -> None:
        with self.working() as work:
            keeping.put(work, tenant, StatusPage(slug=tenant, title=tenant.title()))
            keeping.publish(work, tenant, shown=published)

    def component(self, name: str = "web", tenant: str = "acme", **said: object) -> KeptComponent:
        with self.working() as work:
            return composing.put(work, tenant, Component(name=name, title=name.title(), **said))[0]  # type: ignore[arg-type]

    def service(self, name: str = "web", tenant: str = "acme") -> None:
        probe = Probe(name="http", kind=ProbeKind.HTTP, target="https://web.example/")
        made = Service(tenant=TenantId(tenant), environment="prod", name=name, probes=(probe,))
        with self.working() as work:
            registry.register(work, made)

    def edge(self, state: str, service: str = "web", tenant: str = "acme") -> None:
        """Tell that a service is otherwise now, as its prober does."""
        said: dict[str, Any] = {
            "tenant": tenant,
            "environment": "prod",
            "service": service,
            "region": "",
            "was": "healthy",
            "reason": "http: connection to 10.0.0.7 refused",
        }
        with self.working() as work:
            kind = EDGES.get(state)
            work.publish(kind(**said) if kind else ServiceCameBack(**said, after_s=1.0))

    def hear(self) -> None:
        """Deliver to status pages whatever they have not heard."""
        while waiting := behind(self.engine, self.ear.name):
            for tenant, place in waiting:
                deliver(self.engine, self.clock, self.ear, tenant, place)

    def turn(self) -> None:
        standing.turn(self.engine, self.clock)

    def one(self, name: str = "web", tenant: str = "acme") -> KeptComponent:
        with self.looking() as work:
            return composing.one(work, tenant, name)

    def view(self, slug: str = "acme") -> public.View:
        with self.looking() as work:
            return public.view(work, public.published(work, slug))

    def post(self, **said: object) -> Post:
        usual: dict[str, Any] = {"title": "Slow", "text": "We are looking into it."}
        with self.working() as work:
            return posting.post(work, "acme", posting.NewPost(**usual | said))[0]

    def update(self, post: Post, **said: object) -> Post:
        with self.working() as work:
            return posting.update(work, "acme", post.id, posting.NewUpdate(**said))[0]  # type: ignore[arg-type]

    def mails(self) -> list[Message]:
        """What was told by mail, the oldest first."""
        with self.looking() as work:
            return sorted(messages.listed(work), key=lambda one: one.seq)

    def facts(self, *names: str, tenant: str = "acme") -> list[dict[str, Any]]:
        with self.engine.connect() as db:
            found = outbox.after(db, tenant, 0, 1000)
        return [one.payload for one in found if one.name in names]
