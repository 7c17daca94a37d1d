"""Panels: what they draw, and that Prometheus reads the same."""

import math
from datetime import timedelta

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as some

from generate_dashboards import ROOT, files
from operations.metrics.stage import NOON, Stage
from quarterdeck.operations.metrics import panels
from quarterdeck.operations.metrics.histograms import bound, quantile
from quarterdeck.operations.metrics.model import Sample
from quarterdeck.operations.metrics.panels import Making, Panel, Query, Unit
from quarterdeck.operations.metrics.service import drawing
from quarterdeck.operations.metrics.service.drawing import Drawn
from quarterdeck.operations.metrics.spans import MOST_STEPS, UnusableSpan, span, steps

MINUTE = timedelta(minutes=1)


def drawn(stage: Stage, *queries: Query) -> list[Drawn]:
    panel = Panel(key="k", title="T", unit=Unit.COUNT, queries=queries)
    ats = [stage.now - 10 * MINUTE, stage.now]
    with stage.work() as work:
        return drawing.draw(work, stage.metrics, "acme", panel, ats)


def test_values_of_several_processes_are_the_largest_and_those_apart_add_up(stage: Stage) -> None:
    for process in ("web", "worker"):
        stage.count("dead", 3, process=process, consumer="a", reason="x")
        stage.count("dead", 4, process=process, consumer="a", reason="y")
    query = Query(making=Making.VALUE, of="dead", by=("consumer",), apart=("reason",))
    assert drawn(stage, query) == [Drawn(name="a", values=[None, 7])]


def test_a_service_that_is_down_anywhere_is_down_in_the_panel(stage: Stage) -> None:
    for tenant, up in (("acme", 1), ("other", 0), ("third", 1)):
        stage.count("quarterdeck_service_up", up, tenant=tenant, service="api", region="north")
    [query] = panels.BY_KEY["service-health"].queries
    assert drawn(stage, query) == [Drawn(name="api north", values=[None, 0])]
    assert panels.promql(query) == "min by (service, region) (quarterdeck_service_up)"


def test_rates_add_up_and_shares_are_of_what_is_known(stage: Stage) -> None:
    stage.count("all_total", *(n * 15.0 for n in range(21)), service="a", status="200")
    stage.count("all_total", *(n * 5.0 for n in range(21)), service="a", status="500")
    stage.count("all_total", *(n * 15.0 for n in range(21)), service="b", status="200")
    rate = Query(making=Making.RATE, of="all_total", by=("service",))
    share = Query(
        making=Making.SHARE, of='all_total{status="500"}', among="all_total", by=("service",)
    )
    found = {(n, one.name): one.values[1] for n, one in enumerate(drawn(stage, rate, share))}
    expected = {(0, "a"): 4 / 3, (1, "b"): 1.0, (2, "a"): 0.25, (3, "b"): 0.0}
    assert found == pytest.approx(expected)


def test_quantiles_come_from_buckets(stage: Stage) -> None:
    for le, step in (("0.1", 90), ("1.0", 100), ("+Inf", 100)):
        stage.count("s_bucket", *(n * float(step) for n in range(21)), le=le, service="a")
    lines = drawn(
        stage, Query(making=Making.QUANTILE, of="s", by=("service",), quantile=0.95, name="P95")
    )
    assert [(one.name, one.values) for one in lines] == [("P95 a", [None, pytest.approx(0.55)])]


def test_nothing_known_is_no_line(stage: Stage) -> None:
    assert drawn(stage, Query(making=Making.VALUE, of="absent")) == []


@pytest.mark.census("ATP-444")
def test_a_region_narrows_every_query(stage: Stage) -> None:
    stage.count("up", 1, region="north", service="a")
    stage.count("up", 0, region="south", service="a")
    panel = Panel(
        key="k",
        title="T",
        unit=Unit.STATE,
        queries=(Query(making=Making.VALUE, of='up{service="a"}', by=("region",)),),
    )
    with stage.work() as work:
        found = drawing.draw(
            work, stage.metrics, "acme", panels.within(panel, "south"), [stage.now]
        )
        odd = panels.within(panel, 'x"} or up{')
        assert drawing.draw(work, stage.metrics, "acme", odd, [stage.now]) == []
    assert found == [Drawn(name="south", values=[0])]


