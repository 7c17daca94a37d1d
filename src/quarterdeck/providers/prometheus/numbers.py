"""Asks a Prometheus what SLOs count, slice by slice, by its HTTP API.

https://prometheus.io/docs/prometheus/latest/querying/api/#range-queries
"""

import json
import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from ssl import SSLContext
from time import monotonic
from typing import Any
from urllib.parse import urlencode

import httpcore2
import httpx2
from prometheus_client import Counter, Histogram

from quarterdeck.kernel.clock import instant
from quarterdeck.operations.slos.model.address import fault_of
from quarterdeck.operations.slos.model.burn import named
from quarterdeck.operations.slos.model.measure import (
    Compared,
    Counted,
    Measure,
    Query,
    Slices,
    UnusableQuery,
)
from quarterdeck.operations.slos.ports import SourceSilent
from quarterdeck.operations.slos.promql import Events, counted, worst
from quarterdeck.providers.webhook.guarded import Guarded
from quarterdeck.providers.webhook.reach import networks_of
from quarterdeck.providers.webhook.whole import FAILURES, WholeTime

TIMEOUT_S = 30.0
MOST_BYTES = 4_000_000
MOST_ERROR = 300
BAD_DATA = (400, 422)
SETTING = "prometheus_networks"
ASKED = Counter("quarterdeck_slo_requests_total", "Questions to a Prometheus.", ["outcome"])
SECONDS = Histogram(
    "quarterdeck_slo_request_seconds",
    "Time that a Prometheus took to answer.",
    buckets=(0.01, 0.05, 0.2, 1, 5, 30),
)

Line = Mapping[datetime, float]


class PrometheusNumbers:
    """The port ``Numbers``. Follows no redirect and asks no proxy: what was checked is asked.

    Args:
        networks: that may be asked though they are not public.
    """

    def __init__(
        self, networks: str = "", timeout_s: float = TIMEOUT_S, trust: SSLContext | None = None
    ) -> None:
        self._timeout_s = timeout_s
        self._time = WholeTime()
        self._pool = httpcore2.ConnectionPool(
            ssl_context=trust or httpx2.create_ssl_context(),
            network_backend=Guarded(networks_of(networks), self._time.left, SETTING),
        )

    def slices(self, tenant: str, measure: Measure, ends: Sequence[datetime]) -> Slices:  # noqa: ARG002  a Prometheus knows no tenants: whom it serves, its DataSource says
        """As the port says."""
        what, window = counted(measure), named(measure.step)
        query = measure.queries()[0]
        if isinstance(what, Events):
            total = self._line(query, what.total(window), ends)
            part = self._line(query, what.part(window), ends)
            return _counted(total, part, bad=what.bad)
        if isinstance(measure.what, Compared):
            limit, op = float(measure.what.value), measure.what.op
            line = self._line(query, worst(measure.what, measure), ends)
            return {at: Counted(float(op.holds(one, limit)), 1.0) for at, one in line.items()}
        line = self._line(query, what.expression, ends)
        return {at: Counted(one, 1.0) for at, one in line.items()}

    def close(self) -> None:
        """Let go of the connections."""
        self._pool.close()

    def _line(self, query: Query, expression: str, ends: Sequence[datetime]) -> Line:
        step = (ends[1] - ends[0]).total_seconds() if len(ends) > 1 else 60.0
        asked = {
            "query": expression,
            "start": f"{ends[0].timestamp():.3f}",
            "end": f"{ends[-1].timestamp():.3f}",
            "step": f"{step:g}",
        }
        said = self._asked(f"{_address(query)}/api/v1/query_range?{urlencode(asked)}")
        return _points(said)

    def _asked(self, url: str) -> Any:  # noqa: ANN401  JSON
        began = monotonic()
        within = self._time.begin(self._timeout_s)
        try:
            with self._pool.stream("GET", url, extensions=within) as answer:
                body = b"".join(_bounded(answer))
        except FAILURES as error:
            ASKED.labels("silent").inc()
            words = f"{type(error).__name__}: {error}".removesuffix(": ")[:MOST_ERROR]
            raise SourceSilent(f"the Prometheus does not answer: {words}") from error
        SECONDS.observe(monotonic() - began)
        return _said(answer.status, body)


def _address(query: Query) -> str:
    url = query.connection.get("url", "")
    if not url:
        raise UnusableQuery(
            "a query of type Prometheus needs a DataSource whose connectionDetails have its url"
        )
    if why := fault_of(url):
        raise UnusableQuery(f"the DataSource cannot be asked: {why}")
    return str(url).rstrip("/")


def _bounded(answer: httpcore2.Response) -> list[bytes]:
    pieces, size = [], 0
    for piece in answer.iter_stream():
        size += len(piece)
        if size > MOST_BYTES:
            raise httpcore2.ReadError(f"more than {MOST_BYTES} bytes")
        pieces.append(piece)
    return pieces


def _said(status: int, body: bytes) -> Any:  # noqa: ANN401  JSON
    try:
        said = json.loads(body)
    except (ValueError, RecursionError) as error:
        ASKED.labels("silent").inc()
        raise SourceSilent(f"the Prometheus answers {status}, and no JSON") from error
    if isinstance(said, dict) and said.get("status") == "success":
        ASKED.labels("answered").inc()
        return said.get("data")
    words = str(said.get("error", "") if isinstance(said, dict) else "")[:MOST_ERROR]
    if status in BAD_DATA:
        ASKED.labels("refused").inc()
        raise UnusableQuery(f"the Prometheus refuses the query: {words}")
    ASKED.labels("silent").inc()
    raise SourceSilent(f"the Prometheus answers {status}: {words}")


def _points(said: Any) -> Line:  # noqa: ANN401  JSON
    """The one line of an answer; NaN is no point."""
    try:
        lines = said["result"]
        if len(lines) > 1:
            raise UnusableQuery(f"the query has {len(lines)} series: add them up")
        pairs = [(float(at), float(value)) for line in lines for at, value in line["values"]]
        found = {instant(round(at * 1000) * 1000): value for at, value in pairs}
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise SourceSilent("the Prometheus answers in a form that is not its own") from error
    return {at: value for at, value in found.items() if math.isfinite(value)}


def _counted(total: Line, part: Line, *, bad: bool) -> Slices:
    if not bad and not part:
        return {}  # that nothing at all was good is said by no series
    found = {at: (part.get(at, 0.0), whole) for at, whole in total.items()}
    return {at: Counted(whole - one if bad else one, whole) for at, (one, whole) in found.items()}
