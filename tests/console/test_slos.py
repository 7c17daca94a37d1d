"""The pages of SLOs, without JavaScript."""

import re
from collections.abc import Sequence
from contextlib import closing
from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from console.stage import Stage
from operations.slos.stage import UP
from quarterdeck.access.principals.model import installation
from quarterdeck.kernel.work import begin, read
from quarterdeck.operations.changes import service as changes
from quarterdeck.operations.changes.model import Level
from quarterdeck.operations.changes.service import Order
from quarterdeck.operations.metrics.model import Sample
from quarterdeck.operations.metrics.opening import open_metrics
from quarterdeck.operations.metrics.service.recording import record
from quarterdeck.operations.slos.own import TYPE, OwnNumbers
from quarterdeck.operations.slos.service import applying
from quarterdeck.operations.slos.service.evaluating import Evaluating


def judge(stage: Stage, text: str, up: Sequence[float]) -> None:
    """Have ``acme`` promise something, and judge it by a gauge of so many minutes."""
    with closing(open_metrics(stage.engine, stage.folder / "series")) as metrics:
        with begin(stage.engine, installation(), stage.clock) as work:
            applying.apply(work, "acme", text)
            last = work.now - timedelta(minutes=1)
            ats = [last - timedelta(minutes=n) for n in range(len(up))]
            samples = [Sample("up", {}, at, one) for at, one in zip(ats, up, strict=True)]
        with read(stage.engine, installation(), stage.clock) as work:
            record(work, metrics, "acme", samples, backfill=True)
        own = OwnNumbers(engine=stage.engine, metrics=metrics, clock=stage.clock)
        Evaluating(
            tenant="acme",
            engine=stage.engine,
            clock=stage.clock,
            working=lambda: begin(stage.engine, installation(), stage.clock),
            numbers={TYPE: own},
        ).round()


def test_the_list_says_what_is_left_and_what_is_not_known(
    client: TestClient, estate: Stage
) -> None:
    assert "No SLO is set" in client.get("/slos").text
    judge(estate, UP, [1.0] * 60)
    unknown = UP.replace("name: availability", "name: other").replace("Availability", "Other")
    judge(estate, unknown.replace("query: up", "query: nothing"), [])
    text = client.get("/slos").text
    assert "1 of 2 SLOs met, 1 not known" in text
    assert "43.2 min of 43.2 min" in text
    other = client.get("/slos/acme/other").text
    assert "not known" in other
    assert "burn-down" not in other  # no picture of a budget that nobody knows
    assert "not known of what is known" not in other


def test_the_first_page_says_what_is_not_kept_and_what_is_frozen(
    client: TestClient, estate: Stage
) -> None:
    assert "Is it as promised?" not in client.get("/").text
    judge(estate, UP, [1.0] * 60)
    other = UP.replace("name: availability", "name: other").replace("Availability", "Other")
    judge(estate, other, [0.0] * 60)
    order = Order(tenant="acme", level=Level.EVERYTHING, reason="audit <week>")
    with begin(estate.engine, installation(), estate.clock) as work:
        changes.freeze(work, order)
    text = client.get("/").text
    _, _, panel = text.partition("Is it as promised?")
    assert panel.index("Other") < panel.index("Availability")
    assert "exhausted" in panel
    assert "Changes are frozen" in text
    assert "audit &lt;week&gt;" in text


@pytest.mark.census("ATP-190", "ATP-201")
def test_one_slo_shows_its_line_its_windows_and_its_policy(
    client: TestClient, estate: Stage
) -> None:
    judge(estate, UP, [0.0] * 6 + [1.0] * 1500)
    assert "1 of 1 SLO in trouble" in client.get("/slos").text
    text = client.get("/slos/acme/availability").text
    assert "Availability: burning" in text
    assert "<polyline" in text
    assert re.search(r"3[78]\.2 min of 43\.2 min", text)
    assert "10 % in 1h" in text
    assert "From 10 % on: feature releases are frozen" in text
    assert text.count("not reached") == 3
    assert "apiVersion: openslo/v1" in text
    assert client.get("/slos/acme/nothing").status_code == 404


HOURS = UP.replace("duration: 30d", "duration: 2h").replace("0.999", "0.9")


def test_a_freeze_that_goes_on_through_a_silence_is_in_force_on_every_page(
    client: TestClient, estate: Stage
) -> None:
    judge(estate, HOURS, [0.0] * 20)
    assert client.get("/slos/acme/availability").text.count("<span>holds</span>") == 4
    estate.pass_time(minutes=118)
    judge(estate, HOURS, [])
    text = client.get("/slos/acme/availability").text
    assert text.count("<span>holds</span>") == 4  # though most of what was bad is out of the window
    assert "the alert goes on since" in text
    assert "features, emergency, incident, postmortem" in client.get("/slos").text
    estate.pass_time(minutes=11)
    text = client.get("/slos/acme/availability").text
    assert re.search(r"Not all is known\.</strong> <span[^>]*>not judged since 20", text)
    assert text.count("<span>holds</span>") == 4


def test_figures_are_shown_with_the_digits_that_they_have(
    client: TestClient, estate: Stage
) -> None:
    year = UP.replace("duration: 30d", "duration: 1Y").replace("target: 0.999,", "target: 0.95,")
    judge(estate, year.replace("timeSliceWindow: 1m", "timeSliceWindow: 5m"), [1.0] * 60)
    assert "26280 min of 26280 min" in client.get("/slos").text


def test_the_report_of_a_month_says_what_was_attained(client: TestClient, estate: Stage) -> None:
    assert "no SLO is set" in client.get("/slos/report").text
    judge(estate, UP, [1.0] * 50 + [0.0] * 10)
    month = f"{estate.clock():%Y-%m}"
    text = client.get("/slos/report", params={"month": month}).text
    assert "1 of 1 objective missed" in text
    assert "so far" in text
    assert "99.9 %" in text
    assert re.search(r"8[345]\.\d+ %", text)
    unknown = client.get("/slos/report", params={"month": "2020-02"}).text
    assert "0 of 1 objective met, 1 not known" in unknown
    assert "Month after" in unknown
    assert client.get("/slos/report", params={"month": "2020-13"}).status_code == 422
