"""Services, their trees, history and checks as the API shows and takes them."""

from datetime import datetime
from typing import Any, Self

import msgspec
from pydantic import BaseModel, Field

from quarterdeck.kernel.ids import TenantId
from quarterdeck.operations.health.model.history import Bucket, Change, Checkup
from quarterdeck.operations.health.model.registry import (
    Environment,
    FactValue,
    Link,
    Probe,
    ProbeKind,
    Service,
)
from quarterdeck.operations.health.model.restarts import Means, Restart, Result
from quarterdeck.operations.health.model.state import Seen, State
from quarterdeck.operations.health.service.registry import Place, Places
from quarterdeck.web.bodies import Body


class ProbeBody(Body):
    """One way to see how a service is."""

    name: str
    kind: ProbeKind
    target: str = Field(description="An address, HOST:PORT, env:NAME or a command's name.")
    stage: str = Field("ready", description="live, ready or startup.")
    timeout_s: float = 5.0
    slow_ms: float | None = Field(None, description="From here on the service is degraded.")
    failures: int = Field(2, description="So many in a row, and the service is down.")

    def probe(self) -> Probe:
        """What it says."""
        return Probe(**self.model_dump())


class RestartBody(BaseModel):
    """An attempt to start a service again."""

    number: int = Field(description="Of the service's attempts, from 1.")
    at: datetime
    by: Means
    result: Result = Field(description="Whether the service came back, its probes say.")
    detail: str

    @classmethod
    def of(cls, one: Restart) -> Self:
        return cls(**{name: getattr(one, name) for name in cls.model_fields})


class Restarts(BaseModel):
    """Attempts, newest first."""

    restarts: list[RestartBody]


class ServiceBody(Body):
    """A service to register: all that its entry shall say."""

    title: str = ""
    group: str = Field("", description="What it is shown under.")
    region: str = ""
    base_url: str = Field("", description="Where its paths begin.")
    period_s: int = Field(10, description="Seconds between looks.")
    open: bool = Field(default=False, description="Show its health to all, at /health/NAME.")
    depends_on: list[str] = Field(default_factory=list)
    probes: list[ProbeBody] = Field(default_factory=list)

    def service(self, tenant: str, environment: str, name: str) -> Service:
        """The entry under its name."""
        said = self.model_dump(exclude={"probes", "depends_on"})
        return Service(
            tenant=TenantId(tenant),
            environment=environment,
            name=name,
            depends_on=tuple(self.depends_on),
            probes=tuple(probe.probe() for probe in self.probes),
            **said,
        )


class SeenBody(BaseModel):
    """What a probe saw last."""

    probe: str
    state: State
    detail: str
    took_ms: float
    failed: int = Field(description="Looks in a row that failed.")
    at: datetime
    days: float | None = Field(description="Of a certificate, until it expires.")

    @classmethod
    def of(cls, probe: str, seen: Seen) -> Self:
        return cls(
            probe=probe,
            state=seen.state,
            detail=seen.detail,
            took_ms=round(seen.took_ms, 3),
            failed=seen.failed,
            at=seen.at,
            days=seen.days,
        )


class ServiceRow(BaseModel):
    """A service with how it is."""

    tenant: str
    environment: str
    service: str
    title: str
    group: str
    region: str
    base_url: str
    period_s: int
    open: bool
    depends_on: list[str]
    probes: list[dict[str, Any]]
    state: State
    since: datetime
    looked_at: datetime | None = Field(description="Null where nobody ever looked.")
    reason: str
    because_of: list[str] = Field(description="Sick services that explain it; none: a root.")
    breaks: list[str] = Field(description="Sick services that it explains.")
    seen: list[SeenBody]

    @classmethod
    def of(cls, place: Place) -> Self:
        standing, service = place.standing, place.standing.service
        said = msgspec.to_builtins(service)
        return cls(
            service=service.name,
            state=standing.state,
            since=standing.since,
            looked_at=standing.looked_at,
            reason=standing.reason,
            because_of=list(place.because_of),
            breaks=list(place.breaks),
            seen=[SeenBody.of(name, seen) for name, seen in standing.seen.items()],
            **{key: value for key, value in said.items() if key != "name"},
        )


MORE = "Whether there are others: ask by tenant, or by environment."


class Services(BaseModel):
    """Services by tenant, environment and name."""

    services: list[ServiceRow]
    more: bool = Field(description=MORE)


class ChangeBody(BaseModel):
    """A service went from one state into another."""

    at: datetime
    state: State
    was: State
    reason: str
    because_of: list[str]

    @classmethod
    def of(cls, change: Change) -> Self:
        return cls(
            at=change.at,
            state=change.state,
            was=change.was,
            reason=change.reason,
            because_of=list(change.because_of),
        )


