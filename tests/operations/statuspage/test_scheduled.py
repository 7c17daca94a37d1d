"""Maintenance windows on a status page: announced, followed, told of."""

from datetime import timedelta

import pytest

from operations.statuspage.stage import NOON, Harbour
from operations.statuspage.test_subscribing import subscribe
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.operations.contacts import service as contacts
from quarterdeck.operations.contacts.model import Channel, Contact, Means, Section
from quarterdeck.operations.maintenance import service as maintenance
from quarterdeck.operations.maintenance.model import Window
from quarterdeck.operations.statuspage.model.component import Status
from quarterdeck.operations.statuspage.model.post import PostImpact, PostKind, Stage
from quarterdeck.operations.statuspage.service import composing

FOLLOWS = {"environment": "prod", "service": "web"}
REASON = "rotate the key that leaked"


def schedule(harbour: Harbour, tenant: str = "acme", **said: object) -> Window:
    usual: dict[str, object] = {"environment": "prod", "services": ("web",)}
    usual |= {"start": harbour.now + timedelta(hours=2)}
    with harbour.working() as work:
        plan = maintenance.Plan(
            reason=REASON,
            duration_minutes=60,
            tenant=tenant,
            **usual | said,  # type: ignore[arg-type]
        )
        return maintenance.schedule(work, plan)


def customer(harbour: Harbour, name: str, tenant: str, *of: str) -> None:
    mail = Channel(means=Means.MAIL, address=f"{name}@example.com")
    made = Contact(name=name, title=name, section=Section.CUSTOMER, channels=(mail,), tenants=of)
    with harbour.working() as work:
        contacts.put(work, tenant, made)


def move_clocks(harbour: Harbour) -> None:
    maintenance.turn(harbour.engine, harbour.clock)
    harbour.hear()


def stages(harbour: Harbour) -> list[list[Stage]]:
    return [[u.stage for u in one.updates] for one in harbour.view().maintenances]


@pytest.mark.census("ATP-101", "ATP-432")
def test_a_window_is_announced_begins_ends_and_customers_are_told(harbour: Harbour) -> None:
    harbour.page()
    harbour.service()
    harbour.component(**FOLLOWS)
    harbour.component("other", environment="prod", service="other")
    customer(harbour, "ann", "acme", "acme")
    customer(harbour, "bob", PLATFORM, "acme", "beta")
    customer(harbour, "cat", "acme", "beta")
    harbour.edge("healthy")
    window = schedule(harbour)
    harbour.hear()
    _announced(harbour, window)
    harbour.pass_time(hours=2)
    move_clocks(harbour)
    assert harbour.one().status is Status.MAINTENANCE
    harbour.pass_time(minutes=10)
    harbour.edge("down")
    harbour.hear()
    assert harbour.one().status is Status.MAINTENANCE
    harbour.pass_time(minutes=5)
    harbour.edge("healthy")
    harbour.pass_time(minutes=45)
    move_clocks(harbour)
    harbour.turn()
    assert stages(harbour) == [[Stage.COMPLETED, Stage.IN_PROGRESS, Stage.SCHEDULED]]
    assert harbour.view().overall.indicator is None  # of "other" nothing is known
    assert len(harbour.mails()) == 6


def _announced(harbour: Harbour, window: Window) -> None:
    [shown] = harbour.view().maintenances
    assert (shown.post.stage, shown.post.impact) == (Stage.SCHEDULED, PostImpact.MAINTENANCE)
    assert (shown.post.starts_at, shown.post.ends_at) == (window.start, window.end)
    assert list(shown.post.affected) == ["web"]
    assert REASON not in str(shown)
    assert harbour.one().status is Status.OPERATIONAL
    assert sorted(one.address for one in harbour.mails()) == ["ann@example.com", "bob@example.com"]
    assert ("Planned", "2025-10-30 14:00 to 2025-10-30 15:00 UTC") in harbour.mails()[
        0
    ].content.facts
    assert REASON not in str(harbour.mails())


def test_a_customer_who_subscribed_gets_one_mail_with_the_way_out(harbour: Harbour) -> None:
    harbour.page()
    harbour.component(**FOLLOWS)
    customer(harbour, "ann", "acme", "acme")
    subscribe(harbour, "ann@example.com")
    schedule(harbour)
    harbour.hear()
    [_, told] = harbour.mails()
    assert [label for label, _ in told.content.links] == ["Status page", "Unsubscribe"]


