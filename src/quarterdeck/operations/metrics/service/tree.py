"""Runbook 003's monitoring tree: system health in three groups of two values (its L22-34)."""

from dataclasses import dataclass

from quarterdeck.kernel.work import Work
from quarterdeck.operations.metrics.opening import Metrics
from quarterdeck.operations.metrics.panels import (
    FAILED,
    OWNER,
    QUANTILES,
    REQUESTS,
    SECONDS,
    Making,
    Panel,
    Query,
    Unit,
)
from quarterdeck.operations.metrics.service.drawing import draw

STATEMENTS = "quarterdeck_database_statement_seconds"
CONSOLE, OTHERS = 'service="console"', 'service!="console"'
DATABASE = '{pool="database"}'
MS = 1000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """The values now. None is not known: nothing was recorded in the last five minutes.

    Attributes:
        web_response_ms, api_latency_ms: 95 of 100 took at most this long.
        web_error_rate, api_success_rate: 0 to 1.
        pool_used, pool_max: connections of the process that uses most.
        query_ms: of statements, by quantile: 0.5, 0.95, 0.99.
    """

    web_response_ms: float | None
    web_error_rate: float | None
    api_latency_ms: float | None
    api_success_rate: float | None
    pool_used: float | None
    pool_max: float | None
    query_ms: dict[float, float | None]


def tree(work: Work, metrics: Metrics) -> Tree:
    """System health, from the platform's own series."""

    def now(query: Query) -> float | None:
        panel = Panel(key="now", title="", unit=Unit.COUNT, queries=(query,))
        drawn = draw(work, metrics, OWNER, panel, [work.now])
        return drawn[0].values[0] if drawn else None

    failing = now(_failing(OTHERS))
    return Tree(
        web_response_ms=_ms(now(_p95(CONSOLE))),
        web_error_rate=now(_failing(CONSOLE)),
        api_latency_ms=_ms(now(_p95(OTHERS))),
        api_success_rate=None if failing is None else 1 - failing,
        pool_used=now(Query(making=Making.VALUE, of=f"quarterdeck_pool_used{DATABASE}")),
        pool_max=now(Query(making=Making.VALUE, of=f"quarterdeck_pool_max{DATABASE}")),
        query_ms={
            part: _ms(now(Query(making=Making.QUANTILE, of=STATEMENTS, quantile=part)))
            for part in QUANTILES
        },
    )


def _p95(who: str) -> Query:
    return Query(making=Making.QUANTILE, of=f"{SECONDS}{{{who}}}", quantile=0.95)


def _failing(who: str) -> Query:
    failed = FAILED.replace("{", f"{{{who}, ", 1)
    return Query(making=Making.SHARE, of=failed, among=f"{REQUESTS}{{{who}}}")


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else seconds * MS
