"""A Prometheus counts what our own store counts; one that is down says nothing."""

import json
import math
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from operations.health.endpoints import Endpoint, endpoint
from operations.slos.stage import MINUTE, NOON, REQUESTS, UP, Stage
from operations.slos.test_rules import LATENCY, SLICED
from quarterdeck.operations.metrics.opening import open_metrics
from quarterdeck.operations.slos.model.measure import Measure, Query, UnusableQuery
from quarterdeck.operations.slos.model.openslo import Slo
from quarterdeck.operations.slos.model.standing import Verdict
from quarterdeck.operations.slos.own import OwnNumbers
from quarterdeck.operations.slos.planning import known, plan
from quarterdeck.operations.slos.ports import SourceSilent
from quarterdeck.operations.slos.reading import read
from quarterdeck.providers.prometheus.numbers import MOST_BYTES, PrometheusNumbers
from servers import databases, prometheus

LOOPBACK = "127.0.0.0/8"
ENDS = [NOON + MINUTE * n for n in range(-9, 1)]
DATA_SOURCE = """\
apiVersion: openslo/v1
kind: DataSource
metadata: {name: prod}
spec: {type: Prometheus, connectionDetails: {url: URL}}
"""
ASKED = UP.replace("type: Quarterdeck", "metricSourceRef: prod")


@pytest.fixture
def stage(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    template = tmp_path_factory.getbasetemp() / "tables.db"
    with databases.opened(databases.sqlite(template, tmp_path)) as engine:
        yield from _staged(engine, tmp_path)


def _staged(engine: Engine, folder: Path) -> Iterator[Stage]:
    with closing(open_metrics(engine, folder / "series")) as metrics:
        yield Stage(engine, metrics)


@pytest.fixture
def asking() -> Iterator[PrometheusNumbers]:
    with closing(PrometheusNumbers(LOOPBACK, timeout_s=2.0)) as opened:
        yield opened


@pytest.fixture
def server() -> Iterator[Endpoint]:
    with endpoint() as opened:
        yield opened


def measures(text: str, url: str = "") -> list[Measure]:
    """What is counted; of a Prometheus, if ``url`` is given."""
    objects = read(text).objects
    [slo] = [one for one in objects if isinstance(one, Slo)]
    found = [one.measure for one in plan("acme", slo, known(objects)) if one.measure]
    return [_at(one, url) for one in found] if url else found


def _at(measure: Measure, url: str) -> Measure:
    def moved(query: Query | None) -> Query | None:
        return query and replace(query, type="Prometheus", connection={"url": url})

    what = measure.what
    fields = {
        name: moved(getattr(what, name))
        for name in ("good", "bad", "total", "query")
        if hasattr(what, name)
    }
    return replace(measure, what=replace(what, **fields))  # type: ignore[arg-type]  # of each its own


def exposition(stage: Stage) -> str:
    """Series of twenty minutes: counters, a histogram, a gauge, each with a sample a minute."""
    lines = []
    steps = {
        'requests{code="200"}': [100.0] * 21,
        'requests{code="500"}': [0.0] * 15 + [1.0, 0.0, 20.0, 0.0, 3.0, 0.0],
        'seconds_bucket{service="web",le="0.5"}': [9.0] * 21,
        'seconds_bucket{service="web",le="1.0"}': [10.0] * 21,
        'seconds_count{service="web"}': [12.0] * 21,
    }
    for series, rises in steps.items():
        total = 0.0
        for n, rise in enumerate(rises):
            total += rise
            lines.append((series, NOON - MINUTE * (20 - n), total))
    up = [1.0] * 16 + [0.0, 1.0, 0.0, 1.0, 1.0]
    lines += [("up", NOON - MINUTE * (20 - n), value) for n, value in enumerate(up)]
    stage.keep(lines)
    rows = [f"{series} {value:g} {at.timestamp():.0f}" for series, at, value in sorted(lines)]
    return "\n".join([*rows, "# EOF", ""])


@pytest.mark.parametrize("text", [UP, REQUESTS, SLICED, LATENCY])
def test_both_sources_count_the_same(
    stage: Stage, asking: PrometheusNumbers, tmp_path: Path, text: str
) -> None:
    if reason := prometheus.missing("prometheus", "promtool"):
        pytest.skip(reason)
    own = OwnNumbers(engine=stage.engine, metrics=stage.metrics, clock=stage.clock)
    with prometheus.filled(tmp_path / "prometheus", exposition(stage)) as url:
        for ours, theirs in zip(measures(text), measures(text, url), strict=True):
            one = own.slices("acme", ours, ENDS)
            other = asking.slices("acme", theirs, ENDS)
            assert one.keys() == other.keys() == set(ENDS)
            for at in ENDS:
                assert other[at].share == pytest.approx(one[at].share, abs=1e-9), at
                assert bool(other[at].total) is bool(one[at].total)


def test_a_prometheus_that_is_down_is_not_known_and_is_caught_up_with(
    stage: Stage, asking: PrometheusNumbers, server: Endpoint
) -> None:
    stage.others["Prometheus"] = asking
    stage.apply(DATA_SOURCE.replace("URL", server.url) + "---\n" + ASKED)
    server.status, server.body = 503, b"no"
    [down] = stage.evaluate()
    assert (down.verdict, down.share) == (Verdict.UNKNOWN, None)
    assert down.reason == "the Prometheus answers 503, and no JSON"
    server.status = 200
    values = [[(NOON - MINUTE * n).timestamp(), "1"] for n in range(1, 60)]
    server.body = answer({"metric": {}, "values": values})
    [back] = stage.evaluate()
    assert (back.verdict, back.attained, back.reason) == (Verdict.MET, 1.0, "")
    server.silent.set()
    stage.pass_time(minutes=20)
    [silent] = stage.evaluate()
    assert silent.verdict is Verdict.UNKNOWN
    assert "does not answer" in silent.reason
    server.end.set()


def answer(*lines: object) -> bytes:
    said = {"status": "success", "data": {"resultType": "matrix", "result": list(lines)}}
    return json.dumps(said).encode()


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (400, b'{"status": "error", "error": "parse error"}', UnusableQuery, "parse error"),
        (422, b'{"status": "error", "error": "too many"}', UnusableQuery, "too many"),
        (500, b'{"status": "error", "error": "oh"}', SourceSilent, "500: oh"),
        (200, b"<html>", SourceSilent, "no JSON"),
        (200, b"[]", SourceSilent, "answers 200"),
        (200, b'{"status": "success", "data": 3}', SourceSilent, "not its own"),
        (200, answer({"values": [["x", "y"]]}), SourceSilent, "not its own"),
        (200, answer({"values": [[math.nan, "1"]]}), SourceSilent, "not its own"),
        (200, answer({"values": [[math.inf, "1"]]}), SourceSilent, "not its own"),
        (200, answer({"values": [[1e300, "1"]]}), SourceSilent, "not its own"),
        (200, b"[" * 100_000, SourceSilent, "no JSON"),
        (200, answer({"values": []}, {"values": []}), UnusableQuery, "2 series: add them up"),
        (200, b" " * (MOST_BYTES + 1), SourceSilent, "more than"),
        (302, b"", SourceSilent, "302"),
    ],
)
def test_whatever_is_answered_is_numbers_or_says_why_not(
    asking: PrometheusNumbers,
    server: Endpoint,
    status: int,
    body: bytes,
    kind: type[Exception],
    words: str,
) -> None:
    server.status, server.body = status, body
    [measure] = measures(UP, server.url)
    with pytest.raises(kind, match=words):
        asking.slices("acme", measure, ENDS)


