"""Webhooks against real receivers: well, slow, failing, gone, and ending amid an answer."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from quarterdeck.kernel.db import reading
from quarterdeck.kernel.errors import NotFound
from quarterdeck.kernel.work import Actor, begin
from quarterdeck.providers.webhook.sender import TIMEOUT_S, HttpSender
from quarterdeck.trail.deliveries.message import Wanted
from quarterdeck.trail.deliveries.model import Batch
from quarterdeck.trail.deliveries.service import triage
from quarterdeck.trail.deliveries.service.control import enroll
from quarterdeck.trail.log.record import Class
from quarterdeck.trail.query.model import Filter
from quarterdeck.trail.webhooks import store
from quarterdeck.trail.webhooks.model import (
    Attempt,
    State,
    Webhook,
    WebhookInvalid,
    pause_after,
    signature,
    verified,
)
from quarterdeck.trail.webhooks.service import control, sending
from trail.installation import NOON, Installation
from trail.logs import Logs, record, several
from waiting import until

OLGA = Actor("olga", frozenset({("webhooks:write", "acme"), ("trail:read", "acme")}))
EVE = Actor("eve", frozenset({("webhooks:write", "zeta"), ("trail:read", "zeta")}))
SALLY = Actor("sally", frozenset({("deadletters:read", "*")}))
SLOW_S = 1.0
HERE = "127.0.0.0/8"


@dataclass
class Receiver:
    """What listens; answers as ``mood`` says."""

    server: ThreadingHTTPServer
    mood: str = "well"
    taken: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    go_on: Event = field(default_factory=Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/hook"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with listening() as found:
        yield found


@contextmanager
def listening() -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if found.mood == "slow":
                found.go_on.wait(5)
            if found.mood == "dripping":
                with suppress(OSError):
                    for letter in "HTTP/1.1 204 OK\r\nX: " + 1000 * "y":
                        self.wfile.write(letter.encode())
                        if found.go_on.wait(0.05):
                            return
            if found.mood == "closing":
                self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
                return
            status = {"failing": 500, "gone": 410, "elsewhere": 302}.get(found.mood, 204)
            found.taken.append((dict(self.headers), body))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        @override
        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Receiver(server)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield found
    found.go_on.set()
    server.shutdown()
    thread.join()
    server.server_close()


@dataclass
class Line:
    """A log, and the sender behind it."""

    here: Installation
    sending: sending.Sending
    place: int = 0

    def append(self, *records: object) -> None:
        logs = Logs(self.here)
        logs.append(*records)  # type: ignore[arg-type]  # records
        logs.close()

    def add(self, url: str, **wanted: str) -> tuple[Webhook, str]:
        with begin(self.here.engine, OLGA, self.here.clock) as work:
            reader, keys = self.here.reader, self.here.keys
            return control.add(work, reader, keys, "acme", url, Filter(**wanted))  # type: ignore[arg-type]

    def hear(self) -> None:
        """What the deliveries do with what is new."""
        entries = tuple(self.here.reader.entries("acme", self.place, 1000))
        with begin(self.here.engine, OLGA, self.here.clock) as work:
            sending.consumer().apply(work, Batch(log="acme", first=self.place, entries=entries))
        self.place += len(entries)

    def tries(self, webhook: Webhook) -> list[Attempt]:
        with self.here.reading(OLGA) as work:
            return control.attempts(work, webhook.id)

    def state(self, webhook: Webhook) -> str:
        with self.here.reading(OLGA) as work:
            return control.webhook(work, webhook.id).state


@pytest.fixture
def line(installation: Installation) -> Iterator[Line]:
    """Waits long for an answer: most of what is tried here is no race with a loaded machine."""
    with waiting_for(installation, TIMEOUT_S) as line:
        yield line


@pytest.fixture
def hasty(installation: Installation) -> Iterator[Line]:
    """Gives up soon on who is slow."""
    with waiting_for(installation, SLOW_S) as line:
        yield line


@contextmanager
def waiting_for(installation: Installation, timeout_s: float) -> Iterator[Line]:
    with closing(HttpSender(HERE, timeout_s=timeout_s)) as sender:
        line = Line(installation, sending_of(installation, sender))
        with closing(line.sending):
            yield line


def sending_of(installation: Installation, sender: HttpSender) -> sending.Sending:
    return sending.Sending(
        engine=installation.engine,
        reader=installation.reader,
        keys=installation.keys,
        sender=sender,
        clock=installation.clock,
        patience_s=5.0,
    )


def test_records_that_fit_go_out_once_signed_as_cloudevents(line: Line, receiver: Receiver) -> None:
    line.append(*several(range(3)))
    line.place = 3
    hook, secret = line.add(receiver.url, actor="u1")
    secretive = record(7, classification={"/payload/note": Class.RESTRICTED})
    line.append(record(4), record(5), secretive)
    line.hear()
    assert line.sending.beat() == 2
    assert line.sending.beat() == 0
    events = [json.loads(body) for _, body in receiver.taken]
    assert [event["id"] for event in events] == ["r4", "r7"]
    assert "note" not in events[1]["data"]
    headers, body = receiver.taken[0]
    now_s = int(NOON.timestamp())
    stated = headers["Quarterdeck-Signature"]
    assert verified(stated, secret.encode(), body, now_s)
    assert not verified(stated, secret.encode(), body + b" ", now_s)
    assert not verified(stated, b"another", body, now_s)
    assert not verified(stated, secret.encode(), body, now_s + 301)
    assert [(one.number, one.status) for one in line.tries(hook)] == [(1, 204), (1, 204)]


@pytest.mark.parametrize(
    ("mood", "status"), [("failing", 500), ("slow", None), ("closing", None), ("elsewhere", 302)]
)
def test_what_is_not_taken_is_tried_again_after_growing_pauses(
    line: Line, hasty: Line, receiver: Receiver, mood: str, status: int | None
) -> None:
    line = hasty if mood == "slow" else line
    hook, _ = line.add(receiver.url)
    line.append(record(0), record(1))
    line.hear()
    receiver.mood = mood
    assert line.sending.beat() == 1
    receiver.mood = "well"
    receiver.go_on.set()
    assert line.sending.beat() == 1  # the second is not held up by the first's pause
    assert line.sending.beat() == 0
    line.here.later(timedelta(seconds=10))
    assert line.sending.beat() == 1
    tries = {(one.index, one.number): one for one in line.tries(hook)}
    assert tries.keys() == {(0, 1), (1, 1), (0, 2)}
    assert tries[0, 2].status == 204
    assert tries[0, 1].status == status
    assert bool(tries[0, 1].error) is (status is None)


def test_an_answer_that_drips_is_given_up_when_the_time_for_the_whole_is_over(
    hasty: Line, receiver: Receiver
) -> None:
    hook, _ = hasty.add(receiver.url)
    hasty.append(record(0))
    hasty.hear()
    receiver.mood = "dripping"
    assert hasty.sending.beat() == 1
    (attempt,) = hasty.tries(hook)
    assert (attempt.status, attempt.took_ms < 5 * SLOW_S * 1000) == (None, True)


def test_a_slow_receiver_holds_up_no_other(installation: Installation, receiver: Receiver) -> None:
    sender = HttpSender(HERE, timeout_s=30)
    line = Line(installation, replace(sending_of(installation, sender), patience_s=0.05))
    with listening() as slow, closing(sender), closing(line.sending):
        slow.mood = "slow"
        line.add(slow.url)
        line.add(receiver.url)
        line.append(*several(range(3)))
        line.hear()
        until(lambda: line.sending.beat() == 3, what="three records taken by who is well")
        assert (len(receiver.taken), len(slow.taken)) == (3, 0)
        slow.go_on.set()
        until(lambda: line.sending.beat() == 3, what="the slow one's turn")
        assert len(slow.taken) == 3


def test_after_ten_attempts_it_is_a_dead_letter_that_a_replay_sends_again(
    line: Line, receiver: Receiver
) -> None:
    enroll(line.here.engine, line.here.clock, [sending.consumer()], [])
    hook, _ = line.add(receiver.url)
    line.append(record(0))
    line.hear()
    receiver.mood = "failing"
    for _ in range(10):
        assert line.sending.beat() == 1
        line.here.later(timedelta(hours=1))
    assert line.sending.beat() == 0
    with line.here.reading(SALLY) as work:
        (letter,) = triage.peek(work, Wanted(consumer=sending.NAME), None, 10)
    assert (letter.failure.reason, letter.deliveries) == ("DeliveryCountExceeded", 10)
    assert hook.id in letter.failure.error
    receiver.mood = "well"
    line.place = 0
    line.hear()
    assert line.sending.beat() == 1
    assert line.tries(hook)[0].status == 204


def test_a_receiver_that_is_gone_is_sent_nothing_more_until_resumed(
    line: Line, receiver: Receiver
) -> None:
    hook, _ = line.add(receiver.url)
    line.append(record(0))
    line.hear()
    receiver.mood = "gone"
    line.sending.beat()
    assert line.state(hook) == State.GONE
    line.append(record(1))
    line.hear()
    assert line.sending.beat() == 0
    with begin(line.here.engine, OLGA, line.here.clock) as work:
        assert control.resume(work, hook.id).state == State.ACTIVE


@pytest.mark.census("ATP-343")
def test_while_a_new_secret_overlaps_both_verify(line: Line, receiver: Receiver) -> None:
    hook, old = line.add(receiver.url)
    with begin(line.here.engine, OLGA, line.here.clock) as work:
        _, new = control.rotate(work, line.here.keys, hook.id, timedelta(hours=1))
    assert old != new

    def signers() -> list[bool]:
        with begin(line.here.engine, OLGA, line.here.clock) as work:
            assert line.sending.test(work, hook.id).status == 204
        headers, body = receiver.taken[-1]
        now_s = int(line.here.now.timestamp())
        stated = headers["Quarterdeck-Signature"]
        return [verified(stated, one.encode(), body, now_s) for one in (old, new)]

    assert signers() == [True, True]
    line.here.later(timedelta(hours=2))
    assert signers() == [False, True]
    assert [one.index for one in line.tries(hook)] == [None, None]


def test_one_tenants_webhooks_are_not_there_for_another(line: Line, receiver: Receiver) -> None:
    hook, _ = line.add(receiver.url)
    with line.here.reading(EVE) as work:
        assert control.webhooks(work) == []
        with pytest.raises(NotFound):
            control.attempts(work, hook.id)
    with begin(line.here.engine, EVE, line.here.clock) as work, pytest.raises(NotFound):
        control.remove(work, hook.id)
    with begin(line.here.engine, OLGA, line.here.clock) as work:
        control.remove(work, hook.id)
    with reading(line.here.engine) as db:
        assert not db.execute(store.webhooks.select()).all()


@pytest.mark.parametrize(
    "url", ["", "ftp://x/", "http://example.com/", "https://u:p@example.com/", "https:///x"]
)
def test_only_an_address_over_tls_or_on_this_machine_is_sent_to(line: Line, url: str) -> None:
    with pytest.raises(WebhookInvalid):
        line.add(url)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://m\u00fcller.example/x", "write those of its host as xn--"),
        ("https://example.com/caf\u00e9", "those of its path as %C3%A9"),
        ("https://example.com:99999/", "Port out of range"),
        ("https://example.com:x/", "Port could not be cast"),
        ("https://[x/", "Invalid IPv6 URL"),
        ("https://example.com:0/", "as https://HOST/PATH"),
        ("https://example.com/a b", "without spaces"),
        ("https://example.com/\x7f", "without spaces"),
    ],
)
def test_an_address_that_cannot_be_asked_is_refused_with_words(
    line: Line, url: str, words: str
) -> None:
    with pytest.raises(WebhookInvalid, match=words):
        line.add(url)


def test_pauses_double_up_to_an_hour() -> None:
    pauses = [pause_after(n).total_seconds() for n in range(1, 11)]
    assert pauses == [10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600]


@given(st.lists(st.binary(min_size=1), min_size=1, max_size=3), st.binary(), st.integers(0, 2**33))
def test_each_secret_that_signed_verifies(secrets: list[bytes], body: bytes, at: int) -> None:
    header = signature(secrets, at, body)
    assert all(verified(header, one, body, at) for one in secrets)


@given(st.text())
def test_a_header_that_is_none_verifies_nothing(header: str) -> None:
    assert not verified(header, b"secret", b"", 0)
