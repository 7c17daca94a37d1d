"""Alerts, and what is known of them, as JSON."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, Field

from quarterdeck.operations.alerts.model import Alert, AlertState, Change, Filter, Severity
from quarterdeck.operations.changes.model import Change as Changed
from quarterdeck.operations.routing.service.muting import Muting
from quarterdeck.web.bodies import Body

MOST_IDS = 10_000

Id = Annotated[int, Field(ge=1, le=2**31 - 1)]


class AlertBody(BaseModel):
    """What wants somebody, and what became of it."""

    id: int
    key: str = Field(description="What it is about: one alert a key fires at a time.")
    tenant: str
    type: str = Field(description="sync_failure, sync_stalled, ...; the alertname of one pushed.")
    severity: Severity
    title: str
    state: AlertState
    starts_at: datetime
    seen_at: datetime = Field(description="When its sign was last seen.")
    times: int = Field(description="How often its sign was seen.")
    ends_at: datetime | None = Field(description="When it was resolved; null while it fires.")
    resolved_by: str | None = Field(description="Null where it fires, or passed by itself.")
    acknowledged_at: datetime | None
    acknowledged_by: str | None = Field(description="Who looks after it.")
    labels: dict[str, str]
    annotations: dict[str, str] = Field(description="What to know of it, and what to do.")
    fingerprint: str
    generator_url: str | None = Field(description="Where the rule behind it can be looked at.")
    runbook: str = Field(description="Where the steps stand that answer it.")

    @classmethod
    def of(cls, alert: Alert) -> Self:
        sign = alert.sign
        return cls(
            id=alert.id,
            key=sign.key,
            tenant=sign.tenant,
            type=sign.type,
            severity=sign.severity,
            title=sign.title,
            state=alert.state,
            starts_at=alert.starts_at,
            seen_at=alert.seen_at,
            times=alert.times,
            ends_at=alert.ends_at,
            resolved_by=alert.resolved_by or None,
            acknowledged_at=alert.acknowledged_at,
            acknowledged_by=alert.acknowledged_by or None,
            labels=dict(sign.labels),
            annotations=dict(sign.annotations),
            fingerprint=alert.fingerprint,
            generator_url=sign.generator_url or None,
            runbook=alert.runbook,
        )


class ChangeBody(BaseModel):
    """One change of an alert's state."""

    at: datetime
    state: str
    by: str | None
    words: str | None

    @classmethod
    def of(cls, change: Change) -> Self:
        return cls(
            at=change.at, state=change.state, by=change.by or None, words=change.words or None
        )


class MutingBody(BaseModel):
    """Why an alert wakes nobody; nothing in it: it does."""

    silences: list[str]
    inhibitors: list[str] = Field(description="Fingerprints of alerts.")

    @classmethod
    def of(cls, muting: Muting) -> Self:
        return cls(silences=list(muting.silences), inhibitors=list(muting.inhibitors))


class ChangedBody(BaseModel):
    """Something that was changed."""

    at: datetime
    kind: str
    title: str
    service: str | None
    environment: str | None
    version: str | None
    by: str | None
    link: str | None

    @classmethod
    def of(cls, changed: Changed) -> Self:
        return cls(
            at=changed.at,
            kind=changed.kind.value,
            title=changed.title,
            service=changed.service or None,
            environment=changed.environment or None,
            version=changed.version or None,
            by=changed.by or None,
            link=changed.link or None,
        )


class AccountBody(BaseModel):
    """An alert with all that is known of it."""

    alert: AlertBody
    muted: MutingBody
    receivers: list[str] = Field(description="Who hears of it.")
    changed: list[ChangedBody] = Field(description="In the half hour before it began.")
    history: list[ChangeBody]
    similar: list[AlertBody] = Field(description="What ended before and was like it.")


class Meant(Body):
    """Which alerts are meant: by their ids, or by what they are."""

    ids: list[Id] = Field([], max_length=MOST_IDS)
    types: list[str] = Field([], max_length=100)
    severities: list[Severity] = Field([], max_length=3)
    labels: dict[str, str] = Field({}, max_length=20, description="Pairs that they bear.")
    tenant: str = Field("", description="Only of this tenant.")
    by: str = Field("", max_length=200, description="Who does it; empty: whoever asks.")

    @property
    def filter(self) -> Filter:
        """It as a filter."""
        return Filter(
            ids=tuple(self.ids),
            types=tuple(self.types),
            severities=tuple(self.severities),
            labels=tuple(self.labels.items()),
        )


class Handled(BaseModel):
    """What was done with many alerts."""

    changed: list[int] = Field(description="Ids of those that changed.")
    undo: str = Field(description="Where to post these ids to take it back.")
