"""What was changed before an alert; and services whose edges are alerts."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine
from sqlalchemy.event import listen

from operations.alerts.test_pushing import Watch
from quarterdeck.events.health import (
    ServiceCameBack,
    ServiceDegraded,
    ServiceRemoved,
    ServiceWentDown,
)
from quarterdeck.kernel.event import Event
from quarterdeck.kernel.ids import TenantId
from quarterdeck.kernel.work import Actor
from quarterdeck.operations.alerts import hearing
from quarterdeck.operations.alerts.model import Severity
from quarterdeck.operations.alerts.service import around, looking
from quarterdeck.operations.changes import service as changes
from quarterdeck.operations.changes.model import Change, ChangeKind
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
        found = around.changed(work, live)
    assert [sorted(one.title for one in some) for some in found.values()] == [["of all", "of it"]]
    watch.now += timedelta(days=8)
    with watch.work() as work:
        assert around.changed(work, live) == {}


def test_what_was_changed_before_many_is_read_once_and_whole(watch: Watch) -> None:
    change(watch, "before the first", "checkout")
    for number in range(3):
        watch.push({"alertname": "Slow", "n": str(number)}, ends_in=timedelta(days=30))
        watch.now += timedelta(hours=2)
    watch.now += timedelta(hours=2)
    with watch.work(DEPLOYER) as work:
        for number in range(600):  # after all of them
            title = f"later {number}"
            told = Told(tenant="_platform", kind=ChangeKind.DEPLOY, title=title)
            changes.record(work, told)
    with watch.work() as work:
        live, read = looking.live(work, "acme"), []
        listen(watch.engine, "before_cursor_execute", lambda *about: read.append(about[2]))
        found = around.changed(work, live)
    assert len([statement for statement in read if "operations_change" in statement]) == 1
    titles = {alert.sign.labels["n"]: [c.title for c in found[alert.id]] for alert in live}
    assert titles == {"0": ["before the first"], "1": [], "2": []}


def test_what_was_changed_for_another_tenant_is_not_told(watch: Watch) -> None:
    own = Change(
        id="1", tenant=TenantId("acme"), kind=ChangeKind.DEPLOY, title="of acme", at=watch.now
    )
    with watch.work() as work:
        changes.hear(work, own)
    watch.push({"alertname": "Slow"}, ends_in=timedelta(days=30))
    [mine] = watch.live()
    theirs = replace(mine, id=mine.id + 1, sign=replace(mine.sign, tenant="other"))
    with watch.work() as work:
        found = around.changed(work, [mine, theirs])
    assert {alert: len(some) for alert, some in found.items()} == {mine.id: 1, theirs.id: 0}


def test_a_tenants_own_label_shows_nothing_of_another_tenant(watch: Watch) -> None:
    said = {"kind": ChangeKind.RESTART, "title": "of beta", "at": watch.now}
    theirs = Change(id="1", tenant=TenantId("beta"), **said)  # type: ignore[arg-type]
    with watch.work() as work:
        changes.hear(work, theirs)
    watch.push({"alertname": "Slow", "tenant": "beta"}, ends_in=timedelta(days=30))
    [mine] = watch.live()
    ours = replace(mine, id=mine.id + 1, sign=replace(mine.sign, tenant="_platform"))
    with watch.work() as work:
        found = around.changed(work, [mine, ours])
    assert {alert: len(some) for alert, some in found.items()} == {mine.id: 0, ours.id: 1}


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
        "checkout in prod is down",
    )
    assert down.sign.annotations == {"error": "refused", "because_of": "database"}
    tell(watch, ServiceCameBack(**edge("down", "ok"), after_s=60.0))
    assert watch.live() == []


def test_a_service_that_is_removed_has_no_alert(watch: Watch) -> None:
    tell(watch, ServiceWentDown(**edge("healthy", "refused")))
    tell(watch, ServiceRemoved(tenant="acme", environment="prod", service="checkout"))
    assert watch.live() == []
