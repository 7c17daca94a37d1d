"""The client: nothing that was recorded is lost, doubled, reordered or waited for."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from time import monotonic

import pytest

from client.conftest import ADA, ORDER, ordered
from client.trail import Trail, listening
from quarterdeck.client import Client, Event, Party
from waiting import until

Open = Callable[..., Client]
WRITE = """
import os, sys
from quarterdeck.client import Client, Event, Party
client = Client(sys.argv[1], "token", spool=sys.argv[2])
for number in range(int(sys.argv[3])):
    client.record(Event(action="orders:create", actor=Party("user", "u"),
                        resource=Party("order", str(number))))
print("done", flush=True)
sys.stdin.read()
"""


def writing(url: str, spool: Path, count: int) -> "subprocess.Popen[str]":
    """Another process that records so many events, and then waits."""
    return subprocess.Popen(
        [sys.executable, "-c", WRITE, url, str(spool), str(count)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def ended(child: "subprocess.Popen[str]", number: int = signal.SIGKILL) -> None:
    """End a process of ``writing``, once it has recorded."""
    assert child.stdout
    assert child.stdin
    assert child.stdout.readline() == "done\n"
    child.send_signal(number)
    child.wait(10)
    child.stdin.close()
    child.stdout.close()


def test_events_arrive_in_order_numbered_without_a_gap(trail: Trail, open_client: Open) -> None:
    client = open_client(trail.url)
    for number in range(1_200):
        assert client.record(ordered(number))
    assert client.flush(20)
    assert trail.numbers == list(range(1, 1_201))
    assert [event["payload"]["number"] for event in trail.taken] == list(range(1_200))
    assert client.condition.sent == 1_200
    assert client.condition.waiting_bytes == 0


def test_an_event_has_what_the_trail_wants(trail: Trail, open_client: Open) -> None:
    client = open_client(trail.url)
    client.record(ordered())
    assert client.flush(10)
    (event,) = trail.taken
    assert event["actor"] == {"type": "user", "id": "u-1"}
    assert event["resource"] == {"type": "order", "id": "o-1"}
    assert event["outcome"] == "success"
    assert datetime.fromisoformat(event["occurred_at"]).tzinfo is not None


def test_a_trail_that_is_away_is_not_waited_for_and_gets_all_later(open_client: Open) -> None:
    with listening(Trail()) as gone:
        port = gone.port
    client = open_client(f"http://127.0.0.1:{port}")
    began = monotonic()
    for number in range(50):
        assert client.record(ordered(number))
    assert monotonic() - began < 5
    assert client.condition.waiting_bytes > 0
    until(lambda: client.condition.failure.startswith("no answer"))
    with listening(Trail(port=port)) as back:
        assert client.flush(20)
        assert back.numbers == list(range(1, 51))
    assert client.condition.failure == ""


def test_what_a_killed_process_recorded_is_sent_by_the_next(
    trail: Trail, open_client: Open, tmp_path: Path
) -> None:
    ended(writing("http://127.0.0.1:9", tmp_path / "spool", 30))
    client = open_client(trail.url)
    client.record(ordered())
    assert client.flush(20)
    assert trail.numbers == list(range(1, 32))


def test_two_processes_share_a_spool_and_one_count(trail: Trail, tmp_path: Path) -> None:
    children = [writing(trail.url, tmp_path / "spool", 200) for _ in range(2)]
    until(lambda: len(trail.taken) == 400, within_s=20)
    for child in children:
        ended(child)
    assert sorted(trail.numbers) == list(range(1, 401))
    assert trail.numbers == sorted(trail.numbers)


def test_a_forked_child_sends_too(trail: Trail, open_client: Open) -> None:
    client = open_client(trail.url)
    client.record(ordered())
    assert client.flush(10)
    child = os.fork()
    if not child:  # the child leaves without the tests' own clean-up
        client.record(ordered())
        os._exit(0 if client.condition.waiting_bytes else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    until(lambda: trail.numbers == [1, 2])


def test_a_line_that_the_trail_will_never_take_is_kept_and_others_pass(
    trail: Trail, open_client: Open, tmp_path: Path
) -> None:
    trail.judge = lambda event: (
        {"status": 400, "detail": "no"} if event["payload"]["number"] == 1 else None
    )
    client = open_client(trail.url)
    for number in range(3):
        client.record(ordered(number))
    assert client.flush(10)
    assert trail.numbers == [1, 3]
    (kept,) = (tmp_path / "spool" / "refused.ndjson").read_text().splitlines()
    assert json.loads(kept)["problem"]["detail"] == "no"
    assert json.loads(kept)["event"]["source_seq"] == 2
    assert client.condition.refused == 1


@pytest.mark.parametrize("status", [400, 413])
def test_a_batch_that_is_refused_whole_is_sent_line_by_line(
    trail: Trail, open_client: Open, status: int
) -> None:
    trail.answer = lambda events: (
        (status, {}, b'{"detail": "too much"}')
        if len(events) > 1 or events[0]["payload"]["number"] == 2
        else None
    )
    with listening(Trail()) as gone:
        port = gone.port
    client = open_client(f"http://127.0.0.1:{port}")
    for number in range(4):
        client.record(ordered(number))
    client.close(0)
    again = open_client(trail.url)
    assert again.flush(20)
    assert trail.numbers == [1, 2, 4]
    assert again.condition.refused == 1


def test_a_trail_that_asks_to_wait_is_asked_again(trail: Trail, open_client: Open) -> None:
    busy = [(503, {"retry-after": "0"}, b"{}"), (429, {"retry-after": "0.01"}, b"not JSON")]
    trail.answer = lambda _events: busy.pop() if busy else None
    client = open_client(trail.url)
    client.record(ordered())
    assert client.flush(10)
    assert trail.numbers == [1]
    assert len(trail.batches) == 3


def test_a_token_that_is_refused_keeps_the_events(trail: Trail, open_client: Open) -> None:
    trail.answer = lambda _events: (401, {}, b'{"detail": "the token was revoked"}')
    client = open_client(trail.url)
    client.record(ordered())
    until(lambda: client.condition.failure == "401 the token was revoked")
    assert client.condition.waiting_bytes > 0
    assert not client.flush(0.05)


def test_a_line_in_flight_elsewhere_and_all_behind_it_are_sent_again(
    trail: Trail, open_client: Open
) -> None:
    busy = [{"status": 409, "detail": "in flight"}]
    trail.judge = lambda event: busy.pop() if busy and event["source_seq"] == 1 else None
    client = open_client(trail.url)
    client.record(ordered())
    assert client.flush(10)
    assert trail.numbers == [1]


def test_a_full_spool_loses_the_event_says_so_and_leaves_a_gap(
    trail: Trail, open_client: Open, caplog: pytest.LogCaptureFixture
) -> None:
    with listening(Trail()) as gone:
        port = gone.port
    client = open_client(f"http://127.0.0.1:{port}", spool_bytes=1_000)
    kept = [client.record(ordered(number)) for number in range(6)]
    assert kept[:2] == [True, True]
    assert kept[-1] is False
    assert client.condition.lost == kept.count(False)
    assert caplog.text.count("audit events are lost") == 1
    client.close(0)
    again = open_client(trail.url, spool_bytes=1_000)
    assert again.flush(10)
    assert again.record(ordered())
    assert again.flush(10)
    assert trail.numbers == [*range(1, kept.count(True) + 1), 7]


def test_what_is_no_event_is_refused_where_it_is_made() -> None:
    with pytest.raises(ValueError, match="needs a type and an id"):
        Party("user", "")
    with pytest.raises(ValueError, match="needs an action"):
        Event(action="", actor=ADA, resource=ORDER)
    with pytest.raises(ValueError, match="time zone"):
        Event(action="a:b", actor=ADA, resource=ORDER, occurred_at=datetime(2026, 1, 1))  # noqa: DTZ001


def test_a_payload_that_is_no_json_is_an_error_of_the_caller(
    trail: Trail, open_client: Open
) -> None:
    client = open_client(trail.url)
    with pytest.raises(TypeError):
        client.record(Event(action="a:b", actor=ADA, resource=ORDER, payload={"x": object()}))
    client.record(ordered())
    assert client.flush(10)
    assert trail.numbers == [1]
