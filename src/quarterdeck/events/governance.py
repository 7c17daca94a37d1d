"""What the estate tells the rest of the platform."""

from dataclasses import dataclass
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
        changes: hex Merkle root (RFC 6962) over the run's changes, in order.
    """

    action: ClassVar[str] = "sync:complete"
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
class SyncFailed(Event):
    """A sync run failed, wholly or in part; what had landed by then stays.

    Attributes:
        state: ``failed`` or ``partial``.
        failure: the class of the failure.
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
