"""From the log to a consumer: each record once, and one that fails holds up nobody."""

from datetime import timedelta
from threading import Event

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, insert, select, update

from quarterdeck.kernel.db import open_engine, writing
from quarterdeck.kernel.errors import Unavailable
from quarterdeck.kernel.work import Actor, Work, read
from quarterdeck.trail.deliveries.advice import ADVICE, STEPS
from quarterdeck.trail.deliveries.message import USUAL_KIND, Kind
from quarterdeck.trail.deliveries.model import Batch, Limits, Reason, Standing, State
from quarterdeck.trail.deliveries.ports import Topic
from quarterdeck.trail.deliveries.store.consumers import cursors
from quarterdeck.trail.log.record import RecordUnreadable, members
from trail.deliveries.line import NAME, OF_ACME, QUEUE, Line, Rows
from trail.installation import Installation


def refusing(*indices: int, error: type[Exception] = ValueError) -> Rows:
    def refuse(batch: Batch) -> None:
        if set(indices) & set(range(batch.first, batch.end)):
            raise error(f"not {indices}")

    return Rows(refuse=refuse)


@pytest.mark.census("ATP-252", "ATP-503")
def test_every_record_is_delivered_once_and_in_order(
    installation: Installation, topic: Topic
) -> None:
    rows = Rows()
    line = Line(installation, rows, topic)
    line.append(7)
    line.append(3, "zeta")
    line.turn()
    line.append(2)
    line.turn()
    assert rows.indices("acme") == list(range(9))
    assert rows.indices("zeta") == [0, 1, 2]
    assert (line.looks().active, line.waits().active, line.dead()) == (0, 0, [])


@pytest.mark.census("ATP-503")
def test_what_was_delivered_is_not_delivered_again_after_a_restart(
    installation: Installation, topic: Topic
) -> None:
    rows = Rows()
    line = Line(installation, rows, topic)
    line.append(5)
    line.turn()
    line.stop()
    line.start()
    line.append(1)
    line.turn()
    assert rows.indices() == list(range(6))


@pytest.mark.census("ATP-228")
def test_without_the_relay_the_backlog_grows_and_nothing_is_delivered(
    installation: Installation,
    topic: Topic,
) -> None:
    rows = Rows()
    line = Line(installation, rows, topic)
    line.append(4)
    while line.consuming.beat():
        pass
    installation.later(timedelta(seconds=30))
    waits = line.waits()
    assert (rows.got, waits.active, waits.standing) == ([], 4, Standing.DOWN)
    assert 29 <= waits.oldest_s <= 31
    line.turn()
    assert (len(rows.got), line.waits().active) == (4, 0)


@pytest.mark.census("ATP-233", "ATP-259", "ATP-251")
def test_a_backlog_is_attributed_to_the_consumer_that_is_down(
    installation: Installation, topic: Topic
) -> None:
    rows = Rows()
    line = Line(installation, rows, topic)
    line.append(3)
    line.relay.beat()
    installation.later(timedelta(minutes=1))
    looks = line.looks()
    assert (looks.consumer, looks.queue, looks.active) == (NAME, QUEUE, 3)
    assert looks.standing is Standing.DOWN
    line.turn()
    looks = line.looks()
    assert (looks.active, looks.standing, rows.indices()) == (0, Standing.ACTIVE, [0, 1, 2])


@pytest.mark.census("ATP-272")
def test_after_ten_failed_deliveries_a_message_is_dead_and_the_others_passed_it(
    installation: Installation, topic: Topic
) -> None:
    rows = refusing(3)
    line = Line(installation, rows, topic)
    line.append(8)
    line.turn()
    assert sorted(rows.indices()) == [0, 1, 2, 4, 5, 6, 7]
    assert (line.looks().scheduled, line.dead()) == (1, [])
    line.turn(8)
    assert (line.looks().scheduled, line.dead()) == (1, [])
    line.turn(2)
    (letter,) = line.dead()
    assert (letter.failure.reason, letter.deliveries) == (Reason.DELIVERY_COUNT, 10)
    assert (letter.kind, letter.id) == (Kind.LOGIC, line.record(3))
    assert "ValueError: not (3,)" in letter.failure.error
    assert (line.looks().scheduled, line.looks().dead) == (0, 1)


