"""The topic on JetStream: each record once, whatever the broker, or who asks it, does."""

import asyncio
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from shutil import copytree, rmtree

import nats
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nats.js import JetStreamContext
from prometheus_client import REGISTRY
from sqlalchemy import update

from quarterdeck.kernel.db import writing
from quarterdeck.kernel.work import Work
from quarterdeck.providers.nats import feed as feeding
from quarterdeck.providers.nats.feed import NatsFeed, durable_of
from quarterdeck.providers.nats.link import ID, INDEX, STREAM, Link, subject_of
from quarterdeck.providers.nats.topic import KEEP, NatsTopic
from quarterdeck.trail.deliveries.local import LocalTopic
from quarterdeck.trail.deliveries.model import Batch, Place, Standing
from quarterdeck.trail.deliveries.store.consumers import cursors
from quarterdeck.trail.log.ports import Reader
from servers import nats as servers
from trail.deliveries.line import NAME, Line, Rows
from trail.installation import Installation
from trail.transports import asked, forget
from waiting import until

DURABLE = durable_of(NAME, "acme")


def missed() -> float:
    """Records that were read from the log, for the broker did not bring them."""
    return REGISTRY.get_sample_value("quarterdeck_topic_missed_total", {"consumer": NAME}) or 0.0


@pytest.fixture
def line(installation: Installation, nats_url: str) -> Iterator[Line]:
    with closing(NatsTopic(nats_url, installation.reader)) as topic:
        yield Line(installation, Rows(), topic)


def got(line: Line, log: str = "acme") -> list[int]:
    assert isinstance(line.apply, Rows)
    return line.apply.indices(log)


@dataclass
class Barred:
    """A reader that gives hashes, and no entry."""

    reader: Reader
    asked: list[int] = field(default_factory=list)

    def __getattr__(self, name: str) -> object:
        return getattr(self.reader, name)

    def entries(self, log: str, start: int, count: int) -> list[bytes]:
        self.asked.append(start)
        return self.reader.entries(log, start, count)


@pytest.mark.census("ATP-252", "ATP-503")
def test_records_reach_our_consumers_by_the_broker_and_not_by_the_log(
    line: Line, nats_url: str
) -> None:
    barred, before = Barred(line.reader), missed()
    feed = NatsFeed(Link(nats_url, KEEP), barred, NAME)  # type: ignore[arg-type]  # a reader
    with closing(feed):
        line.consuming.feed = feed
        line.append(700)
        line.append(3, "zeta")
        line.turn()
    assert got(line) == list(range(700))
    assert got(line, "zeta") == [0, 1, 2]
    assert (barred.asked, missed()) == ([], before)


@pytest.mark.census("ATP-252")
def test_the_broker_hears_that_records_were_received_once_they_are_committed(
    line: Line, nats_url: str
) -> None:
    unsettled: list[int] = []

    def look(_batch: Batch) -> None:
        unsettled.append(pending(nats_url))

    assert isinstance(line.apply, Rows)
    line.apply.refuse = look
    line.append(5)
    line.turn()
    assert unsettled == [5]
    assert until(lambda: pending(nats_url) == 0, what="the acknowledgement")


def pending(url: str) -> int:
    async def ask(stream: JetStreamContext) -> int:
        return int((await stream.consumer_info(STREAM, DURABLE)).num_ack_pending or 0)

    return int(asked(url, ask))


@pytest.mark.census("ATP-503")
@pytest.mark.parametrize("committed", [False, True])
def test_who_takes_over_from_a_process_that_died_misses_nothing_and_repeats_nothing(
    line: Line, installation: Installation, nats_url: str, *, committed: bool
) -> None:
    line.append(4)
    line.relay.beat()
    before = missed()
    with closing(NatsTopic(nats_url, installation.reader)) as died:
        (batch,) = died.subscribe(NAME).take([(Place(log="acme"), 4)])
        assert len(batch.entries) == 4
    if committed:
        place(line, 4)
    line.append(2)
    line.turn()
    assert got(line) == ([4, 5] if committed else [0, 1, 2, 3, 4, 5])
    assert missed() == before
    assert until(lambda: pending(nats_url) == 0, what="the acknowledgement")


def place(line: Line, position: int) -> None:
    """Have the database say that the consumer is there in the log of acme."""
    with writing(line.engine) as db:
        line_here = cursors.c.consumer == NAME
        if not db.execute(update(cursors).where(line_here).values(position=position)).rowcount:
            row = {"consumer": NAME, "log": "acme", "position": position}
            db.execute(cursors.insert().values(row))


