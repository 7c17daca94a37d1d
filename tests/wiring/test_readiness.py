"""Readiness by role: what is broken for real is named, and nothing else is."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from shutil import rmtree

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import Engine, text

from quarterdeck.access.principals.model import installation as itself
from quarterdeck.kernel import beats
from quarterdeck.kernel.clock import micros, utc_now
from quarterdeck.kernel.db import writing
from quarterdeck.kernel.health import CheckFailed, Entry, Health
from quarterdeck.kernel.jobs.model import NewJob
from quarterdeck.kernel.jobs.queue import enqueue
from quarterdeck.kernel.work import begin
from quarterdeck.providers.nats.topic import NatsTopic
from quarterdeck.trail.deliveries.service import control
from quarterdeck.trail.export.store import exports
from quarterdeck.trail.integrity import readiness as integrity
from quarterdeck.trail.policy.store import policies
from quarterdeck.trail.projections.service import control as projections
from quarterdeck.wiring.readiness import about
from quarterdeck.wiring.trail import segment_store
from servers import databases, nats, seaweed
from servers.forwarder import before
from wiring.house import WORKER, Break, House, Unwell, full_disk, house

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "readiness.md"
ROW = re.compile(r"^\| `([a-z-]+)` \| `([a-z_]+)` \|", re.MULTILINE)
BY_DATABASE = {
    "gateway": {"key_vault", "rate_limiter"},
    "ingestion": {"database", "policy_service", "outbox_relay"},
    "query": {"watermark"},
    "projection": {"subscription", "inbox", "lag", "dead_letters"},
    "export": {"job_queue", "kms_signing", "bandwidth"},
    "integrity": {"signing_keys", "chain_state"},
    "policy": {"database", "default_policies"},
    "outbox-relay": {"database", "process", "backlog"},
}


@pytest.fixture
def files(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """SQLite: what a broken dependency does to readiness does not depend on the database."""
    template = tmp_path_factory.getbasetemp() / "tables.db"
    with databases.opened(databases.sqlite(template, tmp_path)) as opened:
        yield opened


@pytest.fixture
def well(files: Engine, tmp_path: Path) -> Iterator[House]:
    with house(files, tmp_path) as built:
        yield built


@pytest.mark.census("ATP-078", "ATP-083")
def test_an_installation_that_is_well_has_every_entry_of_the_reference(
    engine: Engine, tmp_path: Path
) -> None:
    with house(engine, tmp_path) as well:
        assert well.unwell() == {}
        there = [(role, name) for role, checks in well.runtime.roles.items() for name in checks]
        told = {n: e.description for r in well.runtime.roles for n, e in well.entries(r).items()}
    assert sorted(ROW.findall(REFERENCE.read_text())) == sorted(there)
    live = re.compile(r": .*\d|in process")
    assert [name for name, words in told.items() if not live.search(words)] == ["backends"]


def worker_dead(well: House) -> None:
    with writing(well.engine) as db:
        beats.leave(db, WORKER)


def key_open_to_others(well: House) -> None:
    (well.home.keys / "acme.key.json").chmod(0o644)


def worm_folder_gone(well: House) -> None:
    rmtree(well.home.worm, ignore_errors=True)
    well.home.worm.write_text("no folder")


def exports_gone(well: House) -> None:
    rmtree(well.home.bundles, ignore_errors=True)
    well.home.bundles.write_text("no folder")


def subscription_disabled(well: House) -> None:
    with begin(well.engine, itself(), utc_now) as work:
        control.pause(work, "projection-worker", "an upgrade")


def policies_gone(well: House) -> None:
    drop(well, "trail_policy")


def inbox_gone(well: House) -> None:
    drop(well, "trail_cursor")


def limits_gone(well: House) -> None:
    drop(well, "access_limit")


def queue_gone(well: House) -> None:
    drop(well, "kernel_job")


def chain_gone(well: House) -> None:
    drop(well, "trail_segment")


def defaults_gone(well: House) -> None:
    with writing(well.engine) as db:
        db.execute(policies.delete())


def search_broken(well: House) -> None:
    with writing(well.runtime.explorer.read) as db:
        db.execute(text("DROP TABLE read_text"))


def cache_useless(well: House) -> None:
    for _ in range(60):
        well.runtime.explorer.count(known=False)


def poisoned(well: House) -> None:
    well.settled(ready_dead_letters=0)
    well.append_poison()
    well.deliver()


def over_budget(well: House) -> None:
    well.settled(export_budget_bytes=999)
    add_export(well, 1000)


def behind_7_s(well: House) -> None:
    with begin(well.engine, itself(), utc_now) as work:
        projections.pause(work, "actor")
    well.work()
    well.later(timedelta(seconds=7))


def behind_11_s(well: House) -> None:
    behind_7_s(well)
    well.later(timedelta(seconds=11))


@pytest.mark.census(
    *(f"ATP-0{n}" for n in (48, 50, 51, 52, 56, 57, 58, 59, 60, 61, 62, 64, 65, 66, 67, 68, 69)),
    *(f"ATP-0{n}" for n in (70, 71, 72, 73, 75, 77, 80)),
)
@pytest.mark.parametrize(
    ("breaks", "unwell", "named"),
    [
        (
            worker_dead,
            {
                "ingestion": {"outbox_relay"},
                "projection": {"subscription"},
                "outbox-relay": {"process"},
            },
            "no worker",
        ),
        (
            key_open_to_others,
            {
                "gateway": {"key_vault"},
                "export": {"kms_signing"},
                "integrity": {"signing_keys"},
            },
            "acme.key.json",
        ),
        (
            worm_folder_gone,
            {"ingestion": {"worm_store"}, "integrity": {"worm_store"}},
            "segment store",
        ),
        (exports_gone, {"export": {"export_store"}}, "export folder"),
        (
            subscription_disabled,
            {"projection": {"subscription"}},
            "projection-worker is paused: an upgrade",
        ),
        (
            policies_gone,
            {"ingestion": {"policy_service"}, "policy": {"database", "default_policies"}},
            "trail_policy",
        ),
        (
            inbox_gone,
            {
                "projection": {"subscription", "inbox", "dead_letters"},
                "outbox-relay": {"backlog"},
            },
            "trail_cursor",
        ),
        (limits_gone, {"gateway": {"rate_limiter"}}, "access_limit"),
        (queue_gone, {"export": {"job_queue"}}, "kernel_job"),
        (chain_gone, {"integrity": {"chain_state"}}, "trail_segment"),
        (defaults_gone, {"policy": {"default_policies"}}, "classification, redaction"),
        (search_broken, {"query": {"search"}}, "read_text"),
        (cache_useless, {"query": {"cache"}}, "query cache"),
        (poisoned, {"projection": {"dead_letters"}}, "1 dead letters, 0 are let pass"),
        (over_budget, {"export": {"bandwidth"}}, "1000 of 999 bytes"),
        (behind_7_s, {"projection": {"lag"}}, "paused; ready below 5 s"),
        (
            behind_11_s,
            {"projection": {"lag"}, "query": {"watermark"}},
            "ready below 10 s",
        ),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_what_is_broken_is_named_and_nothing_else(
    well: House, breaks: Break, unwell: Unwell, named: str
) -> None:
    breaks(well)
    assert well.unwell() == unwell
    words = [well.entries(r)[n].description for r, names in unwell.items() for n in names]
    assert any(named in one for one in words), words
    backends = well.entries("gateway")["backends"]
    failing = [role for role in ("ingestion", "query", "policy") if role in unwell]
    assert (backends.status is Health.HEALTHY) == (not failing)
    assert all(f"{role} is {Health.HEALTHY}" not in backends.description for role in failing)


@pytest.mark.census("ATP-082", "ATP-211")
def test_a_database_that_is_gone_fails_what_stands_on_it(well: House, tmp_path: Path) -> None:
    Path(str(well.engine.url.database)).rename(tmp_path / "away.db")
    assert well.unwell() == BY_DATABASE
    entry = well.entries("ingestion")["database"]
    assert (entry.status, "was removed" in entry.failure) == (Health.UNHEALTHY, True)


@pytest.mark.census("ATP-053", "ATP-214")
def test_a_pool_that_is_used_up_fails_at_once_and_says_so(well: House) -> None:
    with ExitStack() as held:
        for _ in range(20):
            held.enter_context(well.engine.connect())
        entry = well.entries("ingestion")["database"]
        assert entry.status is Health.UNHEALTHY
        assert "all 20 connections of the pool are in use" in entry.description
        assert entry.duration_s < 1
    with ExitStack() as held:
        for _ in range(17):
            held.enter_context(well.engine.connect())
        entry = well.entries("ingestion")["database"]
        assert (entry.status, "pool 18 of 20" in entry.description) == (Health.DEGRADED, True)
    assert "pool 1 of 20" in well.entries("ingestion")["database"].description


@pytest.mark.census("ATP-055", "ATP-063", "ATP-067", "ATP-071")
def test_a_full_disk_fails_what_writes_to_it(well: House) -> None:
    with full_disk():
        found = well.unwell()
    assert found == {
        "ingestion": {"worm_store"},
        "projection": {"read_model"},
        "export": {"export_store"},
        "integrity": {"worm_store"},
    }
    assert well.unwell() == {}


@pytest.mark.census("ATP-054")
def test_a_broker_that_stopped_fails_the_bus_until_it_is_back(well: House, tmp_path: Path) -> None:
    if reason := nats.missing():
        pytest.skip(reason)
    with nats.server(tmp_path / "nats") as url:
        port = int(url.rpartition(":")[2])
        well.topic = NatsTopic(url, well.runtime.reader)
        well.changed()
        assert "AUDIT_APPENDED_V1" in well.entries("ingestion")["bus"].description
    unwell = {"ingestion": {"bus"}, "outbox-relay": {"bus"}, "projection": {"subscription"}}
    assert well.unwell() == unwell
    assert "bus: NATS cannot be used" in well.entries("ingestion")["bus"].description
    with nats.server(tmp_path / "nats", port):
        assert well.unwell() == {}
    well.topic.close()


def test_a_bucket_whose_server_stopped_fails_the_segment_store(
    files: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    boto3 = pytest.importorskip("boto3", reason="needs the extra s3")
    if reason := seaweed.missing():
        pytest.skip(reason)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", seaweed.ACCESS)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", seaweed.SECRET)
    client = boto3.client("s3", endpoint_url=seaweed.endpoint(), region_name="us-east-1")
    client.create_bucket(Bucket="readiness", ObjectLockEnabledForBucket=True)
    client.close()
    with before(seaweed.endpoint().removeprefix("http://")) as server:
        told = {"worm": "s3://readiness", "worm_endpoint": f"http://{server.address}"}
        with house(files, tmp_path, **told) as well:
            well.changed(worm=segment_store(well.runtime.settings, well.home))
            assert "bucket readiness locks" in well.entries("integrity")["worm_store"].description
            server.cut()
            assert well.unwell() == {"ingestion": {"worm_store"}, "integrity": {"worm_store"}}


@pytest.mark.census("ATP-072")
def test_a_key_file_that_is_damaged_is_named(well: House) -> None:
    (well.home.keys / "acme.key.json").write_bytes(b"\0")
    assert "acme.key.json is damaged" in well.entries("integrity")["signing_keys"].description


@pytest.mark.census("ATP-069")
def test_a_dry_run_signature_is_stored_nowhere(well: House) -> None:
    before_ = contents(well)
    assert "2 keys signed a dry run" in well.entries("export")["kms_signing"].description
    assert contents(well) == before_


@pytest.mark.census("ATP-074")
def test_a_tree_that_miscalculates_is_found_by_a_root_that_others_published(
    well: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert well.entries("integrity")["merkle"].status is Health.HEALTHY
    monkeypatch.setattr(integrity, "root_hash", lambda _leaves: bytes(32))
    assert well.unwell() == {"integrity": {"merkle"}}


@pytest.mark.census("ATP-077")
def test_default_policies_are_degraded_until_the_log_has_heard_of_them(
    well: House,
) -> None:
    with writing(well.engine) as db:
        db.execute(policies.update().values(idx=None))
    entry = well.entries("policy")["default_policies"]
    assert entry.status is Health.DEGRADED
    assert "the log has yet to hear of it" in entry.description


@pytest.mark.census("ATP-070")
def test_an_export_budget_begins_anew_at_midnight(well: House) -> None:
    over_budget(well)
    assert well.unwell() == {"export": {"bandwidth"}}
    well.later(timedelta(days=1))
    assert "bandwidth" not in well.unwell().get("export", ())


@pytest.mark.census("ATP-076")
def test_the_policy_cache_says_how_it_does(well: House) -> None:
    cache = well.runtime.policies
    assert cache.find(1, "acme") is None
    cache.keep(1, "acme", object())  # type: ignore[arg-type]  # it only keeps
    assert cache.find(1, "acme") is not None
    words = well.entries("policy")["cache"].description
    assert words == "policy cache: the policies of 1 tenants are kept, hit rate 50.0 %"


@pytest.mark.census("ATP-057")
def test_a_relay_that_stands_apart_needs_a_process_of_its_own(well: House) -> None:
    well.settled(relay_apart=True)
    assert well.unwell() == {"ingestion": {"outbox_relay"}, "outbox-relay": {"process"}}
    with writing(well.engine) as db:
        beats.beat(db, "relay:1", "outbox-relay")
    assert well.unwell() == {}


def test_the_export_queue_counts_what_waits(well: House) -> None:
    with writing(well.engine) as db:
        enqueue(db, utc_now(), NewJob(kind="trail.export", tenant="acme", body={}, actor="ada"))
    assert "1 exports wait, 0 are being made" in well.entries("export")["job_queue"].description


def test_while_a_dependency_is_asked_its_last_answer_stands() -> None:
    def up() -> float | None:
        return REGISTRY.get_sample_value("quarterdeck_dependency_up", {"dependency": "thing"})

    seen: list[float | None] = []

    def asked() -> Entry:
        seen.append(up())
        return Entry(status=Health.HEALTHY, description="")

    about("thing", asked)()
    about("thing", asked)()
    assert seen[1] == 1
    about("thing", lambda: Entry(status=Health.UNHEALTHY, description=""))()
    assert up() == 0


def drop(well: House, table: str) -> None:
    with writing(well.engine) as db:
        db.execute(text(f"DROP TABLE {table}"))


def add_export(well: House, size_bytes: int) -> None:
    row: dict[str, object] = dict.fromkeys((c.name for c in exports.c), "")
    row |= dict.fromkeys(("first", "end", "size", "at", "records", "withheld", "disclosed"), 0)
    row |= {"complete": False, "disclose": False, "note": b"", "state": "done", "form": "csv"}
    row |= {"size_bytes": size_bytes, "finished_at": micros(utc_now())}
    with writing(well.engine) as db:
        db.execute(exports.insert().values(row))


def contents(well: House) -> dict[str, int]:
    """Every file of the keys and segments, with its size."""
    folders = (well.home.keys, well.home.worm, well.home.bundles)
    return {str(f): f.stat().st_size for one in folders for f in one.rglob("*") if f.is_file()}


def test_without_jobs_apart_people_are_still_answered(engine: Engine, tmp_path: Path) -> None:
    """Somebody must be able to acknowledge a page, though nobody syncs."""
    with house(engine, tmp_path, jobs_apart=True) as well:
        scheduler = well.runtime.checks["scheduler"]()
        assert scheduler.status is Health.DEGRADED
        assert "quarterdeck serve --role jobs" in scheduler.description
        with writing(engine) as db:
            beats.beat(db, "tests:2", "jobs")
        assert well.runtime.checks["scheduler"]().status is Health.HEALTHY


def test_without_a_worker_that_runs_jobs_too_nobody_is(engine: Engine, tmp_path: Path) -> None:
    with house(engine, tmp_path) as well:
        worker_dead(well)
        with pytest.raises(CheckFailed):
            well.runtime.checks["scheduler"]()
