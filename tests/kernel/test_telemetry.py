"""What a process says of itself: lines a program can read, and slow statements without values."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from prometheus_client import REGISTRY
from sqlalchemy import Engine, insert, select

from quarterdeck.kernel.db import reading, writing
from quarterdeck.kernel.outbox import sequences
from quarterdeck.kernel.telemetry import log_to_stderr, watch_statements

COUNT = "quarterdeck_database_statement_seconds_count"


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


def lines(captured: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in captured.readouterr().err.splitlines()]


def test_each_line_bears_the_request_it_belongs_to(capsys: pytest.CaptureFixture[str]) -> None:
    log_to_stderr("INFO", "json")
    with structlog.contextvars.bound_contextvars(request_id="r1"):
        structlog.get_logger("a").info("ours", tenant="acme")
        logging.getLogger("b").warning("a library's %s", "words")
    ours, library = lines(capsys)
    assert (ours["event"], ours["tenant"], ours["level"]) == ("ours", "acme", "info")
    assert (library["event"], library["level"]) == ("a library's words", "warning")
    assert ours["request_id"] == library["request_id"] == "r1"
    assert str(ours["timestamp"]).endswith("Z")


@pytest.mark.census("AG-121")
def test_debug_lines_appear_when_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    for level, shown in (("INFO", 0), ("DEBUG", 2)):
        log_to_stderr(level, "json")
        structlog.get_logger("a").debug("detail")
        logging.getLogger("b").debug("detail")
        assert len(lines(capsys)) == shown


def test_an_errors_trace_is_one_line_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    log_to_stderr("INFO", "json")
    try:
        _ = 1 // 0
    except ZeroDivisionError:
        structlog.get_logger("a").exception("broken")
    (line,) = lines(capsys)
    assert "ZeroDivisionError" in str(line["exception"])


def test_a_slow_statement_is_logged_without_its_values(
    engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    log_to_stderr("INFO", "json")
    watch_statements(engine, slow_ms=0)
    with writing(engine) as db:
        db.execute(insert(sequences).values(tenant="whisper", last=1))
    written = capsys.readouterr().err
    assert "slow statement" in written
    assert "INSERT INTO tenant_sequence" in written
    assert "whisper" not in written


def test_a_quick_statement_is_only_counted(
    engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    def counted() -> float:
        return REGISTRY.get_sample_value(COUNT, {"verb": "SELECT"}) or 0

    log_to_stderr("INFO", "json")
    watch_statements(engine, slow_ms=60_000)
    before = counted()
    with reading(engine) as db:
        db.execute(select(sequences)).all()
    assert counted() > before
    assert capsys.readouterr().err == ""