async def one_lost(stream: JetStreamContext) -> None:
    await stream.delete_msg(STREAM, 3)


async def purged(stream: JetStreamContext) -> None:
    await stream.purge_stream(STREAM)


async def no_consumer(stream: JetStreamContext) -> None:
    await stream.delete_consumer(STREAM, DURABLE)


LOSSES = {
    "one": (one_lost, 1),
    "all": (purged, 4),
    "stream": (forget, 4),
    "consumer": (no_consumer, 0),
}


@pytest.mark.census("ATP-260", "ATP-503")
@pytest.mark.parametrize("loss", LOSSES)
def test_what_the_broker_lost_is_read_from_the_log_and_counted(
    line: Line, nats_url: str, loss: str
) -> None:
    lose, lost = LOSSES[loss]
    line.append(1)
    line.turn()
    line.append(4)
    while line.relay.beat():
        pass
    before = missed()
    asked(nats_url, lose)
    line.turn()
    assert got(line) == [0, 1, 2, 3, 4]
    assert missed() - before >= lost
    after = missed()
    line.append(3)
    line.installation.later(timedelta(minutes=1))  # the relay found its stream gone, and waits
    line.turn()
    line.installation.later(timedelta(minutes=1))
    line.turn()
    assert (got(line), missed()) == ([0, 1, 2, 3, 4, 5, 6, 7], after)


@pytest.mark.census("ATP-260")
@pytest.mark.parametrize("index", [3, 4], ids=["after the true one", "before it"])
def test_a_message_that_is_not_what_was_appended_is_not_believed(
    line: Line, installation: Installation, nats_url: str, index: int
) -> None:
    entries: list[bytes] = []

    def keep(_work: Work, batch: Batch) -> None:
        entries.extend(batch.entries)

    line.apply = keep
    line.start()
    line.append(3)
    line.turn()
    line.append(1)
    line.relay.beat()

    async def forge(stream: JetStreamContext) -> None:
        subject = subject_of("acme")
        await stream.publish(subject, b"no index at all")
        await stream.publish(subject, b'{"id":"forged"}', headers={INDEX: str(index)})

    asked(nats_url, forge)
    line.append(1)
    while line.waits().active:
        line.relay.beat()
        installation.later(timedelta(minutes=2))
    before = missed()
    line.turn()
    assert entries == installation.reader.entries("acme", 0, 5)
    assert missed() - before == (index == 3)


@pytest.mark.census("ATP-260")
@pytest.mark.parametrize("status", ["503", "500", "404", "100", "none"])
def test_a_message_that_feigns_the_server_s_status_stops_no_log(
    line: Line, nats_url: str, status: str
) -> None:
    line.append(2)
    line.append(2, "zeta")
    line.turn()

    async def feign(stream: JetStreamContext) -> None:
        for _ in range(2):
            await stream.publish(subject_of("acme"), b"", headers={"Status": status})

    for _ in range(2):
        asked(nats_url, feign)
        line.append(2)
        line.append(2, "zeta")
        while line.relay.beat() or line.waits().active:
            line.installation.later(timedelta(minutes=2))
        line.turn()
        assert (line.looks().standing, line.looks().places) == (Standing.ACTIVE, ())
    assert (got(line), got(line, "zeta")) == ([0, 1, 2, 3, 4, 5], [0, 1, 2, 3, 4, 5])
    before = missed()
    line.append(2)
    line.turn()
    assert (got(line)[6:], missed()) == ([6, 7], before)


@pytest.mark.census("ATP-260")
@pytest.mark.parametrize("index", ["9" * 5000, str(2**63), "9" * 18])
def test_an_index_that_nothing_can_have_is_a_stranger_s(
    line: Line, installation: Installation, nats_url: str, index: str
) -> None:
    line.append(2)
    line.turn()

    async def exaggerate(stream: JetStreamContext) -> None:
        await stream.publish(subject_of("acme"), b"far", headers={INDEX: index})

    asked(nats_url, exaggerate)
    with closing(NatsTopic(nats_url, installation.reader)) as fresh:
        line.stop()
        line.topic = fresh
        line.start()
        line.append(2)
        line.append(1, "zeta")
        line.turn()
        assert line.waits().places == ()
    assert (got(line), got(line, "zeta")) == ([0, 1, 2, 3], [0])