def test_a_message_that_failed_for_a_while_is_received_in_the_end(
    installation: Installation,
    topic: Topic,
) -> None:
    rows = refusing(1)
    line = Line(installation, rows, topic)
    line.append(3)
    line.turn()
    rows.refuse = lambda _batch: None
    line.turn(2)
    assert sorted(rows.indices()) == [0, 1, 2]
    assert (line.looks().scheduled, line.looks().dead) == (0, 0)


@pytest.mark.census("ATP-262", "ATP-276")
def test_a_record_nobody_can_read_is_dead_at_once(installation: Installation, topic: Topic) -> None:
    rows = Rows(refuse=lambda batch: all(map(members, batch.entries)))
    line = Line(installation, rows, topic)
    line.append(2)
    line.append_raw(b'{"schema":9,"id":"from-the-future"}')
    line.append_raw(b"\xff\x00 not even text")
    line.append(1)
    line.turn()
    assert rows.indices() == [0, 1, 4]
    garbage, newer = sorted(line.dead(), key=lambda one: one.id)
    assert {newer.failure.reason, garbage.failure.reason} == {Reason.SERIALIZATION}
    assert (newer.id, garbage.id, newer.kind) == ("from-the-future", "acme:3", Kind.SCHEMA)
    assert newer.deliveries == 1


@pytest.mark.census("ATP-275")
def test_a_consumer_without_the_right_to_read_is_unauthorized(
    installation: Installation, topic: Topic
) -> None:
    line = Line(installation, Rows(), topic, actor=Actor("projector", frozenset()))
    line.append(1)
    line.turn()
    (letter,) = line.dead()
    assert (letter.failure.reason, letter.kind) == (Reason.UNAUTHORIZED, Kind.AUTH)
    assert "projector, who lacks trail:read on acme" in letter.failure.error


@pytest.mark.census("ATP-274")
def test_work_that_outlasts_the_lock_is_undone_and_dead_in_the_end(
    installation: Installation,
    topic: Topic,
) -> None:
    slow = Event()
    rows = Rows(refuse=lambda _batch: slow.wait(0.02))
    limits = Limits(deliveries=2, lock=timedelta(milliseconds=5))
    line = Line(installation, rows, topic, limits=limits)
    line.append(1)
    line.turn(3)
    (letter,) = line.dead()
    assert (letter.failure.reason, letter.deliveries) == (Reason.LOCK_LOST, 2)
    assert letter.kind is Kind.TRANSIENT


@pytest.mark.census("ATP-273")
def test_what_waits_for_longer_than_its_time_to_live_is_dead(
    installation: Installation, topic: Topic
) -> None:
    rows = Rows()
    line = Line(installation, rows, topic, limits=Limits(ttl=timedelta(hours=1)))
    line.append(2)
    line.relay.beat()
    installation.later(timedelta(hours=2))
    line.append(1)
    line.turn()
    assert rows.indices() == [2]
    assert [one.failure.reason for one in line.dead()] == [Reason.TTL, Reason.TTL]


def test_nothing_waited_for_a_consumer_before_there_was_one(
    installation: Installation, topic: Topic
) -> None:
    installation.grow(2)
    installation.later(timedelta(hours=2))
    rows = Rows()
    line = Line(installation, rows, topic, limits=Limits(ttl=timedelta(hours=1)))
    line.turn()
    assert (rows.indices(), line.dead()) == ([0, 1], [])


