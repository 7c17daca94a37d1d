"""What was changed before an alert; and services whose edges are alerts."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine

from operations.alerts.test_pushing import Watch
from quarterdeck.events.health import (
    ServiceCameBack,
    ServiceDegraded,
    ServiceRemoved,
    ServiceWentDown,
)
from quarterdeck.kernel.event import Event
from quarterdeck.kernel.work import Actor
from quarterdeck.operations.alerts import hearing
from quarterdeck.operations.alerts.model import Severity
from quarterdeck.operations.alerts.service import around
from quarterdeck.operations.changes import service as changes
from quarterdeck.operations.changes.model import ChangeKind
from quarterdeck.operations.changes.service import Told
from quarterdeck.worker.delivery import deliver_all

DEPLOYER = Actor("ci", frozenset({("changes:record", "_platform"), ("changes:record", "acme")}))
PLACE = {"environment": "prod", "service": "checkout", "region": ""}


@pytest.fixture
def watch(engine: Engine) -> Watch:
    return Watch(engine)


def change(watch: Watch, title: str, service: str = "") -> None:
    told = Told(tenant="_platform", kind=ChangeKind.DEPLOY, title=title, service=service)
    with watch.work(DEPLOYER) as work:
        changes.record(work, told)


def test_what_was_changed_in_the_half_hour_before_is_known(watch: Watch) -> None:
    change(watch, "too early")
    watch.now += timedelta(minutes=31)
    change(watch, "of it", "checkout")
    change(watch, "of another", "search")
    change(watch, "of all")
    watch.now += timedelta(minutes=5)
    watch.push({"alertname": "Slow", "service": "checkout"}, ends_in=timedelta(days=30))
    watch.now += timedelta(minutes=2)
    change(watch, "too late", "checkout")
    watch.now += timedelta(hours=3)
    live = watch.live()
    with watch.work() as work:
        found = around.changed(work, "acme", live)
    assert [sorted(one.title for one in some) for some in found.values()] == [["of all", "of it"]]
    watch.now += timedelta(days=8)
    with watch.work() as work:
        assert around.changed(work, "acme", live) == {}


def tell(watch: Watch, *events: Event) -> None:
    with watch.work() as work:
        for event in events:
            work.publish(event)
    while deliver_all(watch.engine, lambda: watch.now, [hearing.subscriber()]):
        pass


def edge(was: str, reason: str) -> dict[str, str]:
    return {"tenant": "acme", **PLACE, "was": was, "reason": reason, "because_of": "database"}


def test_a_service_that_goes_down_is_one_alert_that_rises_and_ends(watch: Watch) -> None:
    tell(watch, ServiceDegraded(**edge("healthy", "slow")))
    [one] = watch.live()
    assert (one.sign.severity, one.sign.labels["service"]) == (Severity.WARNING, "checkout")
    tell(watch, ServiceWentDown(**edge("degraded", "refused")))
    [down] = watch.live()
    assert (down.id, down.sign.severity, down.sign.title) == (
        one.id,
        Severity.CRITICAL,
        "checkout is down",
    )
    assert down.sign.annotations == {"error": "refused", "because_of": "database"}
    tell(watch, ServiceCameBack(**edge("down", "ok"), after_s=60.0))
    assert watch.live() == []


def test_a_service_that_is_removed_has_no_alert(watch: Watch) -> None:
    tell(watch, ServiceWentDown(**edge("healthy", "refused")))
    tell(watch, ServiceRemoved(tenant="acme", environment="prod", service="checkout"))
    assert watch.live() == []
