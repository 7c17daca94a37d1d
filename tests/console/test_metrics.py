"""The page of metrics, without JavaScript."""

from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from console.stage import Stage
from quarterdeck.access.principals.model import installation
from quarterdeck.console.lines import HEIGHT, chart
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.work import read
from quarterdeck.operations.metrics.model import Sample
from quarterdeck.operations.metrics.opening import open_metrics
from quarterdeck.operations.metrics.service.recording import record

LAG = "quarterdeck_projection_lag_seconds"


def keep(stage: Stage, name: str, value: float, **labels: str) -> None:
    metrics = open_metrics(stage.engine, stage.folder / "series")
    with read(stage.engine, installation(), stage.clock) as work:
        at = work.now - timedelta(seconds=20)
        record(work, metrics, PLATFORM, [Sample(name, labels, at, value)])
    metrics.close()


@pytest.mark.census("ATP-092", "ATP-093", "ATP-094", "ATP-097")
def test_the_ten_panels_are_drawn_with_their_limits(client: TestClient, estate: Stage) -> None:
    nothing = client.get("/watch/metrics").text
    assert nothing.count("Not known: nothing was recorded") == 10
    for projection in ("timeline", "actor", "resource"):
        keep(estate, LAG, 2.5, projection=projection)
    keep(estate, "quarterdeck_dead_letters", 101, consumer="webhook", reason="logic")
    keep(estate, "quarterdeck_outbox_backlog", 7)
    keep(estate, "quarterdeck_consumer_lag", 9, consumer="projection-worker")
    text = client.get("/watch/metrics?range=1h").text
    assert "1 of 10 panels beyond their limit" in text
    for words in ("timeline: 2.5", "actor: 2.5", "resource: 2.5", "webhook: 101", "records: 7"):
        assert words in text
    assert "projection-worker: 9" in text
    assert "runbook 004: more than 100" in text
    assert text.count("Not known: nothing was recorded") == 6
    assert client.get("/watch/metrics?range=1h&region=north").text.count("Not known") >= 10


def test_a_gap_parts_a_line_and_one_point_is_a_dot() -> None:
    ats = [utc_now() + timedelta(minutes=n) for n in range(6)]
    drawn = chart(ats, [("a", [1, 2, None, 3, None, 0])], limit=2)
    [line] = drawn.lines
    assert len(line.pieces) == 1
    assert len(line.dots) == 2
    assert line.last == 0
    assert drawn.limit is not None
    assert 0 < drawn.limit < HEIGHT
    assert drawn.ticks[-1][1] == 5  # not 3: lines across stand at round numbers
    assert chart(ats, []).lines == []


@pytest.mark.parametrize(("most", "top"), [(0, 1), (0.03, 0.05), (1, 1), (7, 10), (101, 200)])
def test_the_axis_ends_at_a_round_number(most: float, top: float) -> None:
    ats = [utc_now()]
    assert chart(ats, [("a", [most])]).ticks[-1][1] == pytest.approx(top)


@pytest.mark.parametrize("odd", [float("inf"), float("-inf"), float("nan"), 5e-324])
def test_a_number_that_has_no_place_is_a_gap(odd: float) -> None:
    ats = [utc_now() + timedelta(minutes=n) for n in range(3)]
    drawn = chart(ats, [("a", [1, odd, 2]), ("b", [odd, odd, odd])])
    assert drawn.ticks[-1][1] == 2
    assert drawn.lines[0].last == 2
    assert chart(ats, [("b", [odd, odd, odd])]).ticks[-1][1] == 1