def test_values_that_are_no_numbers_are_not_known(
    asking: PrometheusNumbers, server: Endpoint
) -> None:
    values = [
        [at.timestamp(), value] for at, value in zip(ENDS, ["NaN", "+Inf", "1"], strict=False)
    ]
    server.body = answer({"values": values})
    [measure] = measures(UP, server.url)
    assert list(asking.slices("acme", measure, ENDS)) == [ENDS[2]]


def test_only_what_may_be_reached_is_asked(server: Endpoint) -> None:
    [measure] = measures(UP, server.url)
    with closing(PrometheusNumbers()) as guarded, pytest.raises(SourceSilent) as refused:
        guarded.slices("acme", measure, ENDS)
    assert "allow it by the setting prometheus_networks" in str(refused.value)
    assert server.asked == []


def test_a_query_without_an_address_can_never_be_asked(asking: PrometheusNumbers) -> None:
    [measure] = measures(UP.replace("type: Quarterdeck", "type: Prometheus"))
    with pytest.raises(UnusableQuery, match="needs a DataSource"):
        asking.slices("acme", measure, [NOON, NOON + timedelta(minutes=1)])


@pytest.mark.parametrize("url", ["http://prometheus.example:port", "http://prométheus.example"])
def test_an_address_that_is_none_is_never_asked(asking: PrometheusNumbers, url: str) -> None:
    [measure] = measures(UP, url)
    with pytest.raises(UnusableQuery, match="cannot be asked"):
        asking.slices("acme", measure, ENDS)
