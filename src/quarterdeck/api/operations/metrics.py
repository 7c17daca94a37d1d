"""/api/v1/metrics and /api/v1/series: numbers over time, in and out."""

import math
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Annotated, Self

from fastapi import Body as RawBody
from fastapi import Query, Response
from pydantic import AwareDatetime, BaseModel, Field

from quarterdeck.kernel.errors import Invalid
from quarterdeck.kernel.work import Work
from quarterdeck.operations.metrics import exposition, panels
from quarterdeck.operations.metrics.model import (
    Function,
    Point,
    Recorded,
    Refusal,
    Sample,
    Series,
    is_stale,
)
from quarterdeck.operations.metrics.remotewrite import samples as remote_samples
from quarterdeck.operations.metrics.selector import selector
from quarterdeck.operations.metrics.service import drawing, reading, recording
from quarterdeck.operations.metrics.spans import span, steps
from quarterdeck.operations.metrics.windows import Asked
from quarterdeck.web.bodies import Body
from quarterdeck.web.deps import InRead, Installation
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import api_router

router = api_router(tags=["metrics"])

USUAL = timedelta(hours=1)
MOST_POINTS = 200_000
MOST_SAMPLES = 10_000

Tenant = Annotated[str, Query(description="Whose; empty: your own, `_platform` the platform's.")]
Start = Annotated[AwareDatetime | None, Query(description="Default: an hour before end.")]
End = Annotated[AwareDatetime | None, Query(description="Default: now.")]
Number = float | str
"""JSON has no infinity and no NaN: they are the words that Prometheus has for them."""

ASKED = problems(401, 403, 404, 422, 503)


class SamplesRefused(Invalid):
    """Some samples were not kept; the others were. The message says how many, and why."""


class AnswerTooLong(Invalid):
    """The answer would have more points than one answer may."""


class MetricBody(BaseModel):
    """A metric that has series."""

    name: str
    series: int
    seen_at: datetime = Field(description="To the day: when a point of it last came in.")


class MetricList(BaseModel):
    """The metrics of a tenant, by name."""

    metrics: list[MetricBody]


class MetricLabels(BaseModel):
    """A metric's labels, each with its values."""

    name: str
    labels: dict[str, list[str]]


class PointBody(BaseModel):
    """A value at an instant."""

    at: datetime
    value: Number = Field(description='A number, or "NaN", "+Inf", "-Inf".')

    @classmethod
    def of(cls, point: Point) -> Self:
        return cls(at=point.at, value=number(point.value))


class SeriesBody(BaseModel):
    """A series, or what a function made of it. Where nothing is known there is no point."""

    name: str
    labels: dict[str, str]
    points: list[PointBody]

    @classmethod
    def of(cls, series: Series) -> Self:
        points = [PointBody.of(p) for p in series.points if not is_stale(p.value)]
        return cls(name=series.name, labels=dict(series.labels), points=points)


class SeriesList(BaseModel):
    """The series that were meant."""

    series: list[SeriesBody]


class LineBody(BaseModel):
    """A line of a panel; null where nothing is known."""

    name: str
    values: list[float | None]


class PanelBody(BaseModel):
    """One of the ten panels of runbook 004."""

    key: str
    title: str
    unit: str
    limit: float | None
    limit_is_least: bool
    source: str = Field(description="Where the limit is from.")
    queries: list[str] = Field(description="As Prometheus reads them.")
    times: list[datetime]
    lines: list[LineBody]


class PanelList(BaseModel):
    """The panels, filled from our own store."""

    panels: list[PanelBody]


class SampleBody(Body):
    """A value of a series."""

    metric: str = Field(max_length=1024)
    labels: dict[str, str] = Field(default_factory=dict)
    value: float
    at: AwareDatetime | None = Field(None, description="Default: now.")


class Samples(Body):
    """Samples to keep."""

    samples: list[SampleBody] = Field(max_length=MOST_SAMPLES)
    backfill: bool = Field(
        default=False, description="They fill in what was missed, behind the newest point."
    )


class RecordedBody(BaseModel):
    """What became of the samples."""

    accepted: int
    refused: dict[Refusal, int] = Field(description="How many, by why.")

    @classmethod
    def of(cls, found: Recorded) -> Self:
        return cls(accepted=found.accepted, refused=dict(found.refused))


@router.get("/metrics", responses=ASKED, **needs("metrics:read"))
def list_metrics(work: InRead, runtime: Installation, tenant: Tenant = "") -> MetricList:
    """The metrics that have series, by name."""
    found = reading.listed(work, runtime.metrics, whose(work, tenant))
    return MetricList(
        metrics=[MetricBody(name=m.name, series=m.series, seen_at=m.seen_at) for m in found]
    )


@router.get("/metrics/panels", responses=ASKED, **needs("metrics:read"))
def list_panels(
    work: InRead,
    runtime: Installation,
    start: Start = None,
    end: End = None,
    interval: Annotated[str, Query(description="ISO 8601, as PT1M.")] = "PT1M",
) -> PanelList:
    """The ten panels of the operations dashboard, from our own store."""
    ats = steps(*between(work, start, end), span(interval))
    return PanelList(panels=[_panel(work, runtime, panel, ats) for panel in panels.PANELS])


