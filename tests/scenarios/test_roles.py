"""One process that plays several roles, as where two may not share a SQLite."""

import json
import sqlite3
from collections import Counter
from contextlib import closing
from functools import partial
from pathlib import Path

from sqlalchemy import text

from quarterdeck.kernel.db import open_engine
from quarterdeck.operations.metrics.opening import Metrics, open_metrics
from scenarios.installation import program, run
from waiting import until

APART = {"QUARTERDECK_JOBS_APART": "true"}
SERIES = text("SELECT name, labels FROM operations_series")


def recorded(metrics: Metrics) -> list[tuple[str, dict[str, str]]]:
    with metrics.reading() as db:
        return [(row.name, json.loads(row.labels)) for row in db.execute(SERIES)]


def schedules(data: Path) -> int:
    with closing(sqlite3.connect(data / "quarterdeck.db")) as db:
        return int(db.execute("SELECT count(*) FROM kernel_schedule").fetchone()[0])


def test_a_process_of_all_roles_records_its_own_metrics_once(tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert run("migrate", "--data", str(data)).returncode == 0
    with (
        closing(
            open_metrics(open_engine(f"sqlite:///{tmp_path}/none.db"), data / "series")
        ) as metrics,
        program("serve", "--role", "all", "--data", str(data), "--port", "0", **APART),
    ):
        until(partial(recorded, metrics), 40, "what it records of itself")
        until(partial(schedules, data), 40, "it runs jobs, whatever other roles are told")
        found = recorded(metrics)
    assert {labels["process"] for _, labels in found} == {"all"}
    once = Counter((name, *sorted(labels.items())) for name, labels in found)
    assert set(once.values()) == {1}


def test_a_worker_alone_on_its_machine_drops_old_logs(tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert run("migrate", "--data", str(data)).returncode == 0
    old = data / "logs" / "web-1-old-000001.jsonl"
    old.parent.mkdir(exist_ok=True)
    old.write_bytes(b"\n" * 1_000_001)
    kept = {"QUARTERDECK_LOG_KEPT_MB": "1"}
    with program("serve", "--role", "worker", "--data", str(data), **kept):
        until(lambda: not old.exists(), 40, "what is too much is dropped")