@pytest.mark.census("ATP-503")
@pytest.mark.parametrize("index", [None, "0", "7000000"])
def test_a_stranger_s_message_acknowledges_nothing_that_is_not_committed(
    line: Line, nats_url: str, index: str | None
) -> None:
    line.append(4)
    line.relay.beat()

    async def intrude(stream: JetStreamContext) -> None:
        headers = {} if index is None else {INDEX: index}
        await stream.publish(subject_of("acme"), b"a stranger's", headers=headers)

    asked(nats_url, intrude)
    feed = line.consuming.feed
    assert isinstance(feed, NatsFeed)
    feed.take([(Place(log="acme", position=1), 6)])  # it asks for one that is not there yet
    assert until(lambda: pending(nats_url) == 4, what="that which is settled")
    assert set(feed._came["acme"]) == {1, 2, 3}  # noqa: SLF001  what it costs in memory


@pytest.mark.census("ATP-233")
def test_what_the_broker_refuses_of_one_log_holds_up_no_other(line: Line) -> None:
    line.append(3)
    line.relay.beat()
    refused = "x" * 300  # no consumer's name may be so long
    (batch,) = line.consuming.feed.take([(Place(log=refused), 1), (Place(log="acme"), 3)])
    assert (batch.log, len(batch.entries)) == ("acme", 3)


