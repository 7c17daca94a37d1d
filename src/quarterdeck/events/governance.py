"""What the estate tells the rest of the platform."""

from dataclasses import dataclass, field
from typing import ClassVar

from quarterdeck.kernel.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionAdded(Event):
    """A tenant's cloud directory can be reached."""

    action: ClassVar[str] = "connections:create"
    about: ClassVar[str] = "connection"
    public: ClassVar[frozenset[str]] = frozenset({"connection"})
    connection: str
    directory: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionRemoved(Event):
    """A tenant's cloud directory is reached no more."""

    action: ClassVar[str] = "connections:remove"
    about: ClassVar[str] = "connection"
    public: ClassVar[frozenset[str]] = frozenset({"connection"})
    connection: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncRequested(Event):
    """Somebody asked for a sync now."""

    action: ClassVar[str] = "sync:trigger"
    about: ClassVar[str] = "run"
    public: ClassVar[frozenset[str]] = frozenset({"run", "domain"})
    run: str
    domain: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncCompleted(Event):
    """A sync run ended well; one leaf for the whole bulk run.

    Attributes:
        missing: roles, permissions or licences for want of which something is not known.
        unread: of the items seen, those that could not be read and are in quarantine.
        changes: hex Merkle root (RFC 6962) over the run's changes, in order.
    """

    action: ClassVar[str] = "sync:complete"
    about: ClassVar[str] = "run"
    public: ClassVar[frozenset[str]] = frozenset(
        {"run", "domain", "seen", "added", "changed", "removed", "changes", "missing", "unread"}
    )
    run: str
    domain: str
    seen: int
    added: int
    changed: int
    removed: int
    changes: str
    missing: list[str] = field(default_factory=list)
    unread: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncFailed(Event):
    """A sync run failed, wholly or in part; what had landed by then stays.

    Attributes:
        state: ``failed`` or ``partial``.
        failure: the class of the failure; ``denied`` where nothing at all may be read.
        error: the cloud's words.
        recommended: what a person should do.
        changes: as in ``SyncCompleted``, over what landed.
    """

    action: ClassVar[str] = "sync:complete"
    about: ClassVar[str] = "run"
    public: ClassVar[frozenset[str]] = frozenset(
        {"run", "domain", "state", "failure", "seen", "added", "changed", "removed", "changes"}
    )
    outcome: ClassVar[str] = "failure"
    run: str
    domain: str
    state: str
    failure: str
    error: str = ""
    recommended: str = ""
    seen: int
    added: int
    changed: int
    removed: int
    changes: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncCancelled(Event):
    """A sync run was stopped by a person; what had landed by then stays."""

    action: ClassVar[str] = "sync:cancel"
    about: ClassVar[str] = "run"
    public: ClassVar[frozenset[str]] = frozenset(
        {"run", "domain", "seen", "added", "changed", "removed", "changes"}
    )
    run: str
    domain: str
    seen: int
    added: int
    changed: int
    removed: int
    changes: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainWentStale(Event):
    """The data of a domain is older than it may be."""

    action: ClassVar[str] = "freshness:lose"
    leaf: ClassVar[bool] = False
    domain: str
    last_success: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainBecameFresh(Event):
    """The data of a domain is current again."""

    action: ClassVar[str] = "freshness:regain"
    leaf: ClassVar[bool] = False
    domain: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncRecovered(Event):
    """A domain whose sync had failed was read whole again, over each of its connections."""

    action: ClassVar[str] = "sync:recover"
    leaf: ClassVar[bool] = False
    domain: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncStalled(Event):
    """A domain was not read for more than two of its intervals; ``last_success`` may be empty."""

    action: ClassVar[str] = "sync:stall"
    leaf: ClassVar[bool] = False
    domain: str
    last_success: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncResumed(Event):
    """A domain that had stalled was read again."""

    action: ClassVar[str] = "sync:resume"
    leaf: ClassVar[bool] = False
    domain: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncErrorRateHigh(Event):
    """Of ``ended`` runs within an hour, more than one in ten ``failed``."""

    action: ClassVar[str] = "sync:worsen"
    leaf: ClassVar[bool] = False
    domain: str
    ended: int
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncErrorRateNormal(Event):
    """No more than one in ten runs within an hour failed, again."""

    action: ClassVar[str] = "sync:better"
    leaf: ClassVar[bool] = False
    domain: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncItemsUnreadable(Event):
    """Of the items that a run saw, ``unread`` could not be read; all others are current.

    Attributes:
        recommended: what a person should do.
    """

    action: ClassVar[str] = "sync:quarantine"
    leaf: ClassVar[bool] = False
    domain: str
    run: str
    seen: int
    unread: int
    error: str
    recommended: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncDrifted(Event):
    """A whole reading found ``items`` otherwise than the cloud's list of changes had told.

    They are as the whole reading has them now.
    """

    action: ClassVar[str] = "sync:drift"
    leaf: ClassVar[bool] = False
    domain: str
    run: str
    items: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncItemsReadable(Event):
    """Every item of a domain could be read again, over each of its connections."""

    action: ClassVar[str] = "sync:unquarantine"
    leaf: ClassVar[bool] = False
    domain: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncHeld(Event):
    """The cloud says that it is degraded: nothing is read until it says that it is well.

    Attributes:
        words: the cloud's.
    """

    action: ClassVar[str] = "sync:hold"
    leaf: ClassVar[bool] = False
    domain: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncReleased(Event):
    """A held domain is read again."""

    action: ClassVar[str] = "sync:release"
    leaf: ClassVar[bool] = False
    domain: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncPolicyChanged(Event):
    """Somebody changed how a domain is kept up to date; all spans are seconds.

    Attributes:
        before, after: what was changed, by name.
    """

    action: ClassVar[str] = "sync:configure"
    about: ClassVar[str] = "domain"
    public: ClassVar[frozenset[str]] = frozenset({"domain", "before", "after"})
    domain: str
    before: dict[str, float]
    after: dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncPaused(Event):
    """Somebody paused a domain, of one tenant or of all."""

    action: ClassVar[str] = "sync:pause"
    about: ClassVar[str] = "domain"
    public: ClassVar[frozenset[str]] = frozenset({"domain"})
    domain: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncUnpaused(Event):
    """Somebody ended the pause of a domain, of one tenant or of all."""

    action: ClassVar[str] = "sync:unpause"
    about: ClassVar[str] = "domain"
    public: ClassVar[frozenset[str]] = frozenset({"domain"})
    domain: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillRequested(Event):
    """Somebody asked for the costs of past days; ``first`` and ``last`` are inclusive."""

    action: ClassVar[str] = "sync:backfill"
    about: ClassVar[str] = "run"
    public: ClassVar[frozenset[str]] = frozenset({"run", "first", "last"})
    run: str
    first: str
    last: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CostsImported(Event):
    """Costs came in from a file.

    Attributes:
        file: the id of its import.
        sha256: of the file, hex.
        added, restated, lost: entries of the ledger that it changed.
    """

    action: ClassVar[str] = "costs:import"
    about: ClassVar[str] = "file"
    public: ClassVar[frozenset[str]] = frozenset({"file", "sha256", "added", "restated", "lost"})
    file: str
    sha256: str
    added: int
    restated: int
    lost: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetExceeded(Event):
    """More is spent than a budget of the cloud allows; told at each reading while it is so.

    Attributes:
        percent: spent of the amount, a tenth rounded down.
    """

    action: ClassVar[str] = "budgets:exceed"
    leaf: ClassVar[bool] = False
    budget: str
    name: str
    subscription: str
    spent: str
    amount: str
    currency: str
    percent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetHeld(Event):
    """A budget that was exceeded, or of which that was not known, is not, or is there no more."""

    action: ClassVar[str] = "budgets:hold"
    leaf: ClassVar[bool] = False
    budget: str
