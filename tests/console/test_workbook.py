"""The workbook of health: five views, each with data, or with why there is none."""

import re
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from console.stage import Stage
from quarterdeck.access.principals.model import installation
from quarterdeck.console.graph import EDGE, HIGH, WIDE, graph
from quarterdeck.kernel.ids import PLATFORM, TenantId
from quarterdeck.kernel.jobs.model import NewJob
from quarterdeck.kernel.jobs.queue import enqueue
from quarterdeck.kernel.jobs.table import jobs
from quarterdeck.kernel.work import begin, read
from quarterdeck.operations.health.model.registry import Service
from quarterdeck.operations.health.service import registry
from quarterdeck.operations.metrics.model import Sample
from quarterdeck.operations.metrics.opening import open_metrics
from quarterdeck.operations.metrics.service.recording import record

HERE = "/workbook"
ROUTE = {"service": "gateway", "method": "GET", "route": "/api/v1/tenants"}


def keep(stage: Stage, *samples: tuple[str, dict[str, str], float, float]) -> None:
    """Series of the platform: two points each, a minute apart, so that they have a rate."""
    metrics = open_metrics(stage.engine, stage.folder / "series")
    with read(stage.engine, installation(), stage.clock) as work:
        for name, labels, before, after in samples:
            for seconds, value in ((80, before), (20, after)):
                at = work.now - timedelta(seconds=seconds)
                record(work, metrics, PLATFORM, [Sample(name, labels, at, value)])
    metrics.close()


def requests(stage: Stage, status: str = "200") -> None:
    """Sixty requests of a route within a minute, all within 50 ms."""
    seconds = "quarterdeck_http_request_seconds_bucket"
    keep(
        stage,
        ("quarterdeck_http_requests_total", ROUTE | {"status": status}, 0, 60),
        (seconds, ROUTE | {"le": "0.05"}, 0, 60),
        (seconds, ROUTE | {"le": "+Inf"}, 0, 60),
    )


@pytest.mark.usefixtures("estate")
def test_each_view_says_what_is_not_known_and_why(client: TestClient) -> None:
    assert client.get(HERE).text.count("Not known: nothing was recorded") == 6
    assert "none is registered" in client.get(f"{HERE}/map").text
    assert client.get(f"{HERE}/performance").text.count("Not known: nothing was recorded") == 3
    failures = client.get(f"{HERE}/failures").text
    assert failures.count("Not known: nothing was recorded") == 3
    assert "every job that ended did its work" in failures
    assert "No process of this machine wrote a line" in client.get(f"{HERE}/logs").text
    assert client.get(f"{HERE}/weather").status_code == 422


@pytest.mark.census("ATP-098")
def test_live_performance_and_failures_are_drawn_from_our_own_series(
    client: TestClient, estate: Stage
) -> None:
    requests(estate)
    requests(estate, "500")
    live = client.get(HERE).text
    assert 'data-every="15"' in live
    assert live.count("Not known: nothing was recorded") < 6
    performance = client.get(f"{HERE}/performance").text
    assert "GET /api/v1/tenants: 0.0475" in performance  # within the one bucket that has any
    failures = client.get(f"{HERE}/failures").text
    assert "GET /api/v1/tenants: 0.5" in failures
    assert "1 of 3 panels beyond their limit" in failures


@pytest.mark.census("ATP-098")
def test_a_job_that_failed_is_named_with_why(client: TestClient, estate: Stage) -> None:
    with begin(estate.engine, installation(), estate.clock) as work:
        job = enqueue(work.db, work.now, NewJob(kind="governance.sync", tenant="acme", actor="x"))
        said = {"state": "failed", "detail": "the credential was refused"}
        work.db.execute(jobs.update().where(jobs.c.id == job).values(**said))
    text = client.get(f"{HERE}/failures").text
    assert "1 job failed" in text
    assert "the credential was refused" in text


@pytest.mark.census("ATP-098")
def test_the_map_has_every_service_its_state_and_what_it_depends_on(
    client: TestClient, estate: Stage
) -> None:
    with begin(estate.engine, installation(), estate.clock) as work:
        for name, on in (("web", ("api", "mail")), ("api", ("database",)), ("database", ())):
            entry = Service(tenant=TenantId("acme"), environment="prod", name=name, depends_on=on)
            registry.register(work, entry)
    text = client.get(f"{HERE}/map").text
    for words in ("web depends on api", "web depends on mail", "api depends on database"):
        assert f"<title>{words}</title>" in text
    assert "mail is not registered: nothing is known of it" in text
    assert 'href="/services/acme/prod/web' in text
    at = {n: float(x) for x, n in re.findall(r'<text x="([0-9.]+)"[^>]*>(\w+)</text>', text)}
    assert at["web"] < at["api"] < at["database"]


@pytest.mark.census("ATP-098")
def test_the_last_lines_of_the_logs_are_shown(client: TestClient, estate: Stage) -> None:
    folder = estate.folder / "logs"
    folder.mkdir(exist_ok=True)
    now = estate.clock().isoformat()
    line = f'{{"timestamp": "{now}", "level": "error", "event": "disk is full"}}\n'
    (folder / "web-1-aa.00000.jsonl").write_text(line)
    text = client.get(f"{HERE}/logs").text
    assert "disk is full" in text
    assert "1 error among the last 1 line" in text


NAMES = st.sampled_from("abcdef")


@given(st.dictionaries(NAMES, st.lists(NAMES, max_size=4, unique=True), max_size=6))
def test_whatever_depends_on_whatever_each_has_a_place_of_its_own(
    depends_on: dict[str, list[str]],
) -> None:
    drawn = graph(depends_on)
    named = {*depends_on, *(name for some in depends_on.values() for name in some)}
    assert {one.name for one in drawn.nodes} == named
    assert len({(one.x, one.y) for one in drawn.nodes}) == len(named)
    assert len(drawn.edges) == sum(map(len, depends_on.values()))
    for one in drawn.nodes:
        assert EDGE <= one.x <= drawn.width - WIDE - EDGE
        assert EDGE <= one.y <= drawn.height - HIGH - EDGE


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=12))
def test_without_a_ring_what_is_depended_on_stands_to_the_right(
    edges: list[tuple[int, int]],
) -> None:
    depends_on: dict[str, list[str]] = {}
    for a, b in edges:
        if a < b:  # a smaller number depends on a larger one: there is no ring
            depends_on.setdefault(str(a), []).append(str(b))
    drawn = graph({name: tuple(dict.fromkeys(some)) for name, some in depends_on.items()})
    x = {one.name: one.x for one in drawn.nodes}
    assert all(x[one] < x[on] for one, some in depends_on.items() for on in some)
