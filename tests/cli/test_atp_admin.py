"""The commands of runbook 004 as they stand there, against a real server."""

import json
import shlex
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from typer.testing import CliRunner

from api.conftest import Headers, ada, database, issue, runtime, settings
from api.serving import served
from cli.access.conftest import silent_logs
from quarterdeck.api.app import build_app
from quarterdeck.cli.atp_admin import Admin
from quarterdeck.cli.main import build_cli
from quarterdeck.kernel.clock import utc_now
from quarterdeck.providers.sandbox.client import Sandbox
from quarterdeck.runtime import Runtime
from quarterdeck.trail.deliveries.local import LocalTopic
from quarterdeck.trail.deliveries.model import Limits
from trail.deliveries.line import NAME, QUEUE, Line, Rows
from trail.installation import Installation

__all__ = ["ada", "database", "issue", "runtime", "settings", "silent_logs"]

Run = Callable[..., tuple[int, str, str]]
REPLAY = f"dlq replay --consumer {NAME} "


@pytest.fixture
def rows() -> Rows:
    return Rows()


@pytest.fixture
def line(runtime: Runtime, rows: Rows, tmp_path: Path) -> Line:
    """A line whose consumer cannot read what comes, with 30 dead letters; mended since."""
    trail = OpenTrail(runtime)
    found = Installation(runtime.engine, runtime.keys, tmp_path, trail, now=utc_now())  # type: ignore[arg-type]
    line = Line(found, rows, LocalTopic(found.reader), limits=Limits(deliveries=1))
    found.deliver()
    line.turn()
    rows.refuse = _bug
    line.append(30)
    line.turn()
    rows.refuse = lambda _batch: None
    found.later(timedelta(seconds=1))
    return line


class OpenTrail:
    """The trail that the runtime has open, as an installation has it."""

    def __init__(self, runtime: Runtime) -> None:
        self.reader, self.sequencer, self.tiles = runtime.reader, runtime.sequencer, None


@pytest.fixture
def run(line: Line, runtime: Runtime, ada: Headers) -> Iterator[Run]:
    """Runs atp-admin with a worker beside; the sandbox ``dev`` is the server itself."""
    token = ada["Authorization"].removeprefix("Bearer ")
    sandboxes: dict[str, Any] = {}
    mended = replace(runtime, consumers=[line.consumer], sandboxes=sandboxes)
    stopping = Event()
    worker = Thread(target=_work, args=[line, stopping])
    with served(build_app(mended), mended) as server:
        sandboxes["dev"] = Sandbox("dev", server.url, token)

        def ran(words: str) -> tuple[int, str, str]:
            cli = build_cli(lambda: None, Admin, "admin")
            asked = _split(words)
            environment = {"QUARTERDECK_URL": server.url, "QUARTERDECK_TOKEN": token}
            result = CliRunner().invoke(cli, asked, env=environment)
            return result.exit_code, result.stdout.strip(), result.stderr.strip()

        worker.start()
        yield ran
        stopping.set()
        worker.join(10)


def _work(line: Line, stopping: Event) -> None:
    while not stopping.wait(0.02):
        line.installation.now = utc_now()
        line.turn()


def _split(words: str) -> list[str]:
    return shlex.split(words)


def _bug(_batch: object) -> None:
    raise ValueError("a bug")


@pytest.mark.census("ATP-270", "ATP-268")
def test_dead_letters_are_listed_up_to_a_limit(run: Run) -> None:
    code, table, _ = run("dlq list --consumer projection-worker --limit 50")
    columns, *lines = [row.split("\t") for row in table.splitlines()]
    assert (code, columns[:4], len(lines)) == (0, ["id", "reason", "time", "delivery count"], 30)
    assert {row[1] for row in lines} == {"DeliveryCountExceeded"}
    assert len(json.loads(run(f"dlq list --consumer {NAME} --limit 7 --json")[1])) == 7
    assert run("dlq list --consumer projection-worker --limit 50")[1] == table


@pytest.mark.census("ATP-271", "ATP-277")
def test_one_dead_letter_is_shown_whole_and_an_unknown_one_is_wrong_use(
    run: Run, line: Line
) -> None:
    known = line.record(3)
    code, told, _ = run(f"dlq inspect --consumer projection-worker --message-id {known}")
    assert code == 0
    for part in (known, "ValueError: a bug", "Persistent handler failure", "Fix code/config"):
        assert part in told
    assert '"headers"' in told
    assert '"body"' in told
    code, data, words = run("dlq inspect --consumer projection-worker --message-id nothing")
    assert (code, data) == (2, "")
    assert "no dead letter 'nothing'" in words
    code, _, words = run("dlq list --consumer nobody")
    assert (code, "there are: outbox-relay, projection-worker" in words) == (2, True)


