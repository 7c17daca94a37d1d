"""The outbox relay: each record on the topic once, whatever breaks."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from typing_extensions import override

from quarterdeck.kernel.errors import Unavailable
from quarterdeck.trail.deliveries.local import LocalFeed
from quarterdeck.trail.deliveries.model import (
    RELAY,
    Batch,
    RecordRefused,
    Standing,
    TopicAway,
    Waiting,
)
from quarterdeck.trail.deliveries.ports import Feed, Topic
from quarterdeck.trail.deliveries.service import control
from quarterdeck.trail.log.ports import Reader
from trail.deliveries.line import OF_ACME, Line, Rows
from trail.installation import Installation


@dataclass
class Breaking:
    """A topic that refuses one record until mended."""

    reader: Reader
    at: int
    broken: bool = True
    published: list[int] = field(default_factory=list)

    def publish(self, log: str, start: int, end: int) -> int:  # noqa: ARG002  the port's
        until = min(end, self.at) if self.broken else end
        if until == start:
            raise RecordRefused("the broker refuses it")
        self.published += range(start, until)
        return until

    def subscribe(self, consumer: str) -> LocalFeed:  # noqa: ARG002  the port's
        """As the port says."""
        return LocalFeed(self.reader)

    def check(self) -> str:
        """As the port says."""
        return "breaking"

    def close(self) -> None:
        """Nothing is held."""


@pytest.mark.census("ATP-258", "ATP-284")
def test_a_stuck_position_shows_age_and_error_and_is_published_on_retry(
    installation: Installation,
) -> None:
    rows, topic = Rows(), Breaking(installation.reader, at=2)
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


@dataclass
class Failing(Breaking):
    """A topic that throws ``error`` at every log but zeta's; ``asked`` of which."""

    error: Exception = field(default_factory=Exception)
    asked: list[str] = field(default_factory=list)

    @override
    def publish(self, log: str, start: int, end: int) -> int:
        self.asked.append(log)
        if log != "zeta":
            raise self.error
        return end


def test_what_nobody_foresaw_in_one_log_is_shown_and_stops_no_other(
    installation: Installation,
) -> None:
    rows = Rows()
    topic = Failing(installation.reader, at=0, error=OverflowError("too large"))
    line = Line(installation, rows, topic)
    line.append(1)
    line.append(1, "zeta")
    line.turn()
    (place,) = line.waits().places
    assert (place.log, place.error) == ("acme", "OverflowError: too large")
    assert rows.indices("zeta") == [0]


def test_while_the_broker_is_away_it_is_asked_once_a_turn_and_each_log_says_so(
    installation: Installation,
) -> None:
    topic = Failing(installation.reader, at=0, error=TopicAway("no answer"))
    line = Line(installation, Rows(), topic)
    for tenant in ("acme", "beta", "gamma"):
        line.append(1, tenant)
    line.relay.beat()
    assert len(topic.asked) == 1
    assert {(at.log, at.error) for at in line.waits().places} >= {
        (tenant, "TopicAway: no answer") for tenant in ("acme", "beta", "gamma")
    }


def test_what_is_published_is_so_though_nobody_can_say_how_long_it_took(
    installation: Installation, topic: Topic, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = Line(installation, Rows(), topic)
    line.append(2)

    def away(*_: object) -> None:
        raise Unavailable("its reader is away")

    monkeypatch.setattr(type(line.relay.reader), "moment", away)
    with pytest.raises(Unavailable):
        line.relay.beat()
    assert line.waits().places == ()
    assert line.relay.beat() == 0


def test_a_paused_consumer_rests_and_what_waits_is_delivered_after(
    installation: Installation,
    topic: Topic,
) -> None:
    rows = Rows()
    line = Line(installation, rows, topic)
    line.do(lambda work: control.pause(work, line.consumer.name, "a migration"))
    line.append(2)
    line.turn()
    looks = line.looks(OF_ACME)
    assert (looks.standing, looks.paused, looks.active) == (Standing.PAUSED, "a migration", 2)
    line.do(lambda work: control.resume(work, line.consumer.name))
    line.turn()
    assert rows.indices() == [0, 1]


def test_a_place_that_another_moved_is_left_alone(installation: Installation, topic: Topic) -> None:
    rows, others = Rows(), Rows()
    line, other = Line(installation, rows, topic), Line(installation, others, topic)
    other.consuming.holder = line.consuming.holder  # as after a lease that ended unnoticed
    line.append(2)
    line.relay.beat()
    line.consuming.feed = Between(line.consuming.feed, other.consuming.beat)
    assert line.consuming.beat() == 0
    assert (rows.indices(), others.indices(), line.looks().active) == ([0, 1], [0, 1], 0)
    assert line.dead() == []


@dataclass
class Between:
    """A feed at which something else happens once something was taken."""

    feed: Feed
    happens: Callable[[], object]

    def take(self, waiting: Sequence[Waiting]) -> list[Batch]:
        found = self.feed.take(waiting)
        self.happens()
        return found

    def settle(self, ends: Iterable[tuple[str, int]]) -> None:
        self.feed.settle(ends)

    def close(self) -> None:
        self.feed.close()
