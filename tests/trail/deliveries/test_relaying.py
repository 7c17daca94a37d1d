"""The outbox relay: each record on the topic once, whatever breaks."""

import asyncio
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from shutil import copytree, rmtree

import nats
import pytest

from quarterdeck.providers.nats.topic import ID, INDEX, STREAM, NatsTopic, subject_of
from quarterdeck.trail.deliveries.model import RELAY, Standing, TopicAway
from quarterdeck.trail.deliveries.service import control
from quarterdeck.trail.log.ports import Reader
from servers import nats as servers
from trail.deliveries.line import OF_ACME, Line, Rows
from trail.installation import Installation


@dataclass
class Breaking:
    """A topic that refuses one record until mended."""

    at: int
    broken: bool = True
    published: list[int] = field(default_factory=list)

    def publish(self, log: str, start: int, end: int) -> int:  # noqa: ARG002  the port's
        until = min(end, self.at) if self.broken else end
        if until == start:
            raise TopicAway("the broker refuses it")
        self.published += range(start, until)
        return until

    def check(self) -> str:
        """As the port says."""
        return "breaking"

    def close(self) -> None:
        """Nothing is held."""


@pytest.mark.census("ATP-258", "ATP-284")
def test_a_stuck_position_shows_age_and_error_and_is_published_on_retry(
    installation: Installation,
) -> None:
    rows, topic = Rows(), Breaking(at=2)
    line = Line(installation, rows, topic)
    line.append(4)
    line.append(1, "zeta")
    line.turn()
    installation.later(timedelta(milliseconds=500))
    waits = line.waits()
    (place,) = waits.places
    assert (waits.standing, place.log, place.position) == (Standing.STUCK, "acme", 2)
    assert "the broker refuses it" in place.error
    assert (waits.oldest_s, rows.indices(), rows.indices("zeta")) == (0.5, [0, 1], [0])
    topic.broken = False
    line.turn()
    assert rows.indices() == [0, 1]
    assert line.do(lambda work: control.retry(work, RELAY)) == 1
    line.turn()
    assert (rows.indices(), line.waits().places) == ([0, 1, 2, 3], ())
    assert sorted(topic.published) == [0, 0, 1, 2, 3]


def test_a_paused_consumer_rests_and_what_waits_is_delivered_after(
    installation: Installation,
) -> None:
    rows = Rows()
    line = Line(installation, rows)
    line.do(lambda work: control.pause(work, line.consumer.name, "a migration"))
    line.append(2)
    line.turn()
    looks = line.looks(OF_ACME)
    assert (looks.standing, looks.paused, looks.active) == (Standing.PAUSED, "a migration", 2)
    line.do(lambda work: control.resume(work, line.consumer.name))
    line.turn()
    assert rows.indices() == [0, 1]


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
    line = Line(installation, Rows())
    _publish(line, folder, 3)
    copytree(folder, kept)
    _publish(line, folder, 2)
    rmtree(folder)
    copytree(kept, folder)
    assert _publish(line, folder, 1) == list(range(6))


def test_records_wait_while_the_broker_is_away(installation: Installation, tmp_path: Path) -> None:
    if reason := servers.missing():
        pytest.skip(reason)
    folder = tmp_path / "broker"
    folder.mkdir()
    with servers.server(folder) as url:
        topic = NatsTopic(url, installation.reader)
        rows = Rows()
        line = Line(installation, rows, topic)
        line.append(1)
        line.turn()
    line.append(1)
    line.turn()
    assert (line.waits().standing, rows.indices()) == (Standing.STUCK, [0])
    with servers.server(folder, int(url.rpartition(":")[2])):
        installation.later(timedelta(minutes=1))
        line.turn()
        assert rows.indices() == [0, 1]
        topic.close()


def test_a_place_that_another_moved_is_left_alone(installation: Installation) -> None:
    rows, others = Rows(), Rows()
    line, other = Line(installation, rows), Line(installation, others)
    other.consuming.holder = line.consuming.holder  # as after a lease that ended unnoticed
    line.append(2)
    line.relay.beat()
    line.consuming.reader = Between(installation.reader, other.consuming.beat)  # type: ignore[assignment]
    assert line.consuming.beat() == 0
    assert (rows.indices(), others.indices(), line.looks().active) == ([0, 1], [0, 1], 0)
    assert line.dead() == []


@dataclass
class Between:
    """A reader at whose first look something else happens."""

    reader: Reader
    happens: Callable[[], object] | None

    def entries(self, log: str, start: int, count: int) -> list[bytes]:
        happens, self.happens = self.happens, None
        if happens:
            happens()
        return self.reader.entries(log, start, count)


@pytest.mark.census("ATP-252", "ATP-503")
def test_a_subscriber_from_outside_gets_every_record_once(
    installation: Installation, nats_url: str
) -> None:
    """It follows from the first on while two relays publish in turn, and one dies midway."""
    line = Line(installation, Rows())
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
