"""The clocks of incidents as the worker keeps them: each thing is done once."""

import pytest
from prometheus_client import REGISTRY

from operations.incidents.stage import NOON, Bridge
from quarterdeck.kernel.work import begin
from quarterdeck.operations.contacts import service as contacts
from quarterdeck.operations.contacts.model import Channel, Contact, Means, Section
from quarterdeck.operations.incidents import measuring
from quarterdeck.operations.incidents.model.timeline import Wrote
from quarterdeck.operations.incidents.service import noting, watching
from quarterdeck.operations.severities.model import Flag
from quarterdeck.wiring.numbers import EVERYONE


@pytest.mark.census("ATP-172")
def test_a_war_room_opens_by_itself_after_half_an_hour_once(bridge: Bridge) -> None:
    made = bridge.declare(severity="SEV-2")
    bridge.pass_time(minutes=30)
    bridge.beat()
    assert bridge.one(made.id).war_room == ""
    bridge.pass_time(minutes=1)
    for _ in range(3):
        bridge.beat()
    assert bridge.one(made.id).war_room == "#incident-2025-10-30-1503"
    assert bridge.lines(made.id, Wrote.ROOM) == ["War room #incident-2025-10-30-1503 opened"]


@pytest.mark.census("ATP-142")
def test_an_update_that_nobody_posts_is_called_for_once_a_period(bridge: Bridge) -> None:
    made = bridge.declare(severity="SEV-1")
    bridge.pass_time(minutes=16)
    bridge.beat()
    bridge.beat()

    def called() -> list[str]:
        return [text for text in bridge.lines(made.id, Wrote.CLOCK) if "Post an update" in text]

    assert called() == ["Overdue: Post an update"]
    with bridge.working() as work:
        noting.append(work, made.id, noting.Line(kind=Wrote.UPDATE, text="half is back"))
    bridge.pass_time(minutes=14)
    bridge.beat()
    assert len(called()) == 1
    bridge.pass_time(minutes=2)
    bridge.beat()
    assert len(called()) == 2


@pytest.mark.census("ATP-170")
def test_customers_are_told_by_the_clock_after_an_hour_and_not_before(bridge: Bridge) -> None:
    way = Channel(means=Means.MAIL, address="ops@acme.example")
    with bridge.working() as work:
        one = Contact(
            name="acme",
            title="Acme",
            section=Section.CUSTOMER,
            channels=(way,),
            tenants=("acme",),
        )
        contacts.put(work, "acme", one)
    made, secret = bridge.declare(), bridge.declare(flags=(Flag.SECURITY,))
    bridge.pass_time(minutes=60)
    bridge.beat()
    assert bridge.told(made.id) == []
    bridge.pass_time(minutes=1)
    bridge.beat()
    bridge.beat()
    assert bridge.told(made.id) == ["ops@acme.example: High Latency"]
    assert "ops@acme.example: High Latency" not in bridge.told(secret.id)
    assert len([t for t in bridge.lines(secret.id) if "Legal must approve" in t]) == 1


def test_what_is_late_is_said_once_and_costs_no_writing_after_that(bridge: Bridge) -> None:
    made = bridge.declare(severity="SEV-1", flags=(Flag.DATA_LOSS,))
    bridge.pass_time(minutes=10)
    bridge.beat()
    lines = bridge.lines(made.id, Wrote.CLOCK)
    assert lines == ["Overdue: Tell the regulator: SOC 2", "Overdue: Respond"]
    bridge.beat()
    assert bridge.lines(made.id, Wrote.CLOCK) == lines
    assert watching.Watch(engine=bridge.engine, clock=bridge.clock)._waiting() == []  # noqa: SLF001  writes nothing


def test_two_workers_open_one_room(bridge: Bridge) -> None:
    made = bridge.declare()
    bridge.pass_time(minutes=31)
    for _ in range(2):  # each saw it due before the other wrote
        with begin(bridge.engine, watching.ITSELF, bridge.clock) as work:
            watching.attend(work, made.id)
    assert len(bridge.lines(made.id, Wrote.ROOM)) == 1
    with begin(bridge.engine, watching.ITSELF, bridge.clock) as work:
        watching.attend(work, "INC-2025-999999")


def test_open_incidents_are_counted(bridge: Bridge) -> None:
    bridge.declare()
    bridge.declare(severity="SEV-1")
    with bridge.working() as work:
        measuring.measure(work, EVERYONE)
    name = "quarterdeck_incidents_open"
    found = REGISTRY.get_sample_value(name, {"tenant": "acme", "severity": "SEV-1"})
    assert (found, bridge.now) == (1, NOON)