class BucketBody(BaseModel):
    """Looks of one probe within five minutes."""

    probe: str
    at: datetime
    looks: int
    failed: int
    mean_ms: float
    most_ms: float

    @classmethod
    def of(cls, bucket: Bucket) -> Self:
        return cls(
            probe=bucket.probe,
            at=bucket.at,
            looks=bucket.looks,
            failed=bucket.failed,
            mean_ms=round(bucket.mean_ms, 3),
            most_ms=round(bucket.most_ms, 3),
        )


class History(BaseModel):
    """How a service was: its changes, newest first; its looks, oldest first."""

    changes: list[ChangeBody]
    looks: list[BucketBody] = Field(description="Five minutes without a look have no row.")


class LinkBody(Body):
    """A place to look at."""

    title: str
    url: str


class EnvironmentBody(Body):
    """What is known of an environment: all that its description shall say."""

    title: str = ""
    facts: dict[str, FactValue] = Field(default_factory=dict, description="No secrets.")
    links: list[LinkBody] = Field(default_factory=list)

    def environment(self, tenant: str, name: str) -> Environment:
        """The description under its name."""
        return Environment(
            tenant=TenantId(tenant),
            name=name,
            title=self.title,
            facts=self.facts,
            links=tuple(Link(title=link.title, url=link.url) for link in self.links),
        )


class EnvironmentRow(BaseModel):
    """An environment and what is known of it."""

    tenant: str
    environment: str
    title: str
    facts: dict[str, FactValue]
    links: list[LinkBody]

    @classmethod
    def of(cls, one: Environment) -> Self:
        return cls(
            tenant=one.tenant,
            environment=one.name,
            title=one.title,
            facts=dict(one.facts),
            links=[LinkBody(title=link.title, url=link.url) for link in one.links],
        )


class Node(BaseModel):
    """A service in a topology."""

    id: str = Field(description="TENANT/ENVIRONMENT/SERVICE.")
    title: str
    region: str
    state: State
    registered: bool = Field(description="False: others depend on it, and no entry says more.")


class Edge(BaseModel):
    """One service depends on another."""

    service: str
    depends_on: str


class Topology(BaseModel):
    """All services and who depends on whom."""

    nodes: list[Node]
    edges: list[Edge]
    more: bool = Field(description=MORE)

    @classmethod
    def of(cls, places: Places) -> Self:
        nodes, edges = {}, []
        for place in places.every:
            service = place.standing.service
            prefix = f"{service.tenant}/{service.environment}"
            own = f"{prefix}/{service.name}"
            nodes[own] = Node(
                id=own,
                title=service.title or service.name,
                region=service.region,
                state=place.standing.state,
                registered=True,
            )
            edges += [Edge(service=own, depends_on=f"{prefix}/{n}") for n in service.depends_on]
        for edge in edges:
            name = edge.depends_on
            if name not in nodes:
                words = name.rpartition("/")[2]
                nodes[name] = Node(
                    id=name, title=words, region="", state=State.UNKNOWN, registered=False
                )
        return cls(nodes=[nodes[key] for key in sorted(nodes)], edges=edges, more=places.more)


class ComponentBody(BaseModel):
    """One component as a health check found it."""

    component: str
    state: State
    detail: str
    took_ms: float


class CheckupBody(BaseModel):
    """A health check and what it found."""

    id: str
    tenant: str
    environment: str
    at: datetime
    took_ms: float
    state: State = Field(description="Of the worst component.")
    by: str
    failing: list[str] = Field(description="The components that are not healthy.")
    components: list[ComponentBody]

    @classmethod
    def of(cls, one: Checkup) -> Self:
        return cls(
            id=one.id,
            tenant=one.tenant,
            environment=one.environment,
            at=one.at,
            took_ms=round(one.took_ms, 3),
            state=one.state,
            by=one.by,
            failing=one.failing,
            components=[
                ComponentBody(
                    component=c.name, state=c.state, detail=c.detail, took_ms=round(c.took_ms, 3)
                )
                for c in one.components
            ],
        )


class Checkups(BaseModel):
    """Health checks, newest first."""

    checks: list[CheckupBody]


class CheckOrder(Body):
    """What to look at now."""

    environment: str = Field("installation", description="installation: what runs here itself.")
    tenant: str = Field("", description="Where several tenants have such an environment.")
    components: list[str] = Field(default_factory=list, max_length=500, description="None: all.")
