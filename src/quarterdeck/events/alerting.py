"""What people do about alerts: acknowledge, silence, route."""

from dataclasses import dataclass
from typing import ClassVar

from quarterdeck.kernel.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertAcknowledged(Event):
    """Somebody said that they look after an alert.

    Attributes:
        acknowledged_by: who, in their own words; the actor where they said nothing.
    """

    action: ClassVar[str] = "alerts:acknowledge"
    about: ClassVar[str] = "alert"
    public: ClassVar[frozenset[str]] = frozenset({"alert", "type"})
    alert: str
    type: str
    acknowledged_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertUnacknowledged(Event):
    """Somebody took an acknowledgement back: the alert wants somebody again."""

    action: ClassVar[str] = "alerts:unacknowledge"
    about: ClassVar[str] = "alert"
    public: ClassVar[frozenset[str]] = frozenset({"alert", "type"})
    alert: str
    type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertReopened(Event):
    """Somebody took a resolution back: the alert fires as before."""

    action: ClassVar[str] = "alerts:reopen"
    about: ClassVar[str] = "alert"
    public: ClassVar[frozenset[str]] = frozenset({"alert", "type"})
    alert: str
    type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertsHandled(Event):
    """Somebody acknowledged, resolved, or took back, many alerts at once.

    Attributes:
        how: ``acknowledge``, ``unacknowledge``, ``resolve`` or ``reopen``.
        what: which were meant, as they were asked for.
        count: how many changed.
        digest: SHA-256 over the ids of those that changed, in rising order, each with a line's
            end; hexadecimal.
    """

    action: ClassVar[str] = "alerts:handle"
    public: ClassVar[frozenset[str]] = frozenset({"how", "count", "digest"})
    how: str
    what: str
    count: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceSet(Event):
    """Somebody silenced alerts, or changed for how long."""

    action: ClassVar[str] = "alerts:silence"
    about: ClassVar[str] = "silence"
    public: ClassVar[frozenset[str]] = frozenset({"silence", "until"})
    silence: str
    matchers: list[str]
    until: str
    created_by: str
    comment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceEnded(Event):
    """Somebody ended a silence before its time."""

    action: ClassVar[str] = "alerts:unsilence"
    about: ClassVar[str] = "silence"
    public: ClassVar[frozenset[str]] = frozenset({"silence"})
    silence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingApplied(Event):
    """Somebody said anew who hears of which alerts.

    Attributes:
        version: of the tenant's configuration, from 1 on.
        digest: SHA-256 of its text, hexadecimal.
    """

    action: ClassVar[str] = "routing:write"
    about: ClassVar[str] = "version"
    public: ClassVar[frozenset[str]] = frozenset({"version", "digest"})
    version: str
    digest: str
