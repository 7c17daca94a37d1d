"""Limits that are crossed, and the metrics behind the panels of runbook 004."""

import json
import os
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import unquote

import pytest
from prometheus_client import REGISTRY
from psycopg.errors import DeadlockDetected
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import DBAPIError
from starlette.testclient import TestClient

from quarterdeck.access.principals import service as principals
from quarterdeck.access.principals.model import Kind, Scope
from quarterdeck.access.principals.model import installation as itself
from quarterdeck.access.tokens import service as tokens
from quarterdeck.access.tokens.model import Wanted
from quarterdeck.api.app import build_app
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.db import reading
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.outbox import outbox
from quarterdeck.kernel.telemetry import kind_of, watch_statements
from quarterdeck.kernel.work import begin
from quarterdeck.operations.alerts.service import looking
from quarterdeck.operations.metrics.own import OwnMetrics
from quarterdeck.operations.rules.service import exchanging
from quarterdeck.operations.rules.service.evaluating import Evaluator
from quarterdeck.trail.deliveries.service import control, gauges
from quarterdeck.trail.freeze import service as freezes
from quarterdeck.trail.freeze.model import Frozen
from quarterdeck.trail.query.problems import ProblemWatch
from quarterdeck.wiring import background, numbers, problems
from quarterdeck.wiring.problems import LEAST_INGESTS
from servers import databases
from waiting import until
from wiring.house import House, house

CONSUMER = "projection-worker"
FAMILIES = Path(__file__).parents[2] / "docs" / "reference" / "metrics.md"