def test_what_a_consumer_needs_being_away_counts_against_no_message(
    installation: Installation,
    topic: Topic,
) -> None:
    rows = refusing(0, error=Unavailable)
    line = Line(installation, rows, topic)
    line.append(2)
    line.append(2, "zeta")
    line.turn(20)
    looks = line.looks()
    assert (looks.standing, looks.active, line.dead()) == (Standing.STUCK, 4, [])
    assert {place.log for place in looks.places} == {"acme", "zeta"}
    assert all("Unavailable: not (0,)" in place.error for place in looks.places)
    rows.refuse = lambda _batch: None
    line.turn(2)
    assert (line.looks().active, sorted(rows.indices())) == (0, [0, 1])


def test_of_two_that_deliver_one_does_until_it_ends(
    installation: Installation, topic: Topic
) -> None:
    rows, others = Rows(), Rows()
    line, other = Line(installation, rows, topic), Line(installation, others, topic)
    line.append(1)
    line.turn()
    line.append(2)
    other.turn()
    assert others.got == []
    line.stop()
    other.turn()
    assert (rows.indices(), others.indices()) == ([0], [1, 2])


@pytest.mark.census("ATP-260", "ATP-261")
def test_a_consumer_with_its_own_database_hears_again_after_a_crash(
    installation: Installation, topic: Topic, tmp_path: object
) -> None:
    tables = MetaData()
    seen = Table("seen", tables, Column("log", String), Column("idx", Integer))
    own = open_engine(f"sqlite:///{tmp_path}/read.db")
    tables.create_all(own)

    def apply(work: Work, batch: Batch) -> None:
        have = set(work.db.scalars(select(seen.c.idx).where(seen.c.log == batch.log)))
        new = [i for i in range(batch.first, batch.end) if i not in have]
        if new:
            work.db.execute(insert(seen), [{"log": batch.log, "idx": i} for i in new])

    line = Line(installation, apply, topic, own=own)

    line.append(3)
    line.turn()
    with writing(line.engine) as db:  # as after a crash before the place was kept
        db.execute(update(cursors).where(cursors.c.consumer == NAME).values(position=1))
    line.append(1)
    line.turn()
    with read(own, OF_ACME, installation.clock) as work:
        assert sorted(work.db.scalars(select(seen.c.idx))) == [0, 1, 2, 3]
    own.dispose()


@pytest.mark.census("ATP-277", "ATP-264")
def test_each_reason_has_a_meaning_an_action_and_next_steps() -> None:
    assert ADVICE.keys() == set(Reason) == USUAL_KIND.keys()
    assert STEPS.keys() == set(Kind)
    assert ADVICE[Reason.TTL].action == "Increase TTL or scale consumers"
    assert STEPS[Kind.TRANSIENT][0] == "Replay at once"
    assert "Replay" not in " ".join(STEPS[Kind.MALICIOUS])


def test_a_tenant_sees_its_own_messages_alone(installation: Installation, topic: Topic) -> None:
    line = Line(installation, refusing(0, error=RecordUnreadable), topic)
    line.append(2)
    line.append(1, "zeta")
    line.turn()
    assert [one.log for one in line.dead(OF_ACME)] == ["acme"]
    assert {one.log for one in line.dead()} == {"acme", "zeta"}
    assert (line.looks(OF_ACME).dead, line.looks().dead) == (1, 2)
    assert all(one.state is State.DEAD for one in line.dead())


def test_records_that_nobody_heeds_are_passed_over_unread(
    installation: Installation, topic: Topic
) -> None:
    heeded: set[str] = set()
    rows = Rows()
    line = Line(installation, rows, topic, heeds=lambda _db: heeded)
    line.append(5)
    line.turn()
    assert (rows.got, line.looks().active) == ([], 0)
    heeded.add("acme")
    line.append(3)
    line.append(2, "zeta")
    line.turn()
    assert rows.got == [("acme", 5), ("acme", 6), ("acme", 7)]
    heeded.clear()
    rows.refuse = lambda batch: pytest.fail(f"heard of {batch}")
    line.append(1)
    line.turn()
    assert line.looks().active == 0
