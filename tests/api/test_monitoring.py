"""What a process remembers of its own speed, and the targets of runbook 000, section 11.2."""

from collections.abc import Iterator
from dataclasses import MISSING, fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from starlette.testclient import TestClient

from api.conftest import Headers
from governance.estate import Estate
from quarterdeck.api.targets import FEWEST, GIB, Measured, Target, targets
from quarterdeck.kernel.cache import Caches
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.db import reading
from quarterdeck.kernel.telemetry import watch_statements
from quarterdeck.kernel.timings import MOST, Timings
from quarterdeck.runtime import Runtime

SLOW_MS = 50
COUNTING = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {}) "
    "SELECT max(i) FROM n"
)


@pytest.fixture
def runtime(runtime: Runtime) -> Runtime:
    """One whose statements are watched."""
    return replace(runtime, statements=watch_statements(runtime.engine, SLOW_MS))


def slow(runtime: Runtime) -> None:
    """Make a statement of more than ``SLOW_MS``, whatever the machine."""
    rows = 10_000
    with reading(runtime.engine) as db:
        while not runtime.statements.newest(slow_only=True):
            db.execute(text(COUNTING.format(rows)))
            rows *= 4


@pytest.mark.census("AG-136")
def test_slow_statements_are_listed_apart_without_their_values(
    client: TestClient, ada: Headers, runtime: Runtime
) -> None:
    slow(runtime)
    client.get("/api/v1/resources?text=hush-hush", headers=ada)
    every = client.get("/monitoring/queries", headers=ada).json()
    found = client.get("/monitoring/queries?slow_only=true", headers=ada).json()
    assert found
    assert all(one["duration_ms"] >= SLOW_MS for one in found)
    assert {one["query"] for one in found} < {one["query"] for one in every}
    assert "hush-hush" not in str(every)


@pytest.mark.census("AG-138")
def test_the_hit_rate_is_the_same_number_in_both_places(client: TestClient, ada: Headers) -> None:
    for _ in range(3):
        client.get("/api/v1/resources", headers=ada)
    said = client.get("/api/v1/status", headers=ada).json()["performance"]["cache_stats"]
    found = client.get("/monitoring/cache", headers=ada).json()
    assert found["hit_rate_percent"] == said["hit_rate_percent"] > 0
    assert found["caches"]["summaries"]["hits"] == found["hits"]


@pytest.mark.census("AG-018")
def test_the_hit_rate_rises_with_cached_reads(client: TestClient, ada: Headers) -> None:
    def rate() -> float:
        status = client.get("/api/v1/status", headers=ada).json()
        return float(status["performance"]["cache_stats"]["hit_rate_percent"])

    client.get("/api/v1/resources", headers=ada)
    before = rate()
    for _ in range(4):
        client.get("/api/v1/resources", headers=ada)
    assert 0 <= before < rate() <= 100


@pytest.mark.census("AG-128")
def test_a_reset_empties_all_and_leaves_a_leaf(
    client: TestClient, ada: Headers, runtime: Runtime
) -> None:
    client.get("/api/v1/resources", headers=ada)
    assert client.post("/monitoring/reset", headers=ada).json() == {"status": "reset"}
    assert runtime.caches.stats.hits == runtime.caches.stats.misses == 0
    assert len(client.get("/monitoring/queries", headers=ada).json()) < 10
    assert [fact.name for fact in Estate(runtime.engine).told("MetricsReset")] == ["MetricsReset"]


def test_who_may_not_configure_resets_nothing(
    client: TestClient, issue: object, runtime: Runtime, ada: Headers
) -> None:
    assert callable(issue)
    client.get("/api/v1/resources", headers=ada)
    before = runtime.caches.stats
    assert client.post("/monitoring/reset", headers=issue("auditor")).status_code == 403
    assert runtime.caches.stats == before


@pytest.mark.census("AG-127")
def test_a_new_process_begins_with_empty_caches(runtime: Runtime) -> None:
    runtime.caches.named("summaries", 60).get("a", lambda: 1)
    assert runtime.caches.stats.entries == 1
    given = [f.name for f in fields(runtime) if f.default is f.default_factory is MISSING]
    again = Runtime(**{name: getattr(runtime, name) for name in given})
    assert again.caches.stats.entries == 0


