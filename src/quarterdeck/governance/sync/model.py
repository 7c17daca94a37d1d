"""Sync: which domains are kept up to date, how often, and what a run is.

The figures are those of runbook 000, section 2.1; the ages that count as stale those of
its section 1.2.
"""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from quarterdeck.kernel.clock import MICROSECOND, since
from quarterdeck.kernel.errors import Invalid, NotFound
from quarterdeck.kernel.ids import ConnectionId, TenantId

COSTS = "costs"
COMPLIANCE = "compliance"
RESOURCES = "resources"
IDENTITY = "identity"
DOMAINS = (COSTS, COMPLIANCE, RESOURCES, IDENTITY)
BACKFILL = "costs_backfill"
"""What the runs of a backfill are called: no domain, for it makes nothing current."""

STALLED_INTERVALS = 2
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
SHORTEST, LONGEST = timedelta(seconds=1), timedelta(days=366)
GREATEST_FACTOR = 10.0
MOST_RUNS = 1000
DENIED = "denied"
"""The failure of a run that read nothing because it may read nothing: of no ``FailureClass``,
for nothing broke."""


class UnknownDomain(NotFound):
    """There is no such domain to sync."""


class UnusablePolicy(Invalid):
    """A policy that cannot be kept; the message names the field."""


class RunState(StrEnum):
    """How a run stands. ``partial``: some of it landed, and some could not be read."""

    RUNNING = "running"
    SUCCESS = "success"
    PARTIAL = "partial"
    FAILED = "failed"
    CANCELLED = "cancelled"


def _within(name: str, value: timedelta, least: timedelta, most: timedelta) -> None:
    if not least <= value <= most:
        raise UnusablePolicy(
            f"{name} must be {_seconds(least)} to {_seconds(most)} s, not {_seconds(value)}"
        )


