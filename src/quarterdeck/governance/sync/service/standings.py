"""Whether each tenant is healthy: what the last run of each of its domains says."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from quarterdeck.governance.connections import service as connections
from quarterdeck.governance.sync.store import latest
from quarterdeck.kernel.ids import TenantId
from quarterdeck.kernel.work import Work


class Standing(StrEnum):
    """How a tenant's cloud answers. ``not_known``: a domain of it was never read."""

    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"
    NOT_KNOWN = "not_known"


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantStanding:
    """A connected tenant, and the domains whose last run failed."""

    tenant: TenantId
    standing: Standing
    failing: tuple[str, ...]


def standings(work: Work, domains: Collection[str]) -> list[TenantStanding]:
    """Every connected tenant that the actor may see, by id."""
    tenants = work.tenants("sync:read")
    records = {(r.connection, r.domain): r for r in latest.of(work.db, tenants)}
    failing: dict[TenantId, set[str]] = {}
    unread: set[TenantId] = set()
    for connection in connections.of(work.db, tenants):
        bad = failing.setdefault(connection.tenant, set())
        for domain in domains:
            record = records.get((connection.id, domain))
            if record is None:
                unread.add(connection.tenant)
            elif record.failures:
                bad.add(domain)
    return [
        TenantStanding(
            tenant=tenant,
            standing=_standing(failed=bool(bad), unread=tenant in unread),
            failing=tuple(sorted(bad)),
        )
        for tenant, bad in sorted(failing.items())
    ]


def _standing(*, failed: bool, unread: bool) -> Standing:
    if failed:
        return Standing.UNHEALTHY
    return Standing.NOT_KNOWN if unread else Standing.HEALTHY
