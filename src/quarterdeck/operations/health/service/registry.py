"""What people do with the registry, and what they ask of it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection

from quarterdeck.access.tenants import service as access
from quarterdeck.events.health import (
    EnvironmentDescribed,
    EnvironmentRemoved,
    ServiceLostFromSight,
    ServiceRegistered,
    ServiceRemoved,
)
from quarterdeck.kernel import schedules
from quarterdeck.kernel.ids import PLATFORM, TenantId
from quarterdeck.kernel.schedules import Schedule
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.health.model.history import Bucket, Change
from quarterdeck.operations.health.model.registry import (
    INSTALLATION,
    Environment,
    EnvironmentInUse,
    FactValue,
    NoSuchEnvironment,
    NoSuchService,
    Service,
)
from quarterdeck.operations.health.model.state import Standing, State
from quarterdeck.operations.health.model.tree import causes
from quarterdeck.operations.health.store import looks
from quarterdeck.operations.health.store import registry as store

READ, WRITE = "health:read", "services:write"
CHECK = "operations.health_check"
CHECKED_EVERY = timedelta(hours=24)
SHOWN_CHANGES = 200
MOST = 1000
"""Services shown at once; the last of their environments is shown whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A service in the tree of its environment.

    Attributes:
        because_of: sick services that explain it; none: it is a root, or not sick.
        breaks: sick services that it explains.
    """

    standing: Standing
    because_of: tuple[str, ...]
    breaks: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Services by tenant, environment and name; ``more``: there are others after them."""

    every: list[Place]
    more: bool


def register(work: Work, service: Service) -> None:
    """Enter a service, or change its entry. Twice is once.

    Raises:
        OpenNameTaken: another open service of this installation bears its name.
    """
    tenants = work.require(WRITE, service.tenant)
    _require_tenant(work, service.tenant)
    before = store.one_standing(work.db, tenants, service.environment, service.name)
    if not store.put(work.db, tenants, service, work.new_id(), work.now):
        return
    spec = msgspec.json.encode(service, order="sorted")
    work.publish(
        ServiceRegistered(
            tenant=service.tenant,
            environment=service.environment,
            service=service.name,
            digest=hashlib.sha256(spec).hexdigest(),
        )
    )
    _watch_daily(work, service.tenant, service.environment)
    if before is not None and not service.probes:
        _tell_lost(work, before[1])


def remove(work: Work, tenant: str, environment: str, name: str) -> None:
    """Take a service out of the registry, its history with it."""
    tenants = work.require(WRITE, tenant)
    if not store.remove(work.db, tenants, environment, name):
        raise _no_service(tenant, environment, name)
    work.publish(ServiceRemoved(tenant=TenantId(tenant), environment=environment, service=name))
    if not store.all_standing(work.db, tenants, environment=environment, limit=1):
        schedules.drop(work.db, _schedule(tenant, environment).name)


def describe(work: Work, environment: Environment) -> None:
    """Set title, facts and links of an environment, instead of those before. Twice is once."""
    tenants = work.require(WRITE, environment.tenant)
    _require_tenant(work, environment.tenant)
    if environment in store.described(work.db, tenants, environment.name):
        return
    store.describe(work.db, environment, work.now)
    spec = msgspec.json.encode(environment, order="sorted")
    work.publish(
        EnvironmentDescribed(
            tenant=environment.tenant,
            environment=environment.name,
            digest=hashlib.sha256(spec).hexdigest(),
        )
    )


def forget_environment(work: Work, tenant: str, name: str) -> None:
    """Remove an environment that has no services any more.

    Raises:
        EnvironmentInUse: it has some.
    """
    tenants = work.require(WRITE, tenant)
    if store.all_standing(work.db, tenants, environment=name, limit=1):
        raise EnvironmentInUse(f"{name} has services still; remove them first")
    if not store.forget(work.db, tenants, name):
        raise NoSuchEnvironment(f"no environment {name[:80]} of {tenant[:80]}")
    work.publish(EnvironmentRemoved(tenant=TenantId(tenant), environment=name))


def environments(work: Work, tenant: str = "") -> list[Environment]:
    """Environments by tenant and name: described ones, and those that only have services."""
    tenants = work.require(READ, tenant) if tenant else work.tenants(READ)
    known = {(e.tenant, e.name): e for e in store.described(work.db, tenants)}
    for standing in store.all_standing(work.db, tenants):
        key = (standing.service.tenant, standing.service.environment)
        known.setdefault(key, Environment(tenant=key[0], name=key[1]))
    return [known[key] for key in sorted(known)]


def environment_of(work: Work, tenant: str, name: str) -> Environment:
    """One environment; raise NoSuchEnvironment if there is none."""
    work.require(READ, tenant)
    found = next((e for e in environments(work, tenant) if e.name == name), None)
    if found is None:
        raise NoSuchEnvironment(f"no environment {name[:80]} of {tenant[:80]}")
    return found


