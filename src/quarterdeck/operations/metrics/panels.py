"""What is drawn of metrics: the ten panels of runbook 004 (topic 4), and who asks for which series.

One list for the console, for Grafana's dashboards (scripts/generate_dashboards.py) and for
whoever asks over HTTP, so that they cannot tell different stories. Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.operations.metrics.selector import Comparison, Matcher, Selector, selector

OWNER = PLATFORM
"""Whose series the panels are of."""

QUANTILES = (0.5, 0.95, 0.99)
"""Of latencies."""


class Unit(StrEnum):
    """What a number is in."""

    SECONDS = "s"
    A_SECOND = "/s"
    SHARE = "share"
    COUNT = ""
    STATE = "state"
    BYTES = "bytes"


class Making(StrEnum):
    """How lines are made of series.

    ``value`` is the largest of the newest values and ``least`` the smallest, ``rate`` the sum
    of the rates over five minutes, ``share`` one such rate as part of another, ``quantile``
    one of a histogram.
    """

    VALUE = "value"
    LEAST = "least"
    RATE = "rate"
    SHARE = "share"
    QUANTILE = "quantile"


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Lines of a panel.

    Attributes:
        of: a selector; of a histogram, without ``_bucket``.
        among: of a share, the selector of the whole.
        by: one line for each value of these labels.
        apart: of a value, labels whose series add up in a line. What several processes say of
            one thing does not: of those the largest counts.
        name: what the line is called where ``by`` is empty, or in front of its labels.
    """

    making: Making
    of: str
    among: str = ""
    by: tuple[str, ...] = ()
    apart: tuple[str, ...] = ()
    quantile: float = 0.0
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A drawing.

    Attributes:
        limit: what is too much (or too little, where ``least``); None: nothing is said.
        source: of the limit.
    """

    key: str
    title: str
    unit: Unit
    queries: tuple[Query, ...]
    limit: float | None = None
    least: bool = False
    source: str = ""


def promql(query: Query) -> str:
    """The query as Prometheus and Grafana read it."""
    by = _by(query.by)
    total = f"sum{by} (rate({query.of}[5m]))"
    if query.making is Making.VALUE:
        largest = f"max{_by(query.by + query.apart)} ({query.of})"
        return f"sum{by} ({largest})" if query.apart else largest
    if query.making is Making.LEAST:
        return f"min{by} ({query.of})"
    if query.making is Making.RATE:
        return total
    if query.making is Making.SHARE:
        # What never happened has no series: it is none of the whole, and not unknown.
        whole = f"sum{by} (rate({query.among}[5m]))"
        return f"({total} or 0 * {whole}) / {whole}"
    bucket = query.of.replace("{", "_bucket{", 1) if "{" in query.of else f"{query.of}_bucket"
    counts = f"sum{_by(('le', *query.by))} (rate({bucket}[5m]))"
    return f"histogram_quantile({query.quantile:g}, {counts})"


def within(panel: Panel, region: str) -> Panel:
    """The panel of one region; "": of all."""
    if not region:
        return panel
    queries = tuple(
        replace(one, of=_with(one.of, region), among=one.among and _with(one.among, region))
        for one in panel.queries
    )
    return replace(panel, queries=queries)


def verdict(panel: Panel, last: Sequence[float]) -> str:
    """``ok`` or ``warning``, as a limit says of the newest values; ``unknown`` where none is."""
    if not last:
        return "unknown"
    if panel.limit is None:
        return "ok"
    # Equal to a limit that one must stay below is beyond it.
    beyond = min(last) < panel.limit if panel.least else max(last) >= panel.limit
    return "warning" if beyond else "ok"


def _with(of: str, region: str) -> str:
    meant = selector(of)
    matchers = (*meant.matchers, Matcher("region", Comparison.IS, region))
    return str(Selector(meant.name, matchers))


def _by(labels: tuple[str, ...]) -> str:
    return f" by ({', '.join(labels)})" if labels else ""


FAILED = 'quarterdeck_http_requests_total{status=~"5.."}'
REQUESTS, SECONDS = "quarterdeck_http_requests_total", "quarterdeck_http_request_seconds"
ANSWERS = "quarterdeck_cache_answers_total"


def _latency(of: str, *by: str, name: str = "") -> tuple[Query, ...]:
    return tuple(
        Query(
            making=Making.QUANTILE,
            of=of,
            by=by,
            quantile=part,
            name=f"{name} P{part * 100:g}".strip(),
        )
        for part in QUANTILES
    )


def _value(of: str, *by: str, name: str = "", apart: tuple[str, ...] = ()) -> Query:
    return Query(making=Making.VALUE, of=of, by=by, apart=apart, name=name)


PANELS = (
    Panel(
        key="service-health",
        title="Service Health Matrix",
        unit=Unit.STATE,
        queries=(
            # One that is down in any tenant or environment is not hidden by those that work.
            Query(making=Making.LEAST, of="quarterdeck_service_up", by=("service", "region")),
        ),
        limit=1,
        least=True,
        source="1 works, 0 is down",
    ),
    Panel(
        key="error-rate",
        title="Error Rate by Service",
        unit=Unit.SHARE,
        queries=(
            Query(
                making=Making.SHARE,
                of=f'{REQUESTS}{{status=~"5.."}}',
                among=REQUESTS,
                by=("service",),
            ),
        ),
        limit=0.01,
        source="runbook 004: more than 1 %",
    ),
    Panel(
        key="request-rate",
        title="Request Rate by Service",
        unit=Unit.A_SECOND,
        queries=(
            Query(making=Making.RATE, of=REQUESTS, by=("service",)),
            Query(making=Making.RATE, of="quarterdeck_ingest_events_total", name="ingested events"),
        ),
    ),
    Panel(
        key="latency",
        title="P50/P95/P99 Latency by Service",
        unit=Unit.SECONDS,
        queries=(
            *_latency(SECONDS, "service"),
            *_latency("quarterdeck_ingest_seconds", name="ingest"),
        ),
        limit=0.5,
        source="runbook 001: 500 ms (p95)",
    ),
    Panel(
        key="projection-lag",
        title="Projection Lag",
        unit=Unit.SECONDS,
        queries=(
            Query(making=Making.VALUE, of="quarterdeck_projection_lag_seconds", by=("projection",)),
        ),
        limit=5,
        source="runbook 004: ready below 5 s",
    ),
    Panel(
        key="dead-letters",
        title="DLQ Depth by Consumer",
        unit=Unit.COUNT,
        queries=(_value("quarterdeck_dead_letters", "consumer", apart=("reason",)),),
        limit=100,
        source="runbook 004: more than 100",
    ),
    Panel(
        key="outbox",
        title="Outbox Backlog",
        unit=Unit.COUNT,
        queries=(_value("quarterdeck_outbox_backlog", name="records"),),
    ),
    Panel(
        key="cache",
        title="Cache Hit Rates",
        unit=Unit.SHARE,
        queries=(
            Query(
                making=Making.SHARE,
                of=f'{ANSWERS}{{answer="hit"}}',
                among=ANSWERS,
                by=("cache",),
            ),
        ),
        limit=0.8,
        least=True,
        source="runbook 000: more than 80 %",
    ),
    Panel(
        key="pool",
        title="Database Connection Pool Usage",
        unit=Unit.COUNT,
        queries=(
            _value("quarterdeck_pool_used", "pool", name="used"),
            _value("quarterdeck_pool_max", "pool", name="max"),
        ),
        source="runbook 001: below 80 % of max",
    ),
    Panel(
        key="queue-depth",
        title="Message Bus Queue Depth",
        unit=Unit.COUNT,
        queries=(_value("quarterdeck_consumer_lag", "consumer"),),
    ),
)
"""In the order of the runbook."""

BY_KEY = {panel.key: panel for panel in PANELS}

SERVICE_HEALTH = tuple(
    BY_KEY[key]
    for key in ("service-health", "error-rate", "request-rate", "latency", "projection-lag")
)
"""What runbook 004's card of service health shows (topic 1)."""

CLOUDGOV = (
    Panel(
        key="api",
        title="API Response Time, P95",
        unit=Unit.SECONDS,
        queries=_latency(SECONDS)[1:2],
        limit=0.5,
        source="runbook 001: below 500 ms",
    ),
    Panel(
        key="connections",
        title="Database Connections",
        unit=Unit.COUNT,
        queries=BY_KEY["pool"].queries,
        source="runbook 001: below 80 % of max",
    ),
    Panel(
        key="age",
        title="Age of the Estate",
        unit=Unit.SECONDS,
        queries=(_value("quarterdeck_sync_age_seconds", "tenant", "domain"),),
    ),
    Panel(
        key="stale",
        title="Stale Tenants by Domain",
        unit=Unit.COUNT,
        queries=(_value("quarterdeck_sync_stale", "domain"),),
        limit=1,
    ),
    BY_KEY["request-rate"],
    BY_KEY["error-rate"],
)
"""The key metrics of runbook 001 that are of the platform itself."""

DASHBOARDS = {
    "atp-ops": ("Operations", PANELS),
    "cloudgov": ("Cloud governance", CLOUDGOV),
    "service-health": ("Service health", SERVICE_HEALTH),
}
"""By the uid that the runbooks' addresses have: title, and panels."""
