"""Who speaks of costs, of those that could, and how old what they said is. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from quarterdeck.governance.costs.calendar import DAY, Span
from quarterdeck.kernel.clock import since
from quarterdeck.kernel.ids import TenantId

IMPORT = "import"
"""The source of a subscription whose costs files bring."""

STALE_AFTER = timedelta(hours=25)
"""Costs of this age, or older, are stale (runbook 000, section 1.2)."""


class Age(StrEnum):
    """What the age of costs means."""

    CURRENT = "current"
    STALE = "stale"
    NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """A subscription that costs are read of.

    Attributes:
        id: as the cloud names it, in lower case.
        source: the id of the connection that reads it, or ``import``.
        read_at: when all of it was last read; None before the first time.
        known_since: the day from which on every day until then was read.
        missing: why it could not be read the last time; empty where it could.
    """

    tenant: TenantId
    id: str
    name: str
    source: str
    read_at: datetime | None = None
    known_since: date | None = None
    missing: str = ""
    gone_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Silent:
    """A subscription whose costs are not known, and why."""

    tenant: TenantId
    subscription: str
    name: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How much of what exists the numbers speak of.

    Attributes:
        updated_at: of what speaks, when the oldest was read; None where nothing does.
        silent: what does not speak, spoke and can be read no more, or not of all days asked for.
    """

    tenants: int
    tenants_known: int
    subscriptions: int
    subscriptions_known: int
    updated_at: datetime | None
    silent: Sequence[Silent]

    def age(self, now: datetime) -> timedelta | None:
        """How old the oldest part is; None where nothing speaks."""
        return None if self.updated_at is None else since(now, self.updated_at)

    def state(self, now: datetime, stale_after: timedelta = STALE_AFTER) -> Age:
        """What that age means."""
        age = self.age(now)
        if age is None:
            return Age.NEVER
        return Age.STALE if age >= stale_after else Age.CURRENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many entries a run changed."""

    added: int = 0
    restated: int = 0
    lost: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """A budget as the cloud keeps it; ``body`` is what it sent, JSON."""

    tenant: TenantId
    id: str
    scope: str
    name: str
    body: str
    read_at: datetime


def coverage(
    connected: Collection[str], scopes: Sequence[Scope], span: Span | None = None
) -> Coverage:
    """How much ``scopes`` cover of the tenants that are ``connected``, and of ``span``."""
    there = [scope for scope in scopes if scope.gone_at is None]
    speaking = [scope for scope in there if scope.read_at is not None]
    exist = {*connected, *(scope.tenant for scope in there)}
    reads = [scope.read_at for scope in speaking if scope.read_at is not None]
    reasons = [(scope, _reason(scope, span)) for scope in there]
    return Coverage(
        tenants=len(exist),
        tenants_known=len({scope.tenant for scope in speaking}),
        subscriptions=len(there),
        subscriptions_known=len(speaking),
        updated_at=min(reads, default=None),
        silent=[_silent(scope, reason) for scope, reason in reasons if reason],
    )


def lacking(
    found: Coverage, scopes: Sequence[Scope], gaps: Collection[tuple[str, str, int]], cut: str
) -> Coverage:
    """``found``, where of some months (tenant, subscription, YYYYMM) a tag's cut was not read."""
    months: dict[tuple[str, str], list[int]] = {}
    for tenant, scope, month in sorted(gaps):
        months.setdefault((tenant, scope), []).append(month)
    silent = [
        _silent(scope, f"costs by {cut} were not read of {_listed(unread)}{_way(scope)}")
        for scope in scopes
        if (unread := months.get((scope.tenant, scope.id)))
    ]
    return replace(found, silent=[*found.silent, *silent])


def _way(scope: Scope) -> str:
    imported = scope.source == IMPORT
    return ": a file brought them in, by no tag" if imported else "; backfill reads them"


def _listed(months: Sequence[int]) -> str:
    return ", ".join(f"{month // 100}-{month % 100:02}" for month in months)


def reaching(known_since: date | None, read: Span, *, first: bool) -> date | None:
    """The day from which on all is known, after ``read`` was; a gap before it reaches no further.

    ``first`` says that ``read`` ends today, so that it stands by itself.
    """
    if known_since is None:
        return read.first if first else None
    return min(known_since, read.first) if read.last >= known_since - DAY else known_since


def _reason(scope: Scope, span: Span | None) -> str:
    if scope.missing or scope.read_at is None:
        return scope.missing or "its first sync has not ended yet"
    since = scope.known_since
    if span is None or since is None or since <= span.first:
        return ""
    if scope.source == IMPORT:
        return f"no file brought days before {since}"
    return (
        f"days before {since} were never read; backfill from {span.first} "
        "(POST /api/v1/sync/costs/backfill) reads them"
    )


def _silent(scope: Scope, reason: str) -> Silent:
    return Silent(tenant=scope.tenant, subscription=scope.id, name=scope.name, reason=reason)
