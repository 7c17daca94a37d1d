"""An alert whose labels change is told of anew, and who was told of it before hears its end."""

import json
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, select

from operations.routing.stage import Watch
from quarterdeck.operations.alerts import service as alerts
from quarterdeck.operations.alerts.labels import fingerprint
from quarterdeck.operations.alerts.model import Severity, Sign
from quarterdeck.operations.routing.store.table import groups, left
from servers import sink
from servers.sink import Sink

KEY = "service_health/acme/checkout"


@pytest.fixture
def team() -> Iterator[Sink]:
    with sink.running() as found:
        yield found


@pytest.fixture
def watch(engine: Engine) -> Iterator[Watch]:
    watch = Watch(engine)
    yield watch
    watch.close()


def apply(watch: Watch, team: Sink, *routes: dict[str, object], **more: object) -> None:
    names = ("chat", "pager")
    hooks = {name: [{"url": f"{team.url}/{name}"}] for name in names}
    route: dict[str, object] = {"receiver": "chat", "group_by": ["alertname"], "group_wait": "0s"}
    text = {
        "route": route | {"group_interval": "1m", "routes": routes},
        "receivers": [{"name": name, "webhook_configs": hooks[name]} for name in names],
    }
    watch.apply(json.dumps(text | more))


def fire(watch: Watch, severity: Severity) -> None:
    labels = {"alertname": "service_health", "service": "checkout"}
    sign = Sign(
        key=KEY, tenant="acme", type="service_health", severity=severity, title="t", labels=labels
    )
    with watch.work() as work:
        alerts.fire(work, sign)


def turn(watch: Watch) -> None:
    watch.pass_time(minutes=2)
    watch.settle()


def told(team: Sink, name: str) -> list[list[tuple[str, str]]]:
    """What a receiver was told: of each notification, status and severity of its alerts."""
    return [
        sorted((one["status"], one["labels"]["severity"]) for one in got.body["alerts"])
        for got in team.of(f"/{name}")
    ]


PAGER: dict[str, object] = {"receiver": "pager", "matchers": ["severity=critical"]}


def test_who_heard_of_it_hears_its_end_and_another_its_beginning(watch: Watch, team: Sink) -> None:
    apply(watch, team, PAGER)
    fire(watch, Severity.WARNING)
    watch.settle()
    fire(watch, Severity.CRITICAL)
    turn(watch)
    assert told(team, "chat") == [[("firing", "warning")], [("resolved", "warning")]]
    assert told(team, "pager") == [[("firing", "critical")]]
    first, second = (got.body["alerts"][0] for got in team.of("/chat"))
    assert first["fingerprint"] == second["fingerprint"] == fingerprint(first["labels"])
    with watch.work() as work:
        alerts.clear(work, "acme", KEY)
    turn(watch)
    turn(watch)
    assert told(team, "pager") == [[("firing", "critical")], [("resolved", "critical")]]
    assert len(told(team, "chat")) == 2
    with watch.engine.connect() as db:
        assert db.execute(select(groups)).all() == db.execute(select(left)).all() == []


def test_in_one_group_both_are_told_together(watch: Watch, team: Sink) -> None:
    apply(watch, team)
    fire(watch, Severity.WARNING)
    watch.settle()
    fire(watch, Severity.CRITICAL)
    fire(watch, Severity.INFO)  # of which nobody was told
    turn(watch)
    assert told(team, "chat")[1:] == [[("firing", "info"), ("resolved", "warning")]]
    fire(watch, Severity.WARNING)
    turn(watch)
    assert told(team, "chat")[2:] == [[("firing", "warning"), ("resolved", "info")]]
    turn(watch)
    assert len(told(team, "chat")) == 3


def test_what_ended_before_it_was_put_anew_ends_where_it_was(watch: Watch, team: Sink) -> None:
    apply(watch, team, PAGER)
    fire(watch, Severity.WARNING)
    watch.settle()
    fire(watch, Severity.CRITICAL)
    with watch.work() as work:
        alerts.clear(work, "acme", KEY)
    turn(watch)
    assert told(team, "chat") == [[("firing", "warning")], [("resolved", "warning")]]
    assert told(team, "pager") == []


def test_an_end_waits_for_a_receiver_that_is_away(watch: Watch, team: Sink) -> None:
    rule = {"source_matchers": ["severity=critical"], "target_matchers": ["severity=warning"]}
    apply(watch, team, PAGER, inhibit_rules=[rule])
    fire(watch, Severity.WARNING)
    watch.settle()
    team.answers["/chat"] = [400]
    fire(watch, Severity.CRITICAL)
    turn(watch)
    assert told(team, "chat") == [[("firing", "warning")]]
    turn(watch)
    assert told(team, "chat")[1:] == [[("resolved", "warning")]]
