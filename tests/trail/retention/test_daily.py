"""Purging by itself, where the policy says so."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from quarterdeck.kernel import schedules
from quarterdeck.kernel.clock import micros
from quarterdeck.kernel.ids import JobId
from quarterdeck.kernel.jobs.model import JobState
from quarterdeck.kernel.jobs.table import jobs
from quarterdeck.trail.policy.keeping import Retention
from quarterdeck.trail.policy.model import Kind, PolicyInvalid
from quarterdeck.trail.retention.jobs import DAILY
from quarterdeck.worker.schedule import tick_all
from trail.installation import NOON, Installation
from trail.keeping import CARLA, CONRAD, Kept
from trail.logs import record

NOW = micros(NOON)
CLASSES = {"standard": {"days": 365}}


@pytest.fixture
def kept(installation: Installation) -> Iterator[Kept]:
    opened = Kept(installation)
    with opened.engine.begin() as db:
        schedules.put(db, installation.clock(), DAILY)
    opened.logs.append(*(record(n, received_at=NOW) for n in range(256)))
    opened.age(hours=2)
    opened.store_away()
    opened.age(days=366)
    yield opened
    opened.logs.close()


def ready(kept: Kept) -> list[JobId]:
    with kept.engine.connect() as db:
        found = select(jobs.c.id).where(jobs.c.state == JobState.READY)
        return [JobId(job) for job in db.scalars(found)]


def a_day(kept: Kept) -> list[JobId]:
    """What the day's job asks for."""
    kept.age(days=1)
    tick_all(kept.engine, kept.installation.clock)
    [daily] = ready(kept)
    assert kept.run(daily) == "done"
    return ready(kept)


def test_what_is_due_goes_without_anybody_asking(kept: Kept) -> None:
    kept.set(Kind.RETENTION, classes=CLASSES, purge="daily")
    [asked] = a_day(kept)
    while kept.run(asked) != "done":
        kept.installation.deliver()
    assert kept.ground.reader.entries("acme", 0, 256) == [b""] * 256


def test_by_hand_is_left_to_people(kept: Kept) -> None:
    kept.set(Kind.RETENTION, classes=CLASSES)
    assert a_day(kept) == []


def test_nothing_is_asked_for_where_no_class_ever_ends(kept: Kept) -> None:
    kept.set(Kind.RETENTION, classes={}, purge="daily")
    assert a_day(kept) == []


def test_who_is_on_hold_is_passed_over_until_released(kept: Kept) -> None:
    kept.set(Kind.RETENTION, classes=CLASSES, purge="daily")
    hold = kept.place()
    assert a_day(kept) == []
    kept.release(hold.id, CARLA)
    kept.release(hold.id, CONRAD)
    assert len(a_day(kept)) == 1


def test_a_policy_says_when_as_the_product_knows_it() -> None:
    assert Retention.of({"purge": "daily"}).document["purge"] == "daily"
    assert Retention.of({}).document["purge"] == "by-hand"
    with pytest.raises(PolicyInvalid, match="purge is one of: by-hand, daily"):
        Retention.of({"purge": "hourly"})