def test_syncs_are_listed_with_how_long_they_took(
    client: TestClient, ada: Headers, runtime: Runtime
) -> None:
    estate = Estate(runtime.engine)
    _, cloud = estate.connect("one")
    cloud.hold("a")
    cloud.between.append(lambda: estate.pass_time(minutes=31))
    estate.sync()
    [found] = client.get("/monitoring/sync-jobs", headers=ada).json()
    assert (found["job_type"], found["duration_ms"]) == ("resources", 31 * 60_000)
    said = client.get("/monitoring/recommendations", headers=ada).json()
    assert any("Scale the plan up" in words for words in said["recommendations"])


def by_metric(found: Iterator[Target]) -> dict[str, Target]:
    return {target.metric: target for target in found}


def of(**numbers: float | None) -> dict[str, Target]:
    usual = {"hit_rate_percent": 90.0, "asked": 100, "api_ms": 20.0}
    rest = {"longest_sync_s": 60.0, "database_bytes": 1000}
    return by_metric(targets(Measured(**{**usual, **rest, **numbers})))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("metric", "field", "met", "missed", "advice"),
    [
        pytest.param(
            *("cache_hit_rate", "hit_rate_percent", 80.1, 80.0, "increase the time to live"),
            marks=pytest.mark.census("AG-139"),
        ),
        pytest.param(
            *("api_response_time", "api_ms", 499.9, 500.0, "Add indexes"),
            marks=pytest.mark.census("AG-140"),
        ),
        pytest.param(
            *("sync_duration", "longest_sync_s", 1799.0, 1800.0, "Scale the plan up"),
            marks=pytest.mark.census("AG-141"),
        ),
        pytest.param(
            *("database_size", "database_bytes", GIB - 1, GIB, "Archive old data"),
            marks=pytest.mark.census("AG-142"),
        ),
    ],
)
def test_a_target_that_is_missed_comes_with_its_advice(
    metric: str, field: str, met: float, missed: float, advice: str
) -> None:
    good, bad = of(**{field: met})[metric], of(**{field: missed})[metric]
    assert (good.met, good.advice) == (True, "")
    assert bad.met is False
    assert advice in bad.advice


def test_what_is_not_known_is_neither_met_nor_missed() -> None:
    found = of(asked=FEWEST - 1, api_ms=None, longest_sync_s=None, database_bytes=None)
    for target in found.values():
        assert (target.met, target.value, target.advice) == (None, None, "")
        assert target.reason


def test_the_status_tells_the_size_of_the_database(client: TestClient, ada: Headers) -> None:
    found = client.get("/api/v1/status", headers=ada).json()["performance"]
    assert found["database_size_bytes"] > 10_000
    assert len(found["targets"]) == 4


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=50), st.integers(1, 100))
def test_so_many_of_a_hundred_took_at_most_the_percentile(took: list[float], percent: int) -> None:
    kept = Timings(100)
    for one in took:
        kept.record("GET /", one)
    found = kept.percentile_ms(percent)
    assert found is not None
    within = sum(round(one, 3) <= found for one in took)
    assert within * 100 >= percent * len(took)


def test_timings_keep_only_the_last() -> None:
    kept = Timings(100, utc_now)
    assert kept.percentile_ms(95) is None
    for n in range(MOST + 5):
        kept.record("a", float(n))
    assert len(kept.newest()) == MOST
    assert kept.newest()[0].duration_ms == MOST + 4


def test_caches_are_counted_and_emptied_together() -> None:
    caches = Caches()
    for name in ("a", "b", "a"):
        caches.named(name, 60).get("key", lambda: 1)
    assert (caches.stats.hits, caches.stats.misses, caches.stats.hit_rate_percent) == (1, 2, 33.3)
    caches.clear()
    assert (caches.stats.hits, caches.stats.misses, caches.stats.entries) == (0, 0, 0)
