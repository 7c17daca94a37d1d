"""Alerts as Prometheus and its kin push them, and how one that is known goes on. Pure.

The rules are Alertmanager's: api/v2 postAlertsHandler, types.Alert.Validate and Merge.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from quarterdeck.operations.alerts.labels import fault, fingerprint, severity_of
from quarterdeck.operations.alerts.model import Sign


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """One alert of a request; ``labels`` without those that are empty.

    Attributes:
        ends_at: None: not before somebody says so.
        guessed: nobody said when it ends.
        known_as: labels by which it is known, where its own may change; None: by its own.
    """

    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    starts_at: datetime
    ends_at: datetime | None
    guessed: bool
    generator_url: str = ""
    known_as: Mapping[str, str] | None = None

    @property
    def fingerprint(self) -> str:
        """By what it is known."""
        return fingerprint(self.labels if self.known_as is None else self.known_as)

    def sign(self, tenant: str) -> Sign:
        """It as a sign: one alert a label set of a tenant fires at a time."""
        name = self.labels.get("alertname", "")
        title = self.annotations.get("summary") or self.annotations.get("title") or name
        return Sign(
            key=f"{tenant}/{self.fingerprint}",
            tenant=tenant,
            type=name or "unnamed",
            severity=severity_of(self.labels),
            title=(title or "unnamed")[:500],
            labels=self.labels,
            annotations=self.annotations,
            generator_url=self.generator_url,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """From when to when an alert fires, as far as is known."""

    starts_at: datetime
    ends_at: datetime | None
    guessed: bool


def merged(old: Span, new: Span, now: datetime) -> Span:
    """How an alert that is known goes on after it was pushed again."""
    starts_at, ends_at, guessed = min(old.starts_at, new.starts_at), new.ends_at, new.guessed
    if ends_at is None or old.ends_at is None:
        return Span(starts_at=starts_at, ends_at=ends_at, guessed=guessed)
    over = ends_at <= now
    if over and old.ends_at <= now:
        ends_at = max(ends_at, old.ends_at)  # the later of two ends holds
    elif not over and not old.guessed:
        ends_at = max(ends_at, old.ends_at)  # an end that somebody said outweighs a guess
    return Span(starts_at=starts_at, ends_at=ends_at, guessed=guessed)


def wrong(push: Push) -> str:
    """Why an alert is not taken; empty if it is."""
    if push.ends_at is not None and push.ends_at < push.starts_at:
        return "start time must be before end time"
    return fault(push.labels, push.annotations)