def test_limits_say_what_is_beyond_them() -> None:
    latency, health = panels.BY_KEY["latency"], panels.BY_KEY["service-health"]
    assert panels.verdict(latency, [0.1, 0.5]) == "warning"
    assert panels.verdict(latency, [0.1, 0.49]) == "ok"
    assert panels.verdict(health, [1.0, 0.5]) == "warning"
    assert panels.verdict(health, [1.0, 1.0]) == "ok"
    assert panels.verdict(health, []) == "unknown"


@given(
    counts=some.lists(some.integers(0, 100), min_size=2, max_size=8),
    part=some.floats(0, 1),
)
def test_a_histograms_quantile_lies_within_its_bounds(counts: list[int], part: float) -> None:
    total, summed = 0, {}
    for at, count in enumerate(counts):
        total += count
        summed[float(at) if at < len(counts) - 1 else math.inf] = float(total)
    found = quantile(summed, part)
    if not total:
        assert found is None
    else:
        assert found is not None
        assert 0 <= found <= len(counts) - 2


def test_bounds_are_read_as_prometheus_writes_them() -> None:
    assert bound("+Inf") == math.inf
    assert bound("0.5") == 0.5
    assert math.isnan(bound(""))


@pytest.mark.parametrize(
    ("words", "length"),
    [("PT1H", 3600), ("PT5M", 300), ("P1D", 86400), ("P1DT1H1M1S", 90061), ("PT30S", 30)],
)
def test_durations_are_read(words: str, length: int) -> None:
    assert span(words).total_seconds() == length


@pytest.mark.parametrize("words", ["", "P", "PT", "PT0S", "1h", "PT1H ", "P1W", "-PT1H", "PT1.5S"])
def test_other_words_are_no_duration(words: str) -> None:
    with pytest.raises(UnusableSpan):
        span(words)


def test_steps_are_whole_multiples_and_bounded() -> None:
    assert steps(NOON, NOON + 3 * MINUTE, MINUTE) == [NOON + n * MINUTE for n in (1, 2, 3)]
    assert steps(NOON + MINUTE / 2, NOON + MINUTE, MINUTE) == [NOON + MINUTE]
    assert steps(NOON, NOON - MINUTE, MINUTE) == []
    with pytest.raises(UnusableSpan):
        steps(NOON, NOON + timedelta(seconds=MOST_STEPS + 1), timedelta(seconds=1))


@pytest.mark.census("CG-031", "ATP-027", "ATP-087")
def test_the_shipped_dashboards_are_those_of_the_panels() -> None:
    for path, text in files().items():
        assert (ROOT / path).read_text() == text, f"run scripts/generate_dashboards.py: {path}"
    assert {path.stem for path in (ROOT / "grafana").glob("*.json")} == set(panels.DASHBOARDS)


def test_the_rules_name_what_is_down_and_count_every_dead_letter() -> None:
    [group] = yaml.safe_load(files()["prometheus/rules.yml"])["groups"]
    rules = {rule["alert"]: rule["expr"] for rule in group["rules"]}
    place = "tenant, environment, service, region"
    assert rules["ServiceUnhealthy"] == f"min by ({place}) (quarterdeck_service_up) == 0"
    assert rules["DeadLettersMany"].startswith("sum by (consumer) (max by (consumer, reason)")


def test_old_points_are_dropped(stage: Stage) -> None:
    stage.record(Sample("m", {}, NOON, 1))
    stage.pass_time(minutes=40)
    stage.seal()
    stage.pass_time(days=14)
    assert stage.drop() == 0
    stage.pass_time(days=2)
    assert stage.drop() == 1
    assert stage.values("m", back=timedelta(days=30)) == []