@router.get("/metrics/{metric}", responses=ASKED, **needs("metrics:read"))
def get_metric(
    metric: str, work: InRead, runtime: Installation, tenant: Tenant = ""
) -> MetricLabels:
    """The labels of a metric, with their values."""
    found = reading.described(work, runtime.metrics, whose(work, tenant), metric)
    return MetricLabels(name=metric, labels=found)


@router.get("/series", responses=ASKED, **needs("metrics:read"))
def list_series(  # noqa: PLR0913, PLR0917  each a part of the question
    work: InRead,
    runtime: Installation,
    of: Annotated[str, Query(alias="selector", description='As `up{job="a"}`.')],
    tenant: Tenant = "",
    start: Start = None,
    end: End = None,
    interval: Annotated[str, Query(description="ISO 8601, as PT1H; empty: each point.")] = "",
    function: Annotated[Function, Query(description="Of each interval.")] = Function.AVG,
    quantile: Annotated[float, Query(ge=0, le=1)] = 0.95,
) -> SeriesList:
    """Series that a selector means: their points, or what a function makes of each interval.

    An interval's point bears the instant at which the interval ended.
    """
    owner, meant = whose(work, tenant), selector(of)
    first, last = between(work, start, end)
    if not interval:
        found = reading.select(work, runtime.metrics, owner, meant, first, last)
    else:
        asked = Asked(function, span(interval), quantile)
        ats = steps(first, last, asked.window)
        found = reading.along(work, runtime.metrics, owner, meant, ats, asked)
    return SeriesList(series=[SeriesBody.of(one) for one in _bounded(found)])


@router.post("/metrics/samples", responses=ASKED, **needs("metrics:write"))
def record_samples(
    work: InRead, runtime: Installation, said: Samples, tenant: Tenant = ""
) -> RecordedBody:
    """Keep samples. Each is kept, or counted under why it is not; sending them again is safe."""
    samples = (
        Sample(one.metric, one.labels, one.at or work.now, one.value) for one in said.samples
    )
    found = recording.record(
        work, runtime.metrics, whose(work, tenant), samples, backfill=said.backfill
    )
    return RecordedBody.of(found)


@router.post(
    "/metrics/exposition",
    responses=problems(401, 403, 404, 413, 415, 422, 503),
    **needs("metrics:write"),
)
def record_exposition(
    work: InRead,
    runtime: Installation,
    content: Annotated[bytes, RawBody(media_type="application/openmetrics-text")],
    tenant: Tenant = "",
) -> RecordedBody:
    """Keep what a program exposes in the OpenMetrics form, as it is now."""
    owner = _entitled(work, tenant)
    samples = exposition.samples(content, work.now)
    return RecordedBody.of(recording.record(work, runtime.metrics, owner, samples))


@router.post(
    "/metrics/write",
    status_code=204,
    responses=problems(401, 403, 404, 413, 415, 422, 503),
    **needs("metrics:write"),
)
def remote_write(
    work: InRead,
    runtime: Installation,
    content: Annotated[bytes, RawBody(media_type="application/x-protobuf")],
    tenant: Tenant = "",
) -> Response:
    """Prometheus' remote-write 1.0: a snappy-packed WriteRequest.

    Duplicates are no failure, for Prometheus repeats what was not answered in time. Other
    samples that are not kept are: the rest was kept, and the answer says how many were not.
    """
    owner = _entitled(work, tenant)
    found = recording.record(work, runtime.metrics, owner, remote_samples(content))
    lost = {why.value: n for why, n in found.refused.items() if why is not Refusal.DUPLICATE}
    if lost:
        words = ", ".join(f"{n} {why}" for why, n in sorted(lost.items()))
        raise SamplesRefused(f"kept {found.accepted} samples, not these: {words}")
    return Response(status_code=204)


def whose(work: Work, tenant: str) -> str:
    """The tenant that is meant."""
    return tenant or work.actor.home


def _entitled(work: Work, tenant: str) -> str:
    # Who may not write hears that before anything is said of the bytes.
    owner = whose(work, tenant)
    work.require("metrics:write", owner)
    return owner


def between(work: Work, start: datetime | None, end: datetime | None) -> tuple[datetime, datetime]:
    """The time range that is meant."""
    last = end or work.now
    return start or last - USUAL, last


def number(value: float) -> Number:
    """A value as JSON can hold it."""
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"


def _panel(
    work: Work, runtime: Installation, panel: panels.Panel, ats: list[datetime]
) -> PanelBody:
    lines = drawing.draw(work, runtime.metrics, panels.OWNER, panel, ats)
    return PanelBody(
        key=panel.key,
        title=panel.title,
        unit=panel.unit,
        limit=panel.limit,
        limit_is_least=panel.least,
        source=panel.source,
        queries=[panels.promql(query) for query in panel.queries],
        times=ats,
        lines=[LineBody(name=one.name, values=[_finite(v) for v in one.values]) for one in lines],
    )


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _bounded(found: Iterable[Series]) -> Iterator[Series]:
    total = 0
    for one in found:
        total += len(one.times)
        if total > MOST_POINTS:
            raise AnswerTooLong(
                f"more than {MOST_POINTS} points in one answer: ask for an interval, "
                "fewer series or a shorter time"
            )
        yield one