def _seconds(span: timedelta) -> str:
    return f"{span.total_seconds():g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """The pauses before a failed run is repeated: ``base``, then ``factor`` times the last."""

    base: timedelta = MINUTE
    factor: float = 2.0
    cap: timedelta = 15 * MINUTE

    def __post_init__(self) -> None:
        _within("backoff base", self.base, SHORTEST, LONGEST)
        _within("backoff cap", self.cap, self.base, LONGEST)
        if not 1 <= self.factor <= GREATEST_FACTOR:
            raise UnusablePolicy(f"backoff factor must be 1 to {GREATEST_FACTOR:g}")

    def pause(self, attempt: int) -> timedelta:
        """The pause after the ``attempt``-th run in a row failed; 1 is the first."""
        if self.factor > 1 and attempt - 1 >= math.log(self.cap / self.base, self.factor):
            return self.cap  # before the power overflows
        grown: float = self.factor ** (attempt - 1)
        return min(self.base * grown, self.cap)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How one domain is kept up to date.

    Attributes:
        expected: shortest and longest usual duration of a run.
        limit: a longer run is flagged, not killed.
        stale_after: data of this age, or older, is stale; where the last run failed, data
            of ``interval`` is: it is known not to be renewed.
        whole_every: where what changed is read: after which time all is; 0: always all.
        fewest: runs that must have ended within an hour before one speaks of an error rate.
        paused: no run begins, whoever asks, until somebody resumes it.
        version: 0 while it is as the settings have it, then one more with each change.
    """

    domain: str
    interval: timedelta
    expected: tuple[timedelta, timedelta]
    limit: timedelta
    stale_after: timedelta
    backoff: Backoff = field(default_factory=Backoff)
    fewest: int = 3
    paused: bool = False
    version: int = 0
    whole_every: timedelta = timedelta(0)

    def __post_init__(self) -> None:
        _within("interval", self.interval, SHORTEST, LONGEST)
        shortest, longest = self.expected
        _within("expected", longest, shortest, LONGEST)
        _within("limit", self.limit, longest, LONGEST)
        if not 1 <= self.fewest <= MOST_RUNS:
            raise UnusablePolicy(f"fewest runs must be 1 to {MOST_RUNS}, not {self.fewest}")

    def stale_at(self, since: datetime, *, failing: bool) -> datetime:
        """When data of ``since`` counts as stale: sooner where its renewal was tried and failed."""
        return since + (min(self.interval, self.stale_after) if failing else self.stale_after)

    def stalled(self, age: timedelta) -> bool:
        """Whether the last success lies more than two intervals back."""
        return age > self.interval * STALLED_INTERVALS

    def every(self, interval: timedelta) -> "Policy":
        """Synced that often; the age that counts as stale changes by the same proportion."""
        # In whole microseconds: a float would make 2 h of 1 h a little more or less.
        scaled = (self.stale_after // MICROSECOND) * (interval // MICROSECOND)
        stale_after = scaled // (self.interval // MICROSECOND) * MICROSECOND
        return replace(self, interval=interval, stale_after=stale_after)


Policies = Mapping[str, Policy]
"""By domain; those that exist."""

USUAL: Policies = {
    kept.domain: kept
    for kept in (
        Policy(
            domain=COSTS,
            interval=24 * HOUR,
            expected=(5 * MINUTE, 15 * MINUTE),
            limit=60 * MINUTE,
            stale_after=25 * HOUR,
        ),
        Policy(
            domain=COMPLIANCE,
            interval=4 * HOUR,
            expected=(10 * MINUTE, 20 * MINUTE),
            limit=45 * MINUTE,
            stale_after=5 * HOUR,
        ),
        Policy(
            domain=RESOURCES,
            interval=HOUR,
            expected=(5 * MINUTE, 10 * MINUTE),
            limit=30 * MINUTE,
            stale_after=2 * HOUR,
        ),
        Policy(
            domain=IDENTITY,
            interval=24 * HOUR,
            expected=(10 * MINUTE, 15 * MINUTE),
            limit=60 * MINUTE,
            stale_after=25 * HOUR,
        ),
    )
}
"""As the runbook has them; that identity is stale at 25 h is ours."""


def policies(
    resources: timedelta = HOUR,
    *,
    costs: timedelta = 24 * HOUR,
    compliance: timedelta = 4 * HOUR,
    identity: timedelta = 24 * HOUR,
    among: Collection[str] = DOMAINS,
) -> Policies:
    """The policy of each domain of ``among``, each synced that often.

    What counts as stale scales with the interval: resources at 2 h for 1 h.
    """
    every = {COSTS: costs, COMPLIANCE: compliance, RESOURCES: resources, IDENTITY: identity}
    return {domain: USUAL[domain].every(every[domain]) for domain in DOMAINS if domain in among}


def policy(known: Policies, domain: str) -> Policy:
    """The policy of ``domain``; raise UnknownDomain, naming those there are."""
    if domain not in known:
        raise UnknownDomain(f"no domain {domain[:40]!r} to sync; there are {', '.join(known)}")
    return known[domain]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What a run did: items seen, and how many of them were new, other, or gone.

    Attributes:
        seen: items that the run vouches for: read, or told by what changed to be as they were.
        quarantined: pages and items that could not be read, and were kept as they came.
        unread: of those seen, items that could not be read in listings that came to their end.
    """

    seen: int = 0
    added: int = 0
    changed: int = 0
    removed: int = 0
    quarantined: int = 0
    unread: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            seen=self.seen + other.seen,
            added=self.added + other.added,
            changed=self.changed + other.changed,
            removed=self.removed + other.removed,
            quarantined=self.quarantined + other.quarantined,
            unread=self.unread + other.unread,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One sync of one domain over one connection.

    Attributes:
        id: that of its job.
        directory: the cloud's id of the directory, as it was when the run began.
        done, total: items so far, and at the end as last time; 0 while not known.
        failure: a ``FailureClass``, or ``DENIED``; empty where nothing failed.
        missing: roles, permissions or licences for want of which something is not known.
        action: what a person should do about the failure; empty where nothing.
        request: the cloud's id of the exchange that failed, for its support.
        whole: every listing that may be read came to its end: what makes the data current,
            though single items of it could not be read.
        since: of what can be read by its changes, those since then were, or a part of it was;
            None: all was read.
        drift: items that a whole reading found otherwise than the changes had told.
    """

    id: str
    tenant: TenantId
    connection: ConnectionId
    directory: str
    domain: str
    state: RunState
    attempt: int
    started_at: datetime
    ended_at: datetime | None = None
    counts: Counts = Counts()
    done: int = 0
    total: int = 0
    failure: str = ""
    error: str = ""
    action: str = ""
    request: str = ""
    missing: tuple[str, ...] = ()
    whole: bool = False
    since: datetime | None = None
    drift: int = 0

    @property
    def duration(self) -> timedelta | None:
        """How long it took; None while it runs. No clock that steps back makes it less than 0."""
        return None if self.ended_at is None else since(self.ended_at, self.started_at)
