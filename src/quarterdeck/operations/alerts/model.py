"""An alert. Labels, annotations and ``starts_at`` are named as Alertmanager names them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from typing_extensions import override

from quarterdeck.kernel.errors import Conflict, Invalid, NotFound


class AlertNotFound(NotFound):
    """No such alert, or none that this actor may see."""


class AlertEndedAlready(Conflict):
    """The alert has been resolved, and cannot be acknowledged any more."""


class NothingMeant(Invalid):
    """It is not said which alerts are meant; that all are is not taken for granted."""


class Severity(StrEnum):
    """How much it matters; worse is earlier."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


class AlertState(StrEnum):
    """Where an alert is. What is acknowledged fires still, but somebody looks after it."""

    FIRING = "firing"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


LIVE = (AlertState.FIRING, AlertState.ACKNOWLEDGED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """What makes an alert fire, or says again that it does.

    Attributes:
        key: one alert a key fires at a time.
        labels: what it is about: they identify it. ``severity`` is put in where it lacks.
        annotations: what to know of it and do about it: they may change while it fires.
        generator_url: where the rule behind it can be looked at.
    """

    key: str
    tenant: str
    type: str
    severity: Severity
    title: str
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    generator_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """A sign, and what became of it.

    Attributes:
        fingerprint: of its labels; the same for every alert with the same.
        times: how often the sign was seen while it fires.
        expires_at: when it ends by itself unless it is seen again; None: never.
        guessed: nobody said ``expires_at``; it is the resolve timeout.
        ends_at: when it was resolved; None while it fires.
        resolved_by: who resolved it, in their own words; empty where it passed by itself.
        was: the labels under which it is in its groups, where they have changed since.
    """

    id: int
    sign: Sign
    fingerprint: str
    state: AlertState
    starts_at: datetime
    seen_at: datetime
    times: int
    expires_at: datetime | None = None
    guessed: bool = False
    ends_at: datetime | None = None
    resolved_by: str = ""
    acknowledged_at: datetime | None = None
    acknowledged_by: str = ""
    was: Mapping[str, str] | None = None

    def fires(self, now: datetime) -> bool:
        """Whether it fires at ``now``: neither resolved nor past its time."""
        if self.state is AlertState.RESOLVED:
            return False
        return self.expires_at is None or self.expires_at > now

    @property
    def runbook(self) -> str:
        """Where the steps stand that answer it; its own page where nobody named others."""
        said = self.sign.annotations
        return said.get("runbook_url") or said.get("runbook") or f"/alerts/{self.id}#respond"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change of an alert's state.

    Attributes:
        state: that it came to; ``unacknowledged`` and ``reopened`` take one back, ``raised``
            is a severity that grew worse.
        by: who, in their own words; empty: nobody.
    """

    at: datetime
    state: str
    by: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which alerts are meant; what is left out is anything.

    Attributes:
        but_types: none of these, though it be among ``types``.
        labels: pairs that an alert must bear.
        words: in its title.
    """

    ids: tuple[int, ...] = ()
    states: tuple[AlertState, ...] = ()
    types: tuple[str, ...] = ()
    but_types: tuple[str, ...] = ()
    severities: tuple[Severity, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    words: str = ""

    @override
    def __str__(self) -> str:
        parts = [f"alerts {', '.join(map(str, self.ids[:20]))}"] if self.ids else []
        for name in ("states", "types", "severities"):
            parts += [f"{name[:-1]} {', '.join(found)}"] if (found := getattr(self, name)) else []
        parts += [f"no {kind}" for kind in self.but_types]
        parts += [f"{name}={value}" for name, value in self.labels]
        return "; ".join([*parts, *([repr(self.words)] if self.words else [])]) or "all"
