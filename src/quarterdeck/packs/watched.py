"""Environments and services as packs declare them; named TENANT/ENVIRONMENT[/SERVICE]."""

from collections.abc import Mapping
from typing import Any

import msgspec

from quarterdeck.kernel.ids import TenantId
from quarterdeck.kernel.work import TenantNotFound, Work
from quarterdeck.operations.health.model.registry import (
    Environment,
    FactValue,
    Link,
    NoSuchEnvironment,
    Probe,
    ProbeKind,
    Service,
)
from quarterdeck.operations.health.service import registry
from quarterdeck.packs.naming import parts

Spec = Mapping[str, Any]
ENVIRONMENT, SERVICE = "TENANT/ENVIRONMENT", "TENANT/ENVIRONMENT/SERVICE"


class LinkSpec(msgspec.Struct, forbid_unknown_fields=True):
    """A place to look at."""

    title: str
    url: str

    def __post_init__(self) -> None:
        """Refuse what is no address."""
        Link(title=self.title, url=self.url)


class EnvironmentSpec(msgspec.Struct, forbid_unknown_fields=True):
    """What is known of an environment."""

    title: str = ""
    facts: dict[str, FactValue] = {}
    links: list[LinkSpec] = []


class ProbeSpec(msgspec.Struct, forbid_unknown_fields=True):
    """One way to see how a service is."""

    name: str
    kind: ProbeKind
    target: str
    stage: str = "ready"
    timeout_s: float = 5.0
    slow_ms: float | None = None
    failures: int = 2

    def __post_init__(self) -> None:
        """Refuse what no probe can be."""
        Probe(**msgspec.structs.asdict(self))


class ServiceSpec(msgspec.Struct, forbid_unknown_fields=True):
    """An entry of the registry."""

    title: str = ""
    group: str = ""
    region: str = ""
    base_url: str = ""
    period_s: int = 10
    open: bool = False
    depends_on: list[str] = []
    probes: list[ProbeSpec] = []


def environment(work: Work, name: str) -> Spec | None:
    """What is known of the environment of that name, as a spec."""
    tenant, place = parts(name, ENVIRONMENT)
    try:
        found = registry.environment_of(work, tenant, place)
    except (NoSuchEnvironment, TenantNotFound):
        return None
    return _plain(found, EnvironmentSpec)


def put_environment(work: Work, name: str, spec: EnvironmentSpec) -> None:
    """Describe the environment of that name."""
    tenant, place = parts(name, ENVIRONMENT)
    links = tuple(Link(title=one.title, url=one.url) for one in spec.links)
    registry.describe(
        work,
        Environment(
            tenant=TenantId(tenant), name=place, title=spec.title, facts=spec.facts, links=links
        ),
    )


def environment_names(work: Work) -> list[str]:
    """Every environment that is described."""
    return [f"{one.tenant}/{one.name}" for one in registry.environments(work)]


def service(work: Work, name: str) -> Spec | None:
    """The entry of the service of that name, as a spec."""
    tenant, place, called = parts(name, SERVICE)
    try:
        found = registry.standings(work, tenant=tenant, environment=place)
    except TenantNotFound:
        return None
    mine = next((one.service for one in found if one.service.name == called), None)
    return None if mine is None else _plain(mine, ServiceSpec)


def put_service(work: Work, name: str, spec: ServiceSpec) -> None:
    """Register the service of that name."""
    tenant, place, called = parts(name, SERVICE)
    said = msgspec.structs.asdict(spec) | {
        "depends_on": tuple(spec.depends_on),
        "probes": tuple(Probe(**msgspec.structs.asdict(one)) for one in spec.probes),
    }
    registry.register(
        work, Service(tenant=TenantId(tenant), environment=place, name=called, **said)
    )


def service_names(work: Work) -> list[str]:
    """Every service that is registered."""
    found = (one.service for one in registry.standings(work))
    return [f"{one.tenant}/{one.environment}/{one.name}" for one in found]


def _plain(found: Environment | Service, form: type[msgspec.Struct]) -> Spec:
    known = {one.name for one in msgspec.structs.fields(form)}
    said = {key: value for key, value in msgspec.to_builtins(found).items() if key in known}
    # By way of the form: lists and tuples are the same in YAML, and not in Python.
    plain: Spec = msgspec.to_builtins(msgspec.convert(said, form))
    return plain