def facts_of(work: Work, tenant: str, name: str) -> Mapping[str, FactValue]:
    """What commands need to know of an environment."""
    return environment_of(work, tenant, name).facts


def standings(
    work: Work,
    *,
    tenant: str = "",
    environment: str = "",
    after: tuple[str, str, str] | None = None,
    limit: int | None = None,
) -> list[Standing]:
    """Services with how they are, by tenant, environment and name."""
    tenants = work.require(READ, tenant) if tenant else work.tenants(READ)
    return store.all_standing(work.db, tenants, environment=environment, after=after, limit=limit)


def every_of(db: Connection, tenants: Tenants) -> list[Standing]:
    """Every service of these tenants with how it is; in no person's name."""
    return store.all_standing(db, tenants)


def places(work: Work, *, tenant: str = "", environment: str = "") -> Places:
    """Services in their trees: what is sick because of what, as it stands now."""
    found = standings(work, tenant=tenant, environment=environment, limit=MOST)
    rest: list[Standing] = []
    if len(found) == MOST:
        last = found[-1].service
        found += standings(work, tenant=last.tenant, environment=last.environment, after=_key(last))
        after = _key(found[-1].service)
        rest = standings(work, tenant=tenant, environment=environment, after=after, limit=1)
    by_environment: dict[tuple[str, str], list[Standing]] = {}
    for one in found:
        by_environment.setdefault(_key(one.service)[:2], []).append(one)
    every = [place for group in by_environment.values() for place in _placed(group)]
    return Places(every=every, more=bool(rest))


def place_of(work: Work, tenant: str, environment: str, name: str) -> Place:
    """One service in its tree; raise NoSuchService if there is none."""
    tenants = work.require(READ, tenant)
    found = _placed(store.all_standing(work.db, tenants, environment=environment))
    one = next((p for p in found if p.standing.service.name == name), None)
    if one is None:
        raise _no_service(tenant, environment, name)
    return one


def registered(work: Work, tenant: str, environment: str, name: str) -> Place:
    """What ``register`` made, for who may write but not read."""
    tenants = work.require(WRITE, tenant)
    group = store.all_standing(work.db, tenants, environment=environment)
    return next(place for place in _placed(group) if place.standing.service.name == name)


def history(
    work: Work, tenant: str, environment: str, name: str, since: datetime
) -> tuple[list[Change], list[Bucket]]:
    """How a service changed since then, newest first, and how looks at it went, oldest first."""
    tenants = work.require(READ, tenant)
    found = store.one_standing(work.db, tenants, environment, name)
    if found is None:
        raise _no_service(tenant, environment, name)
    changed = looks.changes_of(work.db, tenants, found[0], since, SHOWN_CHANGES)
    return changed, looks.buckets_of(work.db, tenants, found[0], since, work.now)


def open_health(work: Work, name: str) -> Standing | None:
    """The service that shows its health under ``name`` to whoever asks, if one does.

    No permission: such a service was registered to be seen.
    """
    return store.open_standing(work.db, name)


def _key(service: Service) -> tuple[str, str, str]:
    return service.tenant, service.environment, service.name


def _placed(group: list[Standing]) -> list[Place]:
    states = {one.service.name: one.state for one in group}
    edges = {one.service.name: one.service.depends_on for one in group}
    blame = causes(edges, states)
    return [
        Place(
            standing=one,
            because_of=blame.get(one.service.name, ()),
            breaks=tuple(sorted(n for n, why in blame.items() if one.service.name in why)),
        )
        for one in group
    ]


def _watch_daily(work: Work, tenant: str, environment: str) -> None:
    schedules.put(work.db, work.now, _schedule(tenant, environment))


def _schedule(tenant: str, environment: str) -> Schedule:
    named = f"health-check:{tenant}:{environment}"
    return Schedule(
        name=named,
        kind=CHECK,
        tenant=tenant,
        every=CHECKED_EVERY,
        dedup=named,
        body={"environment": environment},
    )


def own_schedule() -> Schedule:
    """The daily check of this installation's own roles (runbook 000, section 1.1)."""
    return _schedule(PLATFORM, INSTALLATION)


def _tell_lost(work: Work, before: Standing) -> None:
    if before.state is State.UNKNOWN:
        return
    work.publish(
        ServiceLostFromSight(
            tenant=before.service.tenant,
            environment=before.service.environment,
            service=before.service.name,
            region=before.service.region,
            was=before.state.value,
            reason="it has no probe any more",
        )
    )


def _require_tenant(work: Work, tenant: str) -> None:
    if tenant != PLATFORM:
        access.require_open(work, TenantId(tenant))


def _no_service(tenant: str, environment: str, name: str) -> NoSuchService:
    return NoSuchService(f"no service {name[:80]} in {environment[:80]} of {tenant[:80]}")
