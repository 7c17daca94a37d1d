"""How old the data is, and what that means. Pure: the moment is an argument."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from quarterdeck.governance.sync.model import Policy
from quarterdeck.kernel.clock import since
from quarterdeck.kernel.ids import ConnectionId, TenantId


class Age(StrEnum):
    """What the age of data means. ``never``: none came yet, and none is overdue."""

    CURRENT = "current"
    STALE = "stale"
    NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class Latest:
    """When one connection's domain last succeeded; None if it never did.

    Attributes:
        failing: its last run failed.
        items, unread: of the last success: those seen, and those of them that could not be read.
    """

    tenant: TenantId
    connection: ConnectionId
    connected_at: datetime
    success: datetime | None
    failing: bool = False
    items: int = 0
    unread: int = 0

    @property
    def since(self) -> datetime:
        """What it ages from: silence since it was made is noticed too."""
        return self.success or self.connected_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """How fresh one domain of one tenant is: as fresh as its oldest connection.

    Attributes:
        last_success: the oldest among the newest success of each connection; None where a
            connection never had one.
        stale_at: when it becomes, or became, stale without another success.
        stalled: no success for more than two intervals.
        items, unread: what the data is made of: items seen, and those that could not be read.
    """

    tenant: TenantId
    domain: str
    state: Age
    last_success: datetime | None
    age: timedelta | None
    stale_at: datetime
    stalled: bool
    items: int = 0
    unread: int = 0


def judged(policy: Policy, latest: Iterable[Latest], now: datetime) -> list[Freshness]:
    """How fresh ``policy``'s domain is for each tenant, in order of tenant."""
    tenants: dict[TenantId, list[Latest]] = {}
    for one in latest:
        tenants.setdefault(one.tenant, []).append(one)
    return [_of_tenant(policy, tenant, tenants[tenant], now) for tenant in sorted(tenants)]


def _of_tenant(policy: Policy, tenant: TenantId, latest: list[Latest], now: datetime) -> Freshness:
    heard = min(one.since for one in latest)
    never = any(one.success is None for one in latest)
    stale_at = min(policy.stale_at(one.since, failing=one.failing) for one in latest)
    state = Age.STALE if now >= stale_at else Age.NEVER if never else Age.CURRENT
    return Freshness(
        tenant=tenant,
        domain=policy.domain,
        state=state,
        last_success=None if never else heard,
        age=None if never else since(now, heard),
        stale_at=stale_at,
        stalled=policy.stalled(since(now, heard)),
        items=sum(one.items for one in latest),
        unread=sum(one.unread for one in latest),
    )