def test_a_fetch_whose_time_ran_out_in_the_client_is_no_broker_that_is_away(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    """nats-py raises the plain error where its time ends between two questions: by chance."""

    async def late(*_asked: object, **_how: object) -> None:
        raise TimeoutError

    monkeypatch.setattr(JetStreamContext.PullSubscription, "fetch", late)
    line.append(1)
    (batch,) = line.consuming.feed.take([(Place(log="acme"), 1)])
    assert len(batch.entries) == 1


@pytest.mark.parametrize("turn_s", [60.0, 0.0])
def test_consumers_of_many_logs_are_opened_a_portion_at_a_time(
    line: Line, monkeypatch: pytest.MonkeyPatch, turn_s: float
) -> None:
    monkeypatch.setattr(feeding, "PORTION", 2)
    monkeypatch.setattr(feeding, "TURN_S", turn_s)
    logs = [f"log-{n}" for n in range(5)]
    for one in logs:
        line.append(1, one)
    line.relay.beat()
    before = missed()
    brought = [len(line.consuming.feed.take([(Place(log=one), 1) for one in logs]))]
    while brought[-1] < len(logs):
        brought.append(len(line.consuming.feed.take([(Place(log=one), 1) for one in logs])))
    assert brought == ([5] if turn_s else [2, 4, 5])
    assert missed() == before


def test_a_place_that_was_set_back_goes_on_from_there(line: Line) -> None:
    line.append(6)
    line.turn()
    place(line, 2)  # as a database that was restored says
    line.append(1)
    line.turn()
    assert got(line) == [0, 1, 2, 3, 4, 5, 2, 3, 4, 5, 6]
    line.append(2)
    before = missed()
    line.turn()
    assert (got(line)[-2:], missed()) == ([7, 8], before)


@pytest.mark.census("ATP-233")
def test_while_the_broker_is_away_what_waits_is_shown_and_nothing_is_lost(
    installation: Installation, tmp_path: Path
) -> None:
    if reason := servers.missing():
        pytest.skip(reason)
    folder = tmp_path / "broker"
    folder.mkdir()
    rows = Rows()
    with servers.server(folder) as url:
        topic = NatsTopic(url, installation.reader)
        line = Line(installation, rows, topic)
        line.append(1)
        line.turn()
        line.append(2)
        line.relay.beat()
    line.append(1)  # taken, and durable, without the broker
    line.turn()
    looks = line.looks()
    assert (looks.standing, looks.active, rows.indices()) == (Standing.STUCK, 2, [0])
    assert "TopicAway: NATS cannot be used" in looks.places[0].error
    assert (line.waits().standing, line.waits().active) == (Standing.STUCK, 1)
    with servers.server(folder, int(url.rpartition(":")[2])):
        installation.later(timedelta(minutes=1))
        line.turn()
        assert (rows.indices(), line.looks().standing) == ([0, 1, 2, 3], Standing.ACTIVE)
        topic.close()


@given(logs=st.sets(st.text(min_size=1, max_size=20), min_size=2, max_size=2))
def test_each_log_has_a_consumer_whose_name_may_stand_in_a_subject(logs: set[str]) -> None:
    names = {durable_of(NAME, log) for log in logs}
    assert len(names) == 2
    assert all(not set(name) & set(".*>%/\\ ") and name.isascii() for name in names)


@pytest.mark.census("ATP-252", "ATP-503")
def test_the_stream_holds_each_record_once_under_its_id(
    installation: Installation, nats_url: str
) -> None:
    with closing(NatsTopic(nats_url, installation.reader)) as topic:
        line = Line(installation, Rows(), topic)
        line.append(700)
        line.append(2, "zeta")
        line.turn()
    held = _messages(nats_url)
    acme = [one for one in held if one[0] == subject_of("acme")]
    assert [index for _, _, index in acme] == list(range(700))
    assert [name for _, name, _ in acme] == [line.record(n) for n in range(700)]
    assert len(held) == 702


@pytest.mark.census("ATP-503")
def test_a_relay_that_died_after_publishing_publishes_nothing_twice(
    installation: Installation, nats_url: str
) -> None:
    with closing(NatsTopic(nats_url, installation.reader)) as topic:
        line = Line(installation, Rows(), topic)
        line.append(5)
        assert topic.publish("acme", 0, 3) == 3  # and died before it kept its place
    with closing(NatsTopic(nats_url, installation.reader)) as topic:
        line.topic = topic
        line.start()
        line.turn()
    assert [index for _, _, index in _messages(nats_url)] == [0, 1, 2, 3, 4]


def test_what_the_broker_lost_is_published_again(
    installation: Installation, tmp_path: Path
) -> None:
    if reason := servers.missing():
        pytest.skip(reason)
    folder, kept = tmp_path / "broker", tmp_path / "kept"
    folder.mkdir()
    line = Line(installation, Rows(), LocalTopic(installation.reader))
    _publish(line, folder, 3)
    copytree(folder, kept)
    _publish(line, folder, 2)
    rmtree(folder)
    copytree(kept, folder)
    assert _publish(line, folder, 1) == list(range(6))


@pytest.mark.census("ATP-252", "ATP-503")
def test_a_subscriber_from_outside_gets_every_record_once(
    installation: Installation, nats_url: str
) -> None:
    """It follows from the first on while two relays publish in turn, and one dies midway."""
    line = Line(installation, Rows(), LocalTopic(installation.reader))
    line.append(300)
    with closing(NatsTopic(nats_url, installation.reader)) as dies:
        assert dies.publish("acme", 0, 200) == 200  # and keeps no place

    async def follow() -> list[tuple[int, str, bytes]]:
        client = await nats.connect(nats_url)
        follows = await client.jetstream().subscribe(
            subject_of("acme"), durable="outsider", manual_ack=True
        )
        got: list[tuple[int, str, bytes]] = []

        async def take(until: int) -> None:
            while len(got) < until:
                one = await follows.next_msg(timeout=10)
                headers = one.headers or {}
                got.append((int(headers[INDEX]), headers[ID], one.data))
                await one.ack()

        await take(200)
        await asyncio.to_thread(_goes_on, line, nats_url)
        await take(350)
        with pytest.raises(nats.errors.TimeoutError):
            await follows.next_msg(timeout=0.5)
        await client.close()
        return got

    got = asyncio.run(follow())
    assert [index for index, _, _ in got] == list(range(350))
    assert [name for _, name, _ in got] == [line.record(n) for n in range(350)]
    assert [entry for _, _, entry in got] == installation.reader.entries("acme", 0, 350)


def _goes_on(line: Line, url: str) -> None:
    """Another relay takes over, and more is appended."""
    with closing(NatsTopic(url, line.installation.reader)) as topic:
        line.stop()
        line.topic = topic
        line.start()
        line.turn()
        line.append(50)
        line.turn()


def _publish(line: Line, folder: Path, count: int) -> list[int]:
    """What stands on the topic after so many records more."""
    line.append(count)
    with (
        servers.server(folder) as url,
        closing(NatsTopic(url, line.installation.reader)) as topic,
    ):
        line.stop()
        line.topic = topic
        line.start()
        line.turn()
        return [index for _, _, index in _messages(url)]


def _messages(url: str) -> list[tuple[str, str, int]]:
    async def read() -> list[tuple[str, str, int]]:
        client = await nats.connect(url)
        stream = client.jetstream()
        last = (await stream.stream_info(STREAM)).state.last_seq
        found = []
        for sequence in range(1, last + 1):
            try:
                one = await stream.get_msg(STREAM, sequence)
            except nats.js.errors.NotFoundError:
                continue
            headers = one.headers or {}
            found.append((str(one.subject), headers[ID], int(headers[INDEX])))
        await client.close()
        return found

    return asyncio.run(read())
