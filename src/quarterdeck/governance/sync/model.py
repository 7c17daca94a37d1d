"""Sync: which domains are kept up to date, how often, and what a run is.

The figures are those of runbook 000, section 2.1; the ages that count as stale those of
its section 1.2.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from quarterdeck.kernel.errors import NotFound
from quarterdeck.kernel.ids import ConnectionId, TenantId

RESOURCES = "resources"
STALLED_INTERVALS = 2


class UnknownDomain(NotFound):
    """There is no such domain to sync."""


class RunState(StrEnum):
    """How a run stands. ``partial``: some of it landed, and some could not be read."""

    RUNNING = "running"
    SUCCESS = "success"
    PARTIAL = "partial"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How one domain is kept up to date.

    Attributes:
        expected: shortest and longest usual duration of a run.
        limit: a longer run is flagged, not killed.
        stale_after: data of this age, or older, is stale; where the last run failed, data
            of ``interval`` is: it is known not to be renewed.
    """

    domain: str
    interval: timedelta
    expected: tuple[timedelta, timedelta]
    limit: timedelta
    stale_after: timedelta

    def stale_at(self, since: datetime, *, failing: bool) -> datetime:
        """When data of ``since`` counts as stale: sooner where its renewal was tried and failed."""
        return since + (min(self.interval, self.stale_after) if failing else self.stale_after)

    def stalled(self, age: timedelta) -> bool:
        """Whether the last success lies more than two intervals back."""
        return age > self.interval * STALLED_INTERVALS


Policies = Mapping[str, Policy]
"""By domain; those that exist."""


def policies(resources: timedelta = timedelta(hours=1)) -> Policies:
    """The policy of each domain, ``resources`` synced that often: 1 h unless told otherwise.

    What counts as stale scales with the interval: 2 h for 1 h.
    """
    kept = Policy(
        domain=RESOURCES,
        interval=resources,
        expected=(timedelta(minutes=5), timedelta(minutes=10)),
        limit=timedelta(minutes=30),
        stale_after=resources * 2,
    )
    return {kept.domain: kept}


def policy(known: Policies, domain: str) -> Policy:
    """The policy of ``domain``; raise UnknownDomain, naming those there are."""
    if domain not in known:
        raise UnknownDomain(f"no domain {domain[:40]!r} to sync; there are {', '.join(known)}")
    return known[domain]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What a run did: resources seen, and how many of them were new, other, or gone.

    Attributes:
        quarantined: pages and items that could not be read, and were kept as they came.
    """

    seen: int = 0
    added: int = 0
    changed: int = 0
    removed: int = 0
    quarantined: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            seen=self.seen + other.seen,
            added=self.added + other.added,
            changed=self.changed + other.changed,
            removed=self.removed + other.removed,
            quarantined=self.quarantined + other.quarantined,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One sync of one domain over one connection.

    Attributes:
        id: that of its job.
        directory: the cloud's id of the directory, as it was when the run began.
        done, total: resources so far, and at the end as last time; 0 while not known.
        failure: a ``FailureClass``; empty where nothing failed.
        action: what a person should do about the failure; empty where nothing.
        request: the cloud's id of the exchange that failed, for its support.
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

    @property
    def duration(self) -> timedelta | None:
        """How long it took; None while it runs."""
        return None if self.ended_at is None else self.ended_at - self.started_at
