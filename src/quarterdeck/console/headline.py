"""The first line of the first page: is my estate known, current and provable? Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from quarterdeck.access.tenants.model import Tenant
from quarterdeck.console.words import count, hours
from quarterdeck.governance.sync.freshness import Age, Freshness

PATIENCE = timedelta(seconds=30)
"""How long records may wait for their checkpoint: as the log's health check has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """How far a log is signed.

    Attributes:
        size: leaves appended.
        proven: leaves under the last checkpoint, made ``at``; None before the first.
    """

    tenant: str
    origin: str
    vkey: str
    size: int
    proven: int
    at: datetime | None

    @property
    def waiting(self) -> int:
        """Leaves that no checkpoint covers yet."""
        return self.size - self.proven

    def state(self, now: datetime) -> str:
        """``ok`` while every record is signed, or soon will be."""
        if self.at is None:
            return "unknown"
        return "critical" if self.waiting and now - self.at > PATIENCE else "ok"


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """The answer in one line.

    Attributes:
        state: the worst of its parts.
        proof: the last part, which a browser that verified by itself may replace.
        signed_at: when the newest checkpoint was made, where ``proof`` leads up to that.
    """

    state: str
    estate: str
    proof: str
    signed_at: datetime | None


def headline(
    tenants: Sequence[Tenant], ages: Sequence[Freshness], logs: Sequence[Signed], now: datetime
) -> Headline:
    """The answer, from what the actor may see."""
    estate_state, estate = _estate(tenants, ages, now)
    proof_state, proof, signed_at = _proof(logs, now)
    order = ("ok", "unknown", "stale", "critical")
    worst = max((estate_state, proof_state), key=order.index)
    return Headline(state=worst, estate=f"Estate: {estate}", proof=proof, signed_at=signed_at)


def _estate(tenants: Sequence[Tenant], ages: Sequence[Freshness], now: datetime) -> tuple[str, str]:
    if not tenants:
        return "unknown", "nothing is connected yet"
    stale = [age for age in ages if age.state is Age.STALE]
    known = _known(tenants, ages)
    if stale:
        stalled = sum(age.stalled for age in stale)
        since = min(age.stale_at for age in stale)
        words = f"{len(stale)} of {count(len(ages), 'domain')} stale since {hours(since, now)} UTC"
        return "critical" if stalled else "stale", f"{words}, {known}"
    if any(age.state is Age.NEVER for age in ages) or not ages:
        return "unknown", f"not all of it was read yet, {known}"
    return "ok", f"current, {known}"


def _known(tenants: Sequence[Tenant], ages: Sequence[Freshness]) -> str:
    read = {age.tenant for age in ages if age.last_success is not None}
    unread = {age.tenant for age in ages if age.last_success is None}
    return f"{len(read - unread)} of {count(len(tenants), 'tenant')} known"


def _proof(logs: Sequence[Signed], now: datetime) -> tuple[str, str, datetime | None]:
    signed = [log.at for log in logs if log.at is not None]
    if not signed:
        return "unknown", "nothing is signed yet", None
    late = [log for log in logs if log.state(now) == "critical"]
    if late:
        waiting = sum(log.waiting for log in late)
        return "critical", f"{count(waiting, 'record')} not signed yet", None
    return "ok", "log signed", max(signed)
