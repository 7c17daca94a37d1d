"""Coverage and age: of what there is, how much speaks, and how long ago."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from quarterdeck.kernel.clock import since
from quarterdeck.kernel.ids import ConnectionId, TenantId

FULL_EVERY = timedelta(hours=24)
"""After which all states are read again: only then is it seen that one is there no more."""

LATE = timedelta(hours=1)
"""Evaluations come in that late: so much is read twice."""

STALE_AFTER = timedelta(hours=5)
"""Runbook 000, section 1.2: data of this age, or older, is not current."""


class Part(StrEnum):
    """What is read of a subscription."""

    STATES = "policy_states"
    SCORES = "secure_scores"
    ADVICE = "advice"


class Age(StrEnum):
    """What the age of data means. ``never``: none came yet."""

    CURRENT = "current"
    STALE = "stale"
    NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What one part of one subscription said, and when.

    Attributes:
        read_at: when it was last read to its end; None: never.
        failure: why it was not, the last time it was asked; empty: it was.
        missing: the role that would do, where that is the reason.
        items, unread: of the last whole reading: items, and those that could not be read.
        full_at: when all of it was last read, and not only what was evaluated since.
        evaluated_until: the newest evaluation that was seen, by the cloud's clock.
    """

    tenant: TenantId
    connection: ConnectionId
    subscription: str
    name: str
    part: Part
    read_at: datetime | None
    failure: str
    missing: str
    items: int = 0
    unread: int = 0
    full_at: datetime | None = None
    evaluated_until: datetime | None = None

    def since(self, now: datetime) -> datetime | None:
        """From when on states are to be read; None: all of them.

        All, once a day, and after whatever left a gap: what was not understood, or did not
        come, is not made up for by what is new.
        """
        whole = self.read_at is not None and not self.failure and not self.unread
        if not whole or self.full_at is None or self.evaluated_until is None:
            return None
        return self.evaluated_until - LATE if now - self.full_at < FULL_EVERY else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """A subscription, or a whole tenant (then ``subscription`` is empty), that does not speak."""

    tenant: TenantId
    subscription: str
    name: str
    part: Part
    reason: str
    missing: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How much speaks of what there is.

    Attributes:
        tenants, heard_tenants: connected tenants, and those of which all is known.
        subscriptions, heard: subscriptions that are known, and those that spoke.
        last_read: the oldest among the last readings; None where none came.
        silent: who does not speak, and why.
        items, unread: what was said, and how much of it could not be read.
    """

    tenants: int
    heard_tenants: int
    subscriptions: int
    heard: int
    last_read: datetime | None
    silent: tuple[Silence, ...]
    items: int = 0
    unread: int = 0

    @property
    def whole(self) -> bool:
        """Whether everything there is speaks, and is understood."""
        return bool(self.tenants) and not self.silent and not self.unread

    @property
    def percent(self) -> float | None:
        """Subscriptions that speak, of those there are, 0 to 100; None where none is known."""
        return 1000 * self.heard // self.subscriptions / 10 if self.subscriptions else None

    def age(self, now: datetime) -> timedelta | None:
        """How old the oldest of it is; None where nothing came."""
        return None if self.last_read is None else since(now, self.last_read)

    def state(self, now: datetime) -> Age:
        """Whether it is current."""
        age = self.age(now)
        if age is None:
            return Age.NEVER
        return Age.CURRENT if age < STALE_AFTER else Age.STALE


def coverage(connected: Iterable[TenantId], heard: Iterable[Heard]) -> Coverage:
    """Coverage of ``connected`` tenants by what was ``heard`` of one part."""
    tenants, rows = sorted(set(connected)), list(heard)
    silent = [*_silent_tenants(tenants, rows), *(_silence(row) for row in rows if row.failure)]
    never = [row for row in rows if row.read_at is None and not row.failure]
    silent += [_silence(row) for row in never]
    quiet = {one.tenant for one in silent}
    return Coverage(
        tenants=len(tenants),
        heard_tenants=sum(tenant not in quiet for tenant in tenants),
        subscriptions=len(rows),
        heard=sum(row.read_at is not None and not row.failure for row in rows),
        last_read=min((row.read_at for row in rows if row.read_at), default=None),
        silent=tuple(silent),
        items=sum(row.items for row in rows),
        unread=sum(row.unread for row in rows),
    )


def _silent_tenants(tenants: list[TenantId], rows: list[Heard]) -> list[Silence]:
    known = {row.tenant for row in rows}
    return [
        Silence(
            tenant=tenant,
            subscription="",
            name="",
            part=Part.STATES,
            reason="compliance was never read; start it with POST /api/v1/sync/compliance",
            missing="",
        )
        for tenant in tenants
        if tenant not in known
    ]


def _silence(row: Heard) -> Silence:
    return Silence(
        tenant=row.tenant,
        subscription=row.subscription,
        name=row.name,
        part=row.part,
        reason=row.failure or "it was not read to its end yet",
        missing=row.missing,
    )