def test_a_window_that_is_called_off_says_so(harbour: Harbour) -> None:
    harbour.page()
    harbour.component(**FOLLOWS)
    window = schedule(harbour)
    harbour.hear()
    harbour.pass_time(minutes=5)
    with harbour.working() as work:
        maintenance.end(work, window.id)
    harbour.hear()
    [shown] = harbour.view().maintenances
    assert shown.updates[0].text == "The maintenance was called off."
    assert harbour.one().status is None


def test_a_window_that_covers_nothing_of_the_page_is_not_announced(harbour: Harbour) -> None:
    harbour.page()
    harbour.page("beta")
    harbour.component(**FOLLOWS)
    harbour.component(tenant="beta", **FOLLOWS)
    schedule(harbour, services=("other",))
    schedule(harbour, environment="stage", services=())
    harbour.hear()
    assert (harbour.view().maintenances, harbour.view("beta").maintenances) == ([], [])
    schedule(harbour, tenant=PLATFORM)
    harbour.hear()
    assert len(harbour.view().maintenances) == len(harbour.view("beta").maintenances) == 1


def test_what_was_scheduled_before_there_was_a_page_is_announced_once_there_is(
    harbour: Harbour,
) -> None:
    schedule(harbour)
    over = schedule(harbour, start=None)
    with harbour.working() as work:
        maintenance.end(work, over.id)
    schedule(harbour, start=None)
    harbour.hear()
    harbour.pass_time(minutes=1)
    harbour.page()
    harbour.component(**FOLLOWS)
    harbour.hear()
    assert stages(harbour) in (
        [[Stage.IN_PROGRESS], [Stage.SCHEDULED]],
        [[Stage.SCHEDULED], [Stage.IN_PROGRESS]],
    )


def test_a_window_that_was_open_before_the_component_covers_it(harbour: Harbour) -> None:
    harbour.page()
    schedule(harbour, start=None)
    assert harbour.component(**FOLLOWS).status is Status.MAINTENANCE
    with harbour.working() as work:
        assert composing.say(work, "acme", "web", Status.OPERATIONAL)[0].status is (
            Status.MAINTENANCE
        )
        assert composing.say(work, "acme", "web", Status.MAJOR)[0].status is Status.MAJOR
        composing.say(work, "acme", "web", None)
    harbour.pass_time(minutes=61)
    harbour.turn()
    assert harbour.one().status is None


def test_of_a_page_that_nobody_sees_nobody_is_told(harbour: Harbour) -> None:
    harbour.page(published=False)
    harbour.component(**FOLLOWS)
    customer(harbour, "ann", "acme", "acme")
    schedule(harbour)
    harbour.hear()
    assert harbour.mails() == []
    assert len(harbour.facts("StatusUpdated")) == 1


def test_maintenance_without_a_window_is_followed_by_hand(harbour: Harbour) -> None:
    harbour.page()
    harbour.component()
    post = harbour.post(
        kind=PostKind.MAINTENANCE,
        impact=PostImpact.MAINTENANCE,
        stage=Stage.SCHEDULED,
        starts_at=NOON + timedelta(hours=1),
        ends_at=NOON + timedelta(hours=2),
        affected={"web": Status.MAINTENANCE},
    )
    assert (harbour.one().status, post.is_overdue(NOON + timedelta(days=1))) == (None, False)
    harbour.pass_time(hours=1)
    harbour.update(post, text="It begins.", stage=Stage.IN_PROGRESS)
    assert harbour.one().status is Status.MAINTENANCE
    harbour.pass_time(hours=1)
    over = harbour.update(post, text="It is over.", stage=Stage.COMPLETED)
    assert (harbour.one().status, over.is_open) == (Status.OPERATIONAL, False)


def test_maintenance_that_is_called_off_by_hand_sets_nothing(harbour: Harbour) -> None:
    harbour.page()
    harbour.component()
    post = harbour.post(
        kind=PostKind.MAINTENANCE,
        impact=PostImpact.MAINTENANCE,
        stage=Stage.SCHEDULED,
        starts_at=NOON + timedelta(hours=1),
        ends_at=NOON + timedelta(hours=2),
        affected={"web": Status.MAINTENANCE},
    )
    harbour.pass_time(minutes=1)
    harbour.update(post, text="Not today.", stage=Stage.COMPLETED)
    assert (harbour.one().status, harbour.one().said) == (None, None)
