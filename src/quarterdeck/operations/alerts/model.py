"""An alert. Labels, annotations and ``starts_at`` are named as Alertmanager names them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from quarterdeck.kernel.errors import NotFound


class AlertNotFound(NotFound):
    """No such alert, or none that this actor may see."""


class Severity(StrEnum):
    """How much it matters; worse is earlier."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


class AlertState(StrEnum):
    """Where an alert is."""

    FIRING = "firing"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """What makes an alert fire, or says again that it does.

    Attributes:
        key: one alert a key fires at a time.
        labels: what it is about: they identify it.
        annotations: what to know of it and do about it: they may change while it fires.
    """

    key: str
    tenant: str
    type: str
    severity: Severity
    title: str
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """A sign, and what became of it.

    Attributes:
        times: how often the sign was seen while it fires.
        ends_at: when it was resolved; None while it fires.
        resolved_by: who resolved it, in their own words; empty where it passed by itself.
    """

    id: int
    sign: Sign
    state: AlertState
    starts_at: datetime
    seen_at: datetime
    times: int
    ends_at: datetime | None = None
    resolved_by: str = ""
