"""How a service is: what its probes found last, put together. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from quarterdeck.operations.health.model.registry import Probe, Service

STALE_PERIODS = 3
STALE_AT_LEAST = timedelta(seconds=30)


class State(StrEnum):
    """How a thing is; worse is later. Unknown is no verdict, yet nothing to be content with."""

    HEALTHY = "healthy"
    UNKNOWN = "unknown"
    DEGRADED = "degraded"
    DOWN = "down"


ORDER = list(State)


def worst(states: Iterable[State]) -> State:
    """The worst of ``states``; of none, nothing is known."""
    return max(states, key=ORDER.index, default=State.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one look by one probe found.

    Attributes:
        state: UNKNOWN where the probe itself is broken: nothing was learnt of the service.
        detail: for people: "200 in 12 ms", "connection refused".
        days: of a certificate, until it expires; None for what has none.
    """

    state: State
    detail: str
    took_ms: float
    days: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a probe says of its service, from its last look and those before.

    Attributes:
        state: the verdict: a failure counts once there were enough of them in a row.
        failed: how many looks in a row failed.
    """

    state: State
    detail: str
    took_ms: float
    failed: int
    at: datetime
    days: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a service is.

    Attributes:
        since: when it got into this state.
        looked_at: None where nobody ever looked.
        reason: what the probe said that is to blame for the state.
    """

    service: Service
    state: State
    since: datetime
    looked_at: datetime | None
    reason: str
    seen: Mapping[str, Seen] = field(default_factory=dict)

    def stale_at(self) -> datetime | None:
        """From when on what was seen says nothing any more."""
        if self.looked_at is None:
            return None
        patience = timedelta(seconds=STALE_PERIODS * self.service.period_s)
        longest = timedelta(seconds=self.service.longest_s)
        return self.looked_at + max(patience + longest, STALE_AT_LEAST)


def judged(probe: Probe, outcome: Outcome, before: Seen | None, at: datetime) -> Seen:
    """What ``probe`` says now: one failure alone does not turn the verdict round."""
    failed = (before.failed if before else 0) + 1 if outcome.state is State.DOWN else 0
    state = outcome.state
    if state is State.DOWN and failed < probe.failures:
        state = before.state if before else State.UNKNOWN
    return Seen(
        state=state,
        detail=outcome.detail,
        took_ms=outcome.took_ms,
        failed=failed,
        at=at,
        days=outcome.days,
    )


def summed(service: Service, seen: Mapping[str, Seen]) -> tuple[State, str]:
    """The state of a service by what its probes say, and the words of the worst of them."""
    if not service.probes:
        return State.UNKNOWN, "it has no probe"
    missing = [probe.name for probe in service.probes if probe.name not in seen]
    if missing:
        return State.UNKNOWN, "never probed"
    told = [(ORDER.index(seen[p.name].state), p.name) for p in service.probes]
    state, name = max(told, key=lambda one: one[0])
    return ORDER[state], f"{name}: {seen[name].detail}"
