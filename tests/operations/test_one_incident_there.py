"""What PagerDuty takes for one incident: one key from the first attempt to the end."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from operations.test_lifecycle import PLACE, House, down
from quarterdeck.access.principals.model import installation
from quarterdeck.events.health import ServiceCameBack
from quarterdeck.operations.escalation.service import answering
from quarterdeck.operations.escalation.service import looking as paged
from quarterdeck.operations.messages.model import Content
from quarterdeck.providers.pagerduty import rendering
from servers import jira, mail, sink

WAY = "/v2/enqueue"


@pytest.fixture
def house(engine: Engine, tmp_path: Path) -> Iterator[House]:
    with sink.running() as came, mail.running() as box, jira.running() as site:
        made = House(engine, tmp_path, came, box, site)
        yield made
        made.close()


def actions(house: House) -> list[tuple[str, int]]:
    found = [got for got in house.came.got if got.path == WAY]
    return [(got.body["event_action"], got.status) for got in found]


def test_a_page_has_one_key_on_retries_when_it_is_answered_and_when_it_ends(house: House) -> None:
    house.came.answers[WAY] = [500, 429, 200, 503, 200, 500, 200]
    house.happens(down())
    for _ in range(2):
        house.outbox.due_now()
        house.settle()
    with house.watch.work(installation()) as work:
        [page] = paged.listed(work, "acme")
        answering.acknowledge(work, page.id, by="Ada")
    house.settle()
    house.outbox.due_now()
    house.settle()
    back = ServiceCameBack(tenant="acme", **PLACE, was="down", reason="", after_s=60)
    house.happens(back, minutes=1)
    house.watch.pass_time(minutes=1)
    house.outbox.now = house.watch.now
    house.settle()
    house.outbox.due_now()
    house.settle()
    assert actions(house) == [
        *(("trigger", 500), ("trigger", 429), ("trigger", 200)),
        *(("acknowledge", 503), ("acknowledge", 200)),
        *(("resolve", 500), ("resolve", 200)),
    ]
    keys = {got.body["dedup_key"] for got in house.came.got if got.path == WAY}
    assert keys == {f"acme/page/{page.id}"}


ABOUT = st.text(min_size=1, max_size=600)
STATES = ("firing", "acknowledged", "resolved")


@given(ABOUT, ABOUT)
def test_a_key_is_of_what_it_is_about_alone_and_has_room(one: str, other: str) -> None:
    keys = {
        state: rendering.body(Content(title=state, state=state), "r", one)["dedup_key"]
        for state in STATES
    }
    [key] = {*keys.values()}
    assert 1 <= len(key) <= 255
    assert (rendering.dedup_key(other) == key) is (one == other)
