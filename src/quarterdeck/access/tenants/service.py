"""What people do with tenants. Each function is one use case in one transaction."""

from collections.abc import Collection
from dataclasses import replace

from quarterdeck.access.epoch import service as epoch
from quarterdeck.access.tenants import store
from quarterdeck.access.tenants.model import (
    Change,
    NoSuchTenant,
    Tenant,
    TenantArchivedAlready,
    TenantMovedOn,
)
from quarterdeck.events.access import TenantArchived, TenantCreated, TenantDescribed, TenantRenamed
from quarterdeck.kernel.ids import PLATFORM, TenantId
from quarterdeck.kernel.work import Tenants, Work


def create(
    work: Work,
    tenant: str,
    name: str,
    *,
    description: str = "",
    owner: str = "",
    purpose: str = "",
) -> Tenant:
    """Begin a tenant; raise TenantExists if the id is taken."""
    work.require("tenants:create", PLATFORM)
    epoch.advance(work)
    created = Tenant(
        id=TenantId(tenant),
        name=name,
        description=description,
        owner=owner,
        purpose=purpose,
        created_at=work.now,
    )
    store.add(work.db, created)
    work.publish(TenantCreated(tenant=created.id, name=created.name))
    return created


def tenant_of(work: Work, tenant: str) -> Tenant:
    """The tenant; raise NoSuchTenant if there is none."""
    return _found(work, work.require("tenants:read", tenant), tenant)


def visible(work: Work, *, after: str = "", limit: int = 1000) -> list[Tenant]:
    """The tenants that the actor may see, by id, ``after`` one; ended ones too."""
    return store.page(work.db, work.tenants("tenants:read"), after, limit)


def existing(work: Work, among: Tenants, ids: Collection[str]) -> list[str]:
    """Those of ``ids`` that are tenants ``among`` these, for use cases that checked their own."""
    return store.existing(work.db, among, ids)


def unended(work: Work, among: Tenants) -> set[str]:
    """Ids of those ``among`` these that have not ended, for use cases that checked their own."""
    return store.unended(work.db, among)


def change(work: Work, tenant: str, what: Change, *, version: int | None = None) -> Tenant:
    """Rename or describe a tenant.

    Raises:
        TenantMovedOn: it is not at ``version`` any more.
        TenantArchivedAlready: it has ended.
    """
    among = work.require("tenants:write", tenant)
    before = _open(work, among, tenant, version)
    after = what.of(before)
    _save(work, among, after)
    if after.name != before.name:
        work.publish(TenantRenamed(tenant=after.id, name=after.name))
    words = {"description": after.description, "owner": after.owner, "purpose": after.purpose}
    if words != {name: getattr(before, name) for name in words}:
        work.publish(TenantDescribed(tenant=after.id, **words))
    return after


def archive(work: Work, tenant: str, *, version: int | None = None) -> Tenant:
    """End a tenant. Its log and evidence stay, and what it held can still be read.

    Raises:
        TenantMovedOn, TenantArchivedAlready: as for ``change``.
    """
    among = work.require("tenants:archive", tenant)
    epoch.advance(work)
    before = _open(work, among, tenant, version)
    ended = replace(before, archived_at=work.now, version=before.version + 1)
    _save(work, among, ended)
    work.publish(TenantArchived(tenant=ended.id))
    return ended


def require_open(work: Work, tenant: str) -> None:
    """Refuse what would begin something on a tenant that has ended, or never was.

    Not a use case: the caller has required its own permission on ``tenant``.

    Raises:
        NoSuchTenant, TenantArchivedAlready
    """
    _open(work, Tenants(frozenset({tenant})), tenant, None)


def _open(work: Work, among: Tenants, tenant: str, version: int | None) -> Tenant:
    found = _found(work, among, tenant)
    if not found.open:
        raise TenantArchivedAlready(f"tenant {tenant} was archived; nothing in it changes now")
    if version is not None and found.version != version:
        raise TenantMovedOn(f"tenant {tenant} is at version {found.version}, not {version}")
    return found


def _found(work: Work, among: Tenants, tenant: str) -> Tenant:
    found = store.one(work.db, among, tenant)
    if found is None:
        raise NoSuchTenant(f"no tenant {tenant} that you may see")
    return found


def _save(work: Work, among: Tenants, tenant: Tenant) -> None:
    if not store.save(work.db, among, tenant):
        raise TenantMovedOn(f"someone else changed tenant {tenant.id} just now; read it again")
