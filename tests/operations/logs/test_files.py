"""Logs as files: written, rotated, found, dropped, and held as evidence."""

import json
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from operations.health.watch import ACME, Watch
from quarterdeck.events.trail import EvidenceReleased, FreezeLifted, FreezePlaced
from quarterdeck.kernel.event import Event
from quarterdeck.kernel.work import Actor, MissingPermission
from quarterdeck.operations.logs import files, hearing, service
from quarterdeck.operations.logs.files import LogFile
from quarterdeck.operations.logs.model.entry import Asked
from quarterdeck.worker.delivery import deliver_all

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
EVER = Asked(since=NOON - timedelta(days=1), until=NOON + timedelta(days=1))


def say(log: LogFile, event: str, minutes: int = 0, **more: object) -> None:
    """As a process says it; the file itself is new, whatever time the line bears."""
    line = {"timestamp": (NOON + timedelta(minutes=minutes)).isoformat(), "event": event, **more}
    log.emit(logging.makeLogRecord({"msg": json.dumps(line)}))


def events(folder: Path, limit: int = 100) -> list[str]:
    return [entry.event for entry in files.newest(folder, EVER, limit)]


def test_the_newest_lines_of_all_processes_come_oldest_first(tmp_path: Path) -> None:
    web, worker = LogFile(tmp_path, "web"), LogFile(tmp_path, "worker")
    for n in range(4):
        say(web if n % 2 else worker, f"e{n}", n)
    assert events(tmp_path) == ["e0", "e1", "e2", "e3"]
    assert events(tmp_path, 2) == ["e2", "e3"]
    web.close()
    worker.close()


def test_a_file_is_rotated_and_the_oldest_dropped_but_never_one_that_is_written(
    tmp_path: Path,
) -> None:
    log = LogFile(tmp_path, "web", most_bytes=300)
    for n in range(12):
        say(log, f"e{n:02}", n, padding="x" * 60)
    assert len(list(tmp_path.iterdir())) > 3
    assert all(path.stat().st_size <= 300 for path in tmp_path.iterdir())
    assert all(path.stat().st_mode & 0o077 == 0 for path in tmp_path.iterdir())
    assert files.drop(tmp_path, 700) > 0
    left = events(tmp_path)
    assert left[-1] == "e11"
    assert "e00" not in left
    files.drop(tmp_path, 0)
    assert len(list(tmp_path.iterdir())) == 1
    log.close()
    files.drop(tmp_path, 0)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_another_process_drops_meanwhile_is_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = LogFile(tmp_path, "web")
    say(log, "here")
    gone, listed = tmp_path / "gone.jsonl", Path.iterdir
    monkeypatch.setattr(Path, "iterdir", lambda folder: [gone, *listed(folder)])
    assert events(tmp_path) == ["here"]
    assert files.drop(tmp_path, 0) == 0
    log.close()
    assert files.drop(tmp_path, 0) == 1


def test_half_a_line_and_nonsense_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text('{"event": "no time"}\n[1]\nnonsense\n{"timestamp": "2026-03')
    assert events(tmp_path) == []
    assert files.newest(None, EVER, 5) == []
    assert files.newest(tmp_path / "nowhere", EVER, 5) == []


def test_a_line_without_end_is_lost_and_counted(tmp_path: Path) -> None:
    log = LogFile(tmp_path, "web")
    before = files.LOST._value.get()  # noqa: SLF001  prometheus_client has no other way
    say(log, "x" * 70_000)
    assert files.LOST._value.get() == before + 1  # noqa: SLF001
    say(log, "goes on")
    assert events(tmp_path) == ["goes on"]
    log.close()


def test_who_may_not_read_logs_is_refused(engine: Engine, tmp_path: Path) -> None:
    watch = Watch(engine)
    for grants in (set(), {("logs:read", "acme")}):
        with watch.look(Actor("x", frozenset(grants))) as work:
            with pytest.raises(MissingPermission):
                service.find(work, tmp_path, EVER)
            with pytest.raises(MissingPermission):
                service.query(work, tmp_path, "traces")


def test_evidence_is_kept_until_it_is_released(engine: Engine, tmp_path: Path) -> None:
    watch, folder = Watch(engine), tmp_path / "logs"

    def told(event: Event) -> None:
        with watch.work() as work:
            work.publish(event)
        deliver_all(engine, lambda: watch.now, [hearing.subscriber()])

    def dropped() -> bool:
        log = LogFile(folder, "web")
        say(log, "evidence")
        log.close()
        service.drop_old(engine, lambda: watch.now, folder, 0)
        return not list(folder.iterdir())

    placed = FreezePlaced(tenant=ACME, investigation="i1", suspicion="tampering", reason="r")
    assert dropped()
    told(placed)
    assert not dropped()
    lifted = {"tenant": ACME, "investigation": "i1", "root_cause": "c"}
    told(FreezeLifted(result="confirmed", **lifted))
    assert not dropped()
    told(EvidenceReleased(tenant=ACME, investigation="i1"))
    assert dropped()
    told(placed)
    told(FreezeLifted(result="false-positive", **lifted))
    assert dropped()