@pytest.mark.census("ATP-278")
def test_a_message_is_tried_in_a_sandbox_and_nothing_changes(
    run: Run, line: Line, rows: Rows
) -> None:
    before, known = run("queue show projection-queue --json"), line.record(3)
    code, table, words = run(f"{REPLAY} --message-id {known} --environment dev --dry-run")
    assert (code, "dry run in dev: 1 match, 1 would be replayed" in words) == (0, True)
    assert f"{known}\tapplied" in table
    assert run("queue show projection-queue --json")[1].count("30") == before[1].count("30")
    code, _, words = run(f"{REPLAY} --message-id {known} --environment moon --dry-run")
    assert (code, "no environment 'moon'; configured: dev" in words) == (2, True)
    rows.refuse = _bug
    code, table, _ = run(f"{REPLAY} --message-id {known} --dry-run")
    assert (code, "dead again: DeliveryCountExceeded" in table) == (1, True)


@pytest.mark.census("ATP-279", "ATP-280", "ATP-267", "ATP-281")
def test_a_batch_is_replayed_after_a_confirmation_and_then_the_rest(run: Run) -> None:
    some = REPLAY + '--filter "reason=DeliveryCountExceeded" --max-count 10'
    code, data, words = run(some)
    assert (code, data, "--dry-run" in words, "--confirm" in words) == (2, "", True, True)
    code, _, words = run(f"{some} --confirm")
    assert code == 0, words
    assert "replayed 10: 10 succeeded, 0 failed, 0 new dead letters" in words
    assert "is active, 0 records behind" in words
    code, _, words = run(
        REPLAY + '--filter "reason=DeliveryCountExceeded" --max-count 1000 --confirm'
    )
    assert (code, "replayed 20: 20 succeeded" in words) == (0, True)
    assert run(f"dlq list --consumer {NAME}") == (0, "", f"{NAME} has no dead letters")


@pytest.mark.census("ATP-249", "ATP-250", "ATP-251")
def test_queues_and_subscriptions_show_their_counts(run: Run) -> None:
    found = json.loads(run("queue show projection-queue --json")[1])
    assert found["countDetails"] == {
        "activeMessageCount": 0,
        "deadLetterMessageCount": 30,
        "scheduledMessageCount": 0,
    }
    code, table, _ = run("queue show 'projection-queue/$DeadLetterQueue'")
    assert (code, "projection-queue\tprojection-worker\tactive\t0\t30\t0" in table) == (0, True)
    code, table, _ = run("subscriptions list --topic-name audit.appended.v1")
    assert (code, "projection-queue" in table) == (0, True)
    assert run("subscriptions list --topic-name other.v1")[0] == 2
    assert run("queue show nothing")[0] == 2
    assert "outbox-relay" in run("queue list")[1]


@pytest.mark.census("ATP-269", "ATP-268")
def test_dead_letters_are_peeked_and_received(run: Run) -> None:
    peek = "queue peek 'projection-queue/$DeadLetterQueue' --max-message-count 10 --json"
    assert run(peek) == run(peek)
    assert len(json.loads(run(peek)[1])) == 10
    receive = "queue receive 'projection-queue/$DeadLetterQueue' --max-message-count 1 --json"
    (first,), (second,) = json.loads(run(receive)[1]), json.loads(run(receive)[1])
    assert first["id"] != second["id"]
    assert first["locked_until"]


@pytest.mark.census("ATP-264", "ATP-266")
def test_a_message_is_classed_and_put_into_quarantine(run: Run, line: Line) -> None:
    known = line.record(5)
    at = f"--consumer {NAME} --message-id {known}"
    assert run(f"dlq classify {at} --class transient")[2] == f"{known} is transient"
    assert "Replay at once" in run(f"dlq inspect {at}")[1]
    code, _, words = run(f"dlq quarantine {at} --reason forged")
    assert (code, "is in quarantine" in words) == (0, True)
    code, _, words = run(f"{REPLAY} --message-id {known} --confirm")
    assert (code, "in quarantine" in words) == (2, True)
    assert "forged" in run(f"dlq inspect {at}")[1]


def test_a_consumer_is_paused_resumed_and_retried(run: Run) -> None:
    assert run(f"subscriptions pause {NAME} --reason 'a move'")[0] == 0
    assert "paused" in run(f"queue show {QUEUE}")[1]
    assert run(f"subscriptions resume {NAME}")[0] == 0
    assert run("subscriptions retry outbox-relay")[2] == "outbox-relay is not stuck"
