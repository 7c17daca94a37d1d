"""Each change over HTTP leaves a record: who did what, to what, and when."""

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from api.test_examples import SIGNED, TROUBLE, Operation, Seeded, operations, request_of
from console.stage import Stage
from quarterdeck.access.authentication.service import Authenticator
from servers import databases

LOOKS, DRY, SAME = (
    "only looks, though by POST",
    "a dry run",
    "changes nothing here: it is so already",
)
SAMPLES, EVENTS = "a sample, not a deed", "is a record itself, of whom it names"
SILENT = {
    **dict.fromkeys(
        (
            *("check_health", "query_logs", "diff_pack", "lint_pack"),
            *("check_routing", "test_routing"),
            *("preview_silence", "preview_slo_objects", "preview_incident_update"),
            "try_written_rule",
            "walk_escalation_decision",
        ),
        LOOKS,
    ),
    **dict.fromkeys(("rehearse_replay", "try_record", "purge_records", "rebuild_projection"), DRY),
    **dict.fromkeys(
        (
            *("enable_alert_rule", "apply_alert_rule", "reopen_alerts", "resolve_alerts"),
            *("acknowledge_alert_event", "disable_maintenance", "resume_sync", "enable_programme"),
            *("apply_oncall_schedule", "roll_back_oncall_schedule", "apply_routing"),
            *("apply_slo_objects", "put_classification", "retry_consumer"),
            *("apply_escalation_policy", "describe_incident", "publish_status_page"),
            "report_bounce",
        ),
        SAME,
    ),
    **dict.fromkeys(
        ("record_exposition", "record_samples", "remote_write", "push_alerts", "push_alerts_of"),
        SAMPLES,
    ),
    **dict.fromkeys(("ingest_events", "ingest_events_of", "ingest_logs", "ingest_logs_of"), EVENTS),
    "receive_dead_letters": "takes a lease, which ends by itself",
}
"""Operations whose example leaves no record of who asked, and why."""

Record = dict[str, Any]


@pytest.fixture
def seeded(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seeded]:
    template = tmp_path_factory.getbasetemp() / "tables.db"
    with databases.opened(databases.sqlite(template, tmp_path)) as engine:
        stage = Stage(engine, tmp_path)
        yield Seeded(stage)
        stage.trail.close()


@pytest.mark.census("ATP-013")
def test_whatever_changes_something_leaves_who_did_what_to_what_and_when(seeded: Seeded) -> None:
    stage, silent, tried = seeded.stage, set[str](), set[str]()
    failed: dict[str, str] = {}
    seeded.erasure()  # somebody about whom something is sealed
    access = Authenticator(stage.engine, stage.clock)
    for method, path, operation in changes(seeded):
        name = operation["operationId"]
        asked = request_of(seeded, method, path, operation)
        who = access.actor(asked["headers"]["Authorization"].removeprefix("Bearer ")).id
        stage.deliver()
        before, began = stage.trail.reader.sizes(), stage.clock()
        answer = seeded.client.request(**asked)
        if not answer.is_success:
            failed[name] = f"{answer.status_code}: {answer.text}"
            continue
        tried.add(name)
        if answer.status_code == 202:
            stage.work()
        stage.deliver()
        if not any(is_told(one, who, began) for one in stage.told_since(before)):
            silent.add(name)
        if name == "pause_sync":  # or nothing that the next examples name would come
            resumed = "/api/v1/sync/policies/resources/resume"
            assert seeded.client.post(resumed, headers=seeded.ada).is_success
    assert (failed.keys() - TROUBLE, silent ^ SILENT.keys()) == (set(), set()), failed
    assert len(tried) > 100


def changes(seeded: Seeded) -> Iterator[tuple[str, str, Operation]]:
    """Every operation that is no reading; what ends things last."""
    for method, path, operation in operations(seeded.client):
        if method != "get" and operation["operationId"] != SIGNED:
            yield method, path, operation


def is_told(one: Record, actor: str, began: datetime) -> bool:
    """Whether it says what ``actor`` did since then, and to what."""
    return (
        one["actor"]["id"] == actor
        and re.fullmatch(r"[a-z-]+:[a-z-]+", one["action"]) is not None
        and bool(one["resource"]["type"] and one["resource"]["id"])
        and datetime.fromisoformat(one["occurred_at"]) >= began.replace(microsecond=0)
    )
