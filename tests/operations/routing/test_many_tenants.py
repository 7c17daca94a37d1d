"""What is wrong with one tenant's routing keeps no other tenant from hearing of its alerts."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Engine, insert, update

from operations.routing.stage import URL, Watch
from quarterdeck.kernel.clock import micros
from quarterdeck.kernel.work import Actor
from quarterdeck.operations.alerts.pushed import Push
from quarterdeck.operations.alerts.service import pushing
from quarterdeck.operations.routing.model import RoutingInvalid
from quarterdeck.operations.routing.service import configuring
from quarterdeck.operations.routing.service.dispatching import Dispatcher
from quarterdeck.operations.routing.store.table import configs, groups, notifications
from servers import sink
from servers.sink import Sink

ZEBRA = Actor("z", frozenset((verb, "zebra") for verb in ("alerts:push", "routing:write")))


@pytest.fixture
def team() -> Iterator[Sink]:
    with sink.running() as found:
        yield found


@pytest.fixture
def watch(engine: Engine, team: Sink) -> Iterator[Watch]:
    """Two tenants with one alert each, of which nobody was told yet."""
    watch = Watch(engine)
    watch.apply(config(team, "acme"))
    with watch.work(ZEBRA) as work:
        configuring.apply(work, "zebra", config(team, "zebra"))
    watch.push({"node": "a"})
    push_zebra(watch, "z")
    yield watch
    watch.close()


def config(team: Sink, path: str) -> str:
    route = {"receiver": "r", "group_wait": "0s", "group_interval": "1m"}
    hooks = [{"url": f"{team.url}/{path}"}]
    return json.dumps({"route": route, "receivers": [{"name": "r", "webhook_configs": hooks}]})


def push_zebra(watch: Watch, node: str) -> None:
    now = watch.clock()
    labels = {"alertname": "Down", "node": node}
    one = Push(
        labels=labels, annotations={}, starts_at=now, ends_at=now + timedelta(1), guessed=False
    )
    with watch.work(ZEBRA) as work:
        pushing.push(work, "zebra", [one])


def spoil(watch: Watch) -> None:
    """As after an upgrade to a release that is more strict than the one that took it."""
    row = {
        "tenant": "acme",
        "version": 2,
        "text": "route: [",
        "by": "",
        "at": micros(watch.clock()),
    }
    with watch.engine.begin() as db:
        db.execute(insert(configs).values(row))


def test_routing_that_can_be_read_no_more_silences_nobody_else(watch: Watch, team: Sink) -> None:
    spoil(watch)
    watch.settle()
    assert len(team.of("/zebra")) == 1
    assert team.of("/acme") == []
    watch.push({"node": "b"})  # alerts come in all the same
    with watch.work() as work, pytest.raises(RoutingInvalid):
        configuring.tried(work, "acme", {"a": "b"})
    watch.apply(config(team, "acme"))
    watch.settle()
    [told] = team.of("/acme")
    assert [one["labels"]["node"] for one in told.body["alerts"]] == ["a", "b"]


def test_what_waits_when_routing_can_be_read_no_more_waits_on(watch: Watch, team: Sink) -> None:
    while watch.dispatcher().beat():
        pass
    spoil(watch)
    watch.settle()
    assert (len(team.of("/zebra")), team.of("/acme")) == (1, [])
    watch.apply(config(team, "acme"))
    watch.pass_time(minutes=2)
    watch.settle()
    assert team.of("/acme") == []  # it was put off for a minute of the database's clock
    with watch.engine.begin() as db:
        db.execute(update(notifications).where(notifications.c.state == "waiting").values(due_at=0))
    watch.settle()
    assert len(team.of("/acme")) == 1


def test_what_fails_for_one_tenant_is_raised_after_the_others_had_their_turn(
    watch: Watch, team: Sink
) -> None:
    dispatcher = Dispatcher(engine=watch.engine, clock=watch.clock, url=URL)
    while dispatcher.beat():
        pass
    watch.pass_time(minutes=2)
    watch.push({"node": "b"})
    push_zebra(watch, "y")
    with watch.engine.begin() as db:
        mine = groups.c.tenant == "acme"
        db.execute(update(groups).where(mine).values(labels="no JSON"))
    watch.pass_time(minutes=2)
    with pytest.raises(json.JSONDecodeError):
        dispatcher.beat()
    sending = watch.sending()
    while sending.beat() or sending.running:
        sending.wait(0.05)
    assert [len(got.body["alerts"]) for got in team.of("/zebra")] == [2]
