"""What the workbook of health draws (runbook 004, topic 4): live, performance, failures. Pure.

Its map and its logs are no series: the console has them from the registry and from the logs.
"""

from quarterdeck.operations.metrics.panels import (
    BY_KEY,
    FAILED,
    QUANTILES,
    REQUESTS,
    SECONDS,
    Making,
    Panel,
    Query,
    Unit,
)

P95 = QUANTILES[1]


def _p95(of: str, *by: str) -> tuple[Query, ...]:
    return (Query(making=Making.QUANTILE, of=of, by=by, quantile=P95),)


def _rate(of: str, *by: str) -> Query:
    return Query(making=Making.RATE, of=of, by=by)


def _failed(of: str, among: str, *by: str) -> Query:
    """A part, for what never failed has no series: of those that were it is none."""
    return Query(making=Making.SHARE, of=of, among=among, by=by)


ENDED = "quarterdeck_jobs_ended_total"

LIVE = (
    BY_KEY["request-rate"],
    BY_KEY["error-rate"],
    Panel(
        key="live-latency",
        title="P95 Latency by Service",
        unit=Unit.SECONDS,
        queries=_p95(SECONDS, "service"),
        limit=0.5,
        source="runbook 001: 500 ms (p95)",
    ),
    Panel(
        key="processes",
        title="Processor Time by Process",
        unit=Unit.SHARE,
        queries=(_rate("quarterdeck_process_cpu_seconds", "process"),),
    ),
    Panel(
        key="memory",
        title="Memory by Process",
        unit=Unit.BYTES,
        queries=(
            Query(making=Making.VALUE, of="quarterdeck_process_memory_bytes", by=("process",)),
        ),
    ),
    BY_KEY["projection-lag"],
)

PERFORMANCE = (
    Panel(
        key="routes",
        title="P95 Latency by Route",
        unit=Unit.SECONDS,
        queries=_p95(SECONDS, "method", "route"),
        limit=0.5,
        source="runbook 001: 500 ms (p95)",
    ),
    Panel(
        key="statements",
        title="P95 of Statements in the Database",
        unit=Unit.SECONDS,
        queries=_p95("quarterdeck_database_statement_seconds", "verb"),
    ),
    Panel(
        key="dependencies",
        title="P95 of Dependencies",
        unit=Unit.SECONDS,
        queries=_p95("quarterdeck_dependency_seconds", "dependency"),
    ),
)

FAILURES = (
    Panel(
        key="failed-requests",
        title="Failed of Requests by Route",
        unit=Unit.SHARE,
        queries=(_failed(FAILED, REQUESTS, "method", "route"),),
        limit=0.01,
        source="runbook 004: more than 1 %",
    ),
    Panel(
        key="failed-jobs",
        title="Failed of Jobs by Kind",
        unit=Unit.SHARE,
        queries=(_failed(f'{ENDED}{{state="failed"}}', ENDED, "kind"),),
    ),
    Panel(
        key="refused-statements",
        title="Statements that the Database Refused",
        unit=Unit.SHARE,
        queries=(
            _failed(
                "quarterdeck_database_errors_total", "quarterdeck_database_statement_seconds_count"
            ),
        ),
    ),
)
