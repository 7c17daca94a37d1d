"""What people do with changes and freezes, and what is heard of them."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from quarterdeck.access.tenants import service as access
from quarterdeck.events.changes import ChangeRecorded, ChangesFrozen, ChangesThawed
from quarterdeck.kernel.ids import PLATFORM, TenantId
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.changes import store
from quarterdeck.operations.changes.model import (
    Asked,
    Change,
    ChangeKind,
    Freeze,
    FreezeOver,
    Level,
    NoSuchFreeze,
    Purpose,
    UnusableChange,
    Verdict,
    judge,
)

READ, RECORD, FREEZE = "changes:read", "changes:record", "changes:freeze"
RECENT = timedelta(minutes=30)
AHEAD = timedelta(minutes=5)  # clocks of others run ahead
MOST = 500
MOST_LOOKED = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What somebody tells of a change; ``at`` None: just now."""

    tenant: str
    kind: ChangeKind
    title: str
    at: datetime | None = None
    environment: str = ""
    service: str = ""
    version: str = ""
    link: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What shall be frozen, and why; ``until`` None: until somebody ends it."""

    reason: str
    level: Level = Level.FEATURES
    tenant: str = PLATFORM
    environment: str = ""
    until: datetime | None = None


def record(work: Work, told: Told) -> Change:
    """Keep that something was changed."""
    work.require(RECORD, told.tenant)
    if told.tenant != PLATFORM:
        access.require_open(work, told.tenant)
    at = told.at or work.now
    if at > work.now + AHEAD:
        raise UnusableChange("what was changed lies in the past")
    change = Change(
        id=work.new_id(),
        tenant=TenantId(told.tenant),
        kind=told.kind,
        title=told.title,
        at=at,
        environment=told.environment,
        service=told.service,
        version=told.version,
        link=told.link,
        by=told.by or work.actor.id,
    )
    store.add(work.db, change)
    work.publish(
        ChangeRecorded(
            tenant=change.tenant,
            change=change.id,
            kind=change.kind.value,
            environment=change.environment,
            service=change.service,
            title=change.title,
        )
    )
    return change


def hear(work: Work, change: Change) -> None:
    """Keep a change that a fact told of. The log has that fact."""
    store.add(work.db, change)


def changes(
    work: Work, asked: Asked, *, before: tuple[int, str] | None = None, limit: int = MOST
) -> list[Change]:
    """Changes, newest first."""
    tenants = work.require(READ, asked.tenant) if asked.tenant else work.tenants(READ)
    return _found(work, tenants, asked, before, limit)


def recent(
    work: Work, tenant: str, *, environment: str = "", service: str = "", within: timedelta = RECENT
) -> list[Change]:
    """What was changed of late, newest first. For those who watch, in no person's name."""
    asked = Asked(
        since=work.now - within,
        until=work.now + AHEAD,
        environment=environment,
        service=service,
    )
    return _found(work, Tenants(frozenset({tenant, PLATFORM})), asked, None, MOST)


def within(
    work: Work, tenants: Collection[str], spans: Iterable[tuple[datetime, datetime]]
) -> list[Change]:
    """What was changed in any of ``spans``, oldest first, also for all tenants; in one reading.

    The newest ``MOST_LOOKED`` of it. For those who watch, in no person's name.
    """
    seen = Tenants(frozenset({*tenants, PLATFORM}))
    return store.within(work.db, seen, _merged(spans), MOST_LOOKED)[::-1]


def may_deploy(
    work: Work,
    tenant: str,
    environment: str = "",
    purpose: Purpose = Purpose.FEATURE,
    kind: ChangeKind = ChangeKind.DEPLOY,
) -> Verdict:
    """Whether one may change something now: what the freezes in force say."""
    work.require(READ, tenant)
    found = store.in_force(work.db, Tenants(frozenset({tenant})), work.now)
    about = [one for one in found if one.covers(tenant, environment)]
    return judge(about, purpose, kind)


def freezes(work: Work, *, over: bool = False) -> list[Freeze]:
    """Freezes that the actor may see, newest first: in force, or the last ``MOST`` of all."""
    tenants = work.tenants(READ)
    if over:
        return store.all_freezes(work.db, tenants, MOST)
    return store.in_force(work.db, tenants, work.now)


def freeze(work: Work, order: Order) -> Freeze:
    """Refuse changes from now on."""
    work.require(FREEZE, order.tenant)
    if order.tenant != PLATFORM:
        access.require_open(work, order.tenant)
    one = Freeze(
        id=work.new_id(),
        tenant=TenantId(order.tenant),
        key=work.new_id(),
        level=order.level,
        reason=order.reason,
        since=work.now,
        environment=order.environment,
        until=order.until,
        by=work.actor.id,
    )
    put_in_force(work, one)
    return one


def thaw(work: Work, freeze_id: str) -> Freeze:
    """End a freeze.

    Raises:
        FreezeOver: it is over already.
    """
    tenants = work.tenants(FREEZE)
    found = store.of_id(work.db, tenants, freeze_id)
    if found is None:
        raise NoSuchFreeze(f"no freeze {freeze_id[:80]}")
    if not store.thaw(work.db, tenants, found.id, work.now, work.actor.id):
        raise FreezeOver("this freeze is over already")
    _tell_thawed(work, found)
    return replace(found, ended_at=work.now, ended_by=work.actor.id)


def put_in_force(work: Work, one: Freeze) -> None:
    """Have a freeze refuse changes; under a key that does already, nothing happens."""
    if store.freeze(work.db, one):
        work.publish(
            ChangesFrozen(
                tenant=one.tenant,
                freeze=one.id,
                environment=one.environment,
                level=one.level.value,
                reason=one.reason,
                source=one.source,
            )
        )


def thaw_key(work: Work, tenant: str, key: str) -> None:
    """End the freeze under ``key``, if one is in force: its cause has passed."""
    own = Tenants(frozenset({tenant}))
    found = store.of_key(work.db, own, key)
    if found is not None and store.thaw(work.db, own, found.id, work.now, ""):
        _tell_thawed(work, found)


def _merged(spans: Iterable[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    found: list[tuple[datetime, datetime]] = []
    for since, until in sorted(spans):
        joins = bool(found) and since <= found[-1][1]
        begins, ends = found.pop() if joins else (since, until)
        found.append((begins, max(ends, until)))
    return found


def _found(
    work: Work, tenants: Tenants, asked: Asked, before: tuple[int, str] | None, limit: int
) -> list[Change]:
    return store.newest(work.db, tenants, asked, before=before, limit=limit)


def _tell_thawed(work: Work, one: Freeze) -> None:
    work.publish(
        ChangesThawed(
            tenant=one.tenant,
            freeze=one.id,
            environment=one.environment,
            level=one.level.value,
        )
    )