@pytest.fixture
def well(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    template = tmp_path_factory.getbasetemp() / "tables.db"
    url = databases.sqlite(template, tmp_path)
    with databases.opened(url) as engine, house(engine, tmp_path) as built:
        yield built


def watch(well: House) -> ProblemWatch:
    runtime = well.runtime
    return ProblemWatch(
        engine=runtime.engine,
        explorer=runtime.explorer,
        clock=runtime.clock,
        more=problems.sources(runtime),
    )


def told(well: House) -> list[tuple[str, dict[str, object]]]:
    names = ("ProblemObserved", "ProblemEnded")
    with reading(well.engine) as db:
        asked = select(outbox.c.name, outbox.c.payload).where(outbox.c.name.in_(names))
        rows = db.execute(asked.order_by(outbox.c.sequence)).all()
    return [(row.name, json.loads(row.payload)) for row in rows]


@pytest.mark.census("ATP-217")
def test_slow_ingestion_is_a_problem_with_its_values(well: House) -> None:
    watching = watch(well)
    for took_s in [0.1] * 18 + [0.7]:
        well.runtime.ingests.add(took_s)
    watching.beat()
    assert told(well) == []  # of nineteen nothing is said
    well.runtime.ingests.add(0.8)
    watching.beat()
    watching.beat()
    ((name, said),) = told(well)
    assert (name, said["problem"]) == ("ProblemObserved", "HighIngestionLatency")
    assert (said["value"], said["limit"], said["unit"]) == (700.0, 500.0, "ms")
    for _ in range(200):
        well.runtime.ingests.add(0.01)
    watching.beat()
    assert [one for one, _ in told(well)] == ["ProblemObserved", "ProblemEnded"]


@pytest.mark.census("ATP-217")
@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
def test_a_store_that_is_delayed_is_a_slow_ingestion_while_it_lasts_and_after(
    engine: Engine, tmp_path: Path
) -> None:
    def send(client: TestClient, headers: dict[str, str], number: int) -> int:
        said = {
            "occurred_at": utc_now().isoformat(),
            "actor": {"type": "user", "id": "u-1"},
            "action": "orders:create",
            "resource": {"type": "order", "id": f"o-{number}"},
        }
        return client.post("/api/v1/audit/events", json=said, headers=headers).status_code

    with house(engine, tmp_path) as well, ThreadPoolExecutor(LEAST_INGESTS) as pool:
        headers, watching = producer(well), watch(well)
        with TestClient(build_app(well.runtime), base_url="http://127.0.0.1:8080") as client:
            assert send(client, headers, 0) == 200
            with engine.begin() as other:
                other.execute(text("SELECT 1 FROM trail_log WHERE log = 'acme' FOR UPDATE"))
                sent = [pool.submit(send, client, headers, n) for n in range(1, LEAST_INGESTS + 5)]
                until(lambda: problems.ingest_latency(well.runtime), 30, "it is seen meanwhile")
                watching.beat()
            assert {one.result() for one in sent} == {200}
            ((_, said),) = told(well)
            (after,) = problems.ingest_latency(well.runtime)
    assert (said["problem"], said["limit"], said["unit"]) == ("HighIngestionLatency", 500.0, "ms")
    assert float(str(said["value"])) > 500
    assert "are not answered yet" in str(said["words"])
    assert after.value >= float(str(said["value"]))
    assert "; 0 are not answered yet" in after.words


def producer(well: House, role: str = "producer") -> dict[str, str]:
    """The headers of a program with a role on acme: it may append."""
    with begin(well.engine, itself(), utc_now) as work:
        program = principals.create(work, Kind.PROGRAM, "a shop", home="acme")
        principals.grant(work, program.id, role, "acme")
        until_then = work.now + timedelta(hours=1)
        wanted = Wanted(principal=program.id, name="t", expires_at=until_then, scope=Scope())
        return {"Authorization": f"Bearer {tokens.create(work, wanted).secret}"}


@pytest.mark.census("ATP-228", "ATP-094", "ATP-193")
def test_a_relay_that_stands_still_is_a_problem_until_it_has_drained(well: House) -> None:
    well.append_poison()
    gauges.measure(well.engine, well.runtime.reader, utc_now)
    assert REGISTRY.get_sample_value("quarterdeck_outbox_backlog") == 1
    well.later(timedelta(seconds=31))
    watching = watch(well)
    watching.beat()
    observed = {str(said["problem"]): said for _, said in told(well)}
    assert observed.keys() == {"OutboxBacklogGrowing", "ProjectionLagHigh"}
    assert "1 records await the relay" in str(observed["OutboxBacklogGrowing"]["words"])
    published = sample("quarterdeck_ingest_published_seconds_count")
    well.deliver()
    watching.beat()
    assert sorted(str(said["problem"]) for name, said in told(well) if name == "ProblemEnded") == [
        "OutboxBacklogGrowing",
        "ProjectionLagHigh",
    ]
    gauges.measure(well.engine, well.runtime.reader, utc_now)
    assert REGISTRY.get_sample_value("quarterdeck_outbox_backlog") == 0
    assert sample("quarterdeck_ingest_published_seconds_count") == published + 1


@pytest.mark.census("ATP-373")
def test_memory_that_grows_is_a_problem(well: House) -> None:
    for minute in range(60):
        well.runtime.memory.add(minute * 60, minute << 20)
    (found,) = problems.memory_growth(well.runtime)
    assert (found.name, found.words) == ("MemoryGrowth", "this process grows by 60 MiB an hour")


@pytest.mark.census("ATP-096", "ATP-218", "ATP-238", "ATP-240")
def test_the_gauges_say_what_the_process_and_the_database_use(well: House) -> None:
    watched = watch_statements(well.engine, 100)
    well.changed(statements=watched)
    with well.engine.connect(), well.engine.connect():
        problems.measure(well.runtime)
    used = REGISTRY.get_sample_value("quarterdeck_pool_used", {"pool": "database"})
    assert (used, sample("quarterdeck_pool_max", pool="database")) == (2, 20)
    assert sample("quarterdeck_database_bytes") > 100_000
    assert sample("quarterdeck_process_memory_bytes") > 10 << 20
    assert sample("quarterdeck_process_cpu_seconds") > 0
    problems.measure(well.runtime)
    assert sample("quarterdeck_database_slowest_seconds", verb="SELECT") > 0


@pytest.mark.census("ATP-213", "ATP-241")
@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
def test_a_deadlock_is_counted(engine: Engine) -> None:
    watch_statements(engine, 1000)
    before = sample("quarterdeck_database_deadlocks_total")
    with engine.connect() as db:
        db.execute(text("SET lock_timeout = '50ms'"))
        with engine.begin() as other:
            other.execute(text("LOCK TABLE kernel_beat"))
            with pytest.raises(DBAPIError):
                db.execute(text("SELECT * FROM kernel_beat"))
    assert sample("quarterdeck_database_deadlocks_total") == before + 1
    assert kind_of(DeadlockDetected()) == "deadlock"


@pytest.mark.parametrize(
    ("family", "label"),
    [
        ("quarterdeck_service_requests_total", "service"),
        ("quarterdeck_service_request_seconds", "service"),
        ("quarterdeck_projection_lag_seconds", "projection"),
        ("quarterdeck_dead_letters", "consumer"),
        ("quarterdeck_outbox_backlog", ""),
        ("quarterdeck_query_cache_hits_total", ""),
        ("quarterdeck_pool_used", "pool"),
        ("quarterdeck_consumer_lag", "consumer"),
        ("quarterdeck_consumer_oldest_seconds", "consumer"),
        ("quarterdeck_messages_scheduled", "consumer"),
        ("quarterdeck_ingest_events_total", "result"),
        ("quarterdeck_ingest_write_seconds", ""),
        ("quarterdeck_ingest_published_seconds", ""),
        ("quarterdeck_projection_seconds", "projection"),
        ("quarterdeck_dependency_seconds", "dependency"),
        ("quarterdeck_database_errors_total", "kind"),
    ],
)
def test_every_panel_has_its_family(family: str, label: str) -> None:
    row = re.search(rf"^\| `{family}` \| \w+ \| (.*?) \|", FAMILIES.read_text(), re.MULTILINE)
    assert row is not None
    assert label in row[1]


@pytest.mark.census("ATP-097", "ATP-254")
def test_a_consumer_that_stands_still_lags_in_messages_and_seconds(well: House) -> None:
    well.deliver()
    with begin(well.engine, itself(), utc_now) as work:
        control.pause(work, CONSUMER, "an upgrade")
    well.append_poison()
    well.deliver()
    gauges.measure(well.engine, well.runtime.reader, lambda: utc_now() + timedelta(seconds=30))
    assert sample("quarterdeck_consumer_lag", consumer=CONSUMER) == 1
    assert sample("quarterdeck_consumer_oldest_seconds", consumer=CONSUMER) >= 30
    with begin(well.engine, itself(), utc_now) as work:
        control.resume(work, CONSUMER)
    well.deliver()
    gauges.measure(well.engine, well.runtime.reader, utc_now)
    assert sample("quarterdeck_consumer_lag", consumer=CONSUMER) == 0


@pytest.mark.census("ATP-093")
def test_a_message_that_is_given_up_is_one_dead_letter_of_its_consumer(well: House) -> None:
    def dead() -> float:
        gauges.measure(well.engine, well.runtime.reader, utc_now)
        [family] = [f for f in REGISTRY.collect() if f.name == "quarterdeck_dead_letters"]
        return sum(s.value for s in family.samples if s.labels["consumer"] == CONSUMER)

    well.deliver()
    assert dead() == 0
    well.append_poison()
    well.deliver()
    assert dead() == 1


@pytest.mark.census("ATP-092")
def test_each_projection_has_its_lag(well: House) -> None:
    well.work()
    watch(well).beat()
    [family] = [f for f in REGISTRY.collect() if f.name == "quarterdeck_projection_lag_seconds"]
    assert {"timeline", "actor", "resource"} <= {s.labels["projection"] for s in family.samples}


@pytest.mark.census("ATP-375")
def test_a_check_tells_how_long_its_dependency_took(well: House) -> None:
    before = REGISTRY.get_sample_value(
        "quarterdeck_dependency_seconds_count", {"dependency": "rate limiter"}
    )
    well.entries("gateway")
    assert sample("quarterdeck_dependency_seconds_count", dependency="rate limiter") > (before or 0)
    assert sample("quarterdeck_dependency_up", dependency="rate limiter") == 1


def sample(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def test_what_a_worker_counted_is_told_also_where_the_database_is_away(
    well: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_runtime: object) -> None:
        raise DBAPIError("SELECT 1", None, Exception("away"))

    monkeypatch.setattr(problems, "measure", away)
    with pytest.raises(DBAPIError):
        background._tell_metrics(well.runtime, tmp_path / "told", "worker")  # noqa: SLF001  a pulse
    assert len(list((tmp_path / "told").glob("worker.*.prom"))) == 1


class Rounds:
    """Rounds of the rules about the platform, 15 s apart, each after it measured itself."""

    def __init__(self, well: House) -> None:
        self.well, self.now = well, utc_now()
        with begin(well.engine, itself(), utc_now) as work:
            exchanging.install_catalogue(work, PLATFORM)

    def fire(self) -> list[str]:
        """What fires after one more."""
        runtime, clock = self.well.runtime, self.clock
        self.now += timedelta(seconds=15)
        numbers.measure_keys(runtime)
        numbers.measure_estate(runtime.engine, runtime.clock)
        OwnMetrics(
            engine=runtime.engine,
            metrics=runtime.metrics,
            clock=clock,
            process="web",
            instance="here",
        ).beat()
        Evaluator(engine=runtime.engine, metrics=runtime.metrics, clock=clock).beat()
        with begin(runtime.engine, itself(), clock) as work:
            return sorted(one.sign.type for one in looking.active(work, tenant=PLATFORM))

    def clock(self) -> datetime:
        return self.now


@pytest.mark.census("ATP-122")
def test_a_key_of_91_days_is_an_alert_until_it_is_rotated(well: House) -> None:
    well.work()
    rounds = Rounds(well)
    assert "KeyRotationOverdue" not in rounds.fire()
    old = (utc_now() - timedelta(days=91)).timestamp()
    for file in well.runtime.keys.tenants():
        os.utime(file, (old, old))
    well.changed(keys=well.runtime.keys.anew())
    assert "KeyRotationOverdue" in rounds.fire()
    for file in well.runtime.keys.tenants():
        tenant = unquote(file.name.removesuffix(".key.json"))
        well.runtime.keys.rotate(tenant, 1, timedelta(hours=1), ("scheduled", ""))
    assert "KeyRotationOverdue" not in rounds.fire()


def test_tampering_is_an_alert_and_a_freeze_until_it_is_looked_into(well: House) -> None:
    well.happen()
    well.work()
    rounds = Rounds(well)
    assert "TamperDetected" not in rounds.fire()
    with begin(well.engine, itself(), utc_now) as work:
        freezes.detected(work, "acme", "entry 0", "altered", 1)  # as continuous verification does
    with reading(well.engine) as db, pytest.raises(Frozen):
        freezes.refuse_frozen(db, "acme")
    assert "TamperDetected" in rounds.fire()
    with begin(well.engine, itself(), utc_now) as work:
        for found in freezes.investigations(work):
            freezes.unfreeze(work, "false-positive", "a test", found.id)
    assert "TamperDetected" not in rounds.fire()
