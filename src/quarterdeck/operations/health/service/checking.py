"""Health checks on demand and once a day, their results kept."""

from collections.abc import Iterable, Sequence

from quarterdeck.events.health import HealthChecked
from quarterdeck.kernel.errors import Invalid
from quarterdeck.kernel.ids import PLATFORM, TenantId
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.health.model.history import Checkup, Component
from quarterdeck.operations.health.model.registry import (
    INSTALLATION,
    NoSuchEnvironment,
    Service,
)
from quarterdeck.operations.health.model.state import worst
from quarterdeck.operations.health.service.registry import READ
from quarterdeck.operations.health.store import checks
from quarterdeck.operations.health.store import registry as store

DO = "health:check"


class NoSuchComponent(Invalid):
    """The environment has no component of that name; says which it has."""


class WhichTenant(Invalid):
    """Several tenants have an environment of that name; says which."""


def tenant_of(work: Work, environment: str, tenant: str = "") -> str:
    """Whose environment it is; raise where none has it, or several, and none was said."""
    if tenant:
        work.require(DO, tenant)
        return tenant
    if environment == INSTALLATION:
        work.require(DO, PLATFORM)
        return PLATFORM
    found = store.all_standing(work.db, work.tenants(DO), environment=environment)
    owners = sorted({one.service.tenant for one in found})
    if len(owners) > 1:
        raise WhichTenant(f"{environment} is of {', '.join(owners)}: name the tenant")
    if not owners:
        known = sorted(
            {o.service.environment for o in store.all_standing(work.db, work.tenants(DO))}
        )
        raise NoSuchEnvironment(
            f"no environment {environment[:80]} has services; "
            + (f"there are {', '.join(known)}" if known else "none is registered")
        )
    return owners[0]


def services_of(
    work: Work, tenants: Tenants, environment: str, names: Sequence[str] = ()
) -> list[Service]:
    """The services to look at: those named, or all, as they stand in the registry.

    Raises:
        NoSuchEnvironment: it has no services.
        NoSuchComponent: says which there are.
    """
    found = store.all_standing(work.db, tenants, environment=environment)
    services = [one.service for one in found]
    if not services:
        raise NoSuchEnvironment(f"environment {environment[:80]} has no services")
    return [one for one in services if one.name in chosen(names, [s.name for s in services])]


def chosen(names: Sequence[str], known: Iterable[str]) -> list[str]:
    """The components named, or all that are known."""
    there = list(known)
    for name in names:
        if name not in there:
            raise NoSuchComponent(f"no component {name[:80]}; there are {', '.join(there)}")
    return [name for name in there if not names or name in names]


def keep(
    work: Work, tenant: str, environment: str, components: Sequence[Component], took_ms: float
) -> Checkup:
    """Keep what a health check found. The right was checked before it looked."""
    checkup = Checkup(
        id=work.new_id(),
        tenant=tenant,
        environment=environment,
        at=work.now,
        took_ms=took_ms,
        state=worst(one.state for one in components),
        by=work.actor.id,
        components=components,
    )
    checks.add(work.db, checkup)
    work.publish(
        HealthChecked(
            tenant=TenantId(tenant),
            check=checkup.id,
            environment=environment,
            state=checkup.state.value,
            failing=",".join(checkup.failing),
        )
    )
    return checkup


def kept(
    work: Work, *, tenant: str = "", environment: str = "", before: str = "", limit: int = 50
) -> list[Checkup]:
    """Health checks that were kept, newest first."""
    tenants = work.require(READ, tenant) if tenant else work.tenants(READ)
    return checks.newest(work.db, tenants, environment=environment, before=before, limit=limit)
