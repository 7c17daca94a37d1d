"""What was changed, what is frozen, and what one may deploy all the same."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine

from operations.health.watch import ACME, NOON, Watch
from quarterdeck.events.trail import FreezeLifted, FreezePlaced, SigningKeyRotated
from quarterdeck.kernel.clock import micros
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.work import Actor, MissingPermission, TenantNotFound
from quarterdeck.operations.changes import hearing, service
from quarterdeck.operations.changes.model import (
    Asked,
    ChangeKind,
    FreezeOver,
    Level,
    NoSuchFreeze,
    Purpose,
    UnusableChange,
)
from quarterdeck.operations.changes.service import Order, Told
from quarterdeck.worker.delivery import deliver_all

EVE = Actor(
    "eve", frozenset((p, "other") for p in ("changes:read", "changes:record", "changes:freeze"))
)


@pytest.fixture
def watch(engine: Engine) -> Watch:
    return Watch(engine)


def tell(watch: Watch, title: str, **said: object) -> None:
    with watch.work() as work:
        asked = {"tenant": "acme", "kind": ChangeKind.DEPLOY, "title": title, **said}
        service.record(work, Told(**asked))  # type: ignore[arg-type]


def deliver(watch: Watch) -> None:
    deliver_all(watch.engine, lambda: watch.now, [hearing.subscriber()])


def test_what_was_changed_of_late_is_found_by_time_and_service(watch: Watch) -> None:
    tell(watch, "old", at=NOON - timedelta(minutes=31), service="web")
    tell(watch, "web 2", environment="prod", service="web")
    tell(watch, "api 7", environment="prod", service="api")
    tell(watch, "all of prod", environment="prod")
    tell(watch, "dev", environment="dev", service="web")
    with watch.look() as work:
        found = service.recent(work, "acme", environment="prod", service="web")
        longer = service.recent(work, "acme", service="web", within=timedelta(hours=1))
    assert {one.title for one in found} == {"web 2", "all of prod"}
    assert "old" in {one.title for one in longer}


def test_changes_are_paged_newest_first(watch: Watch) -> None:
    for n in range(5):
        tell(watch, f"c{n}", at=NOON - timedelta(minutes=n // 2))
    asked = Asked(since=NOON - timedelta(days=1), until=NOON)
    with watch.look() as work:
        everything = service.changes(work, asked)
        first = service.changes(work, asked, limit=2)

        rest = service.changes(work, asked, before=(micros(first[-1].at), first[-1].id))
    assert [one.id for one in first + rest] == [one.id for one in everything]
    assert [one.at for one in everything] == sorted((o.at for o in everything), reverse=True)


@pytest.mark.parametrize(
    "said",
    [
        {"title": " "},
        {"title": "x" * 501},
        {"link": "javascript:alert(1)"},
        {"at": NOON + timedelta(hours=1)},
    ],
)
def test_a_change_that_cannot_be_is_refused(watch: Watch, said: dict[str, object]) -> None:
    with pytest.raises(UnusableChange):
        tell(watch, **{"title": "web", **said})  # type: ignore[arg-type]


@pytest.mark.census("ATP-197", "ATP-198")
@pytest.mark.parametrize(
    ("level", "allowed"),
    [
        (Level.FEATURES, {"stability", "hotfix"}),
        (Level.EMERGENCY, {"stability", "hotfix"}),
        (Level.EVERYTHING, set()),
    ],
)
def test_a_freeze_refuses_features_and_lets_hotfixes_pass(
    watch: Watch, level: Level, allowed: set[str]
) -> None:
    with watch.work() as work:
        assert service.may_deploy(work, "acme", "prod").allowed
        frozen = service.freeze(work, Order(reason="budget", level=level, tenant="acme"))
    with watch.look() as work:
        found = {p.value for p in Purpose if service.may_deploy(work, "acme", "prod", p).allowed}
        assert found == allowed
        verdict = service.may_deploy(work, "acme", "prod")
        assert [one.id for one in verdict.freezes] == [frozen.id]
        assert service.may_deploy(work, "other", "prod").allowed
        config = service.may_deploy(work, "acme", "prod", kind=ChangeKind.CONFIG).allowed
        assert config is (level is Level.FEATURES)
        back = service.may_deploy(work, "acme", "prod", kind=ChangeKind.ROLLBACK).allowed
        assert back is (level is not Level.EVERYTHING)


def test_a_freeze_ends_at_its_hour_or_by_hand_once(watch: Watch) -> None:
    with watch.work() as work:
        until = NOON + timedelta(hours=1)
        service.freeze(work, Order(reason="release", tenant="acme", until=until))
        other = service.freeze(work, Order(reason="more", tenant="acme", environment="prod"))
    with watch.work() as work:
        assert len(service.freezes(work)) == 2
        service.thaw(work, other.id)
        with pytest.raises(FreezeOver):
            service.thaw(work, other.id)
        with pytest.raises(NoSuchFreeze):
            service.thaw(work, "nothing")
        assert not service.may_deploy(work, "acme").allowed
    watch.pass_time(hours=1)
    with watch.look() as work:
        assert service.may_deploy(work, "acme").allowed
        assert service.freezes(work) == []
        assert len(service.freezes(work, over=True)) == 2
    with pytest.raises(UnusableChange), watch.work() as work:
        service.freeze(work, Order(reason="r", tenant="acme", until=watch.now))


def test_a_freeze_of_one_environment_holds_for_a_change_of_all(watch: Watch) -> None:
    with watch.work() as work:
        one = service.freeze(work, Order(reason="r", tenant="acme", environment="prod"))
    with watch.look() as work:
        assert [f.id for f in service.may_deploy(work, "acme").freezes] == [one.id]
        assert service.may_deploy(work, "acme", "test").allowed


def test_freezes_that_are_over_hide_none_that_is_in_force(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MOST", 2)
    with watch.work() as work:
        service.freeze(work, Order(reason="lasting", tenant="acme"))
        soon = NOON + timedelta(minutes=1)
        for n in range(501):
            service.freeze(work, Order(reason=f"short {n}", tenant="acme", until=soon))
    watch.pass_time(minutes=2)
    with watch.look() as work:
        assert [one.reason for one in service.may_deploy(work, "acme").freezes] == ["lasting"]
        assert [one.reason for one in service.freezes(work)] == ["lasting"]
        assert len(service.freezes(work, over=True)) == 2


def test_the_platforms_freeze_holds_for_everybody(watch: Watch) -> None:
    with watch.work() as work:
        service.freeze(work, Order(reason="all hands"))
    with watch.work(EVE) as work:
        [one] = service.may_deploy(work, "other").freezes
        with pytest.raises(NoSuchFreeze):
            service.thaw(work, one.id)
        with pytest.raises(MissingPermission):
            service.freeze(work, Order(reason="r"))
        with pytest.raises(TenantNotFound):
            service.may_deploy(work, "acme")
        with pytest.raises(TenantNotFound):
            service.record(work, Told(tenant="acme", kind=ChangeKind.DEPLOY, title="x"))
        assert service.changes(work, Asked(since=NOON, until=NOON)) == []


def test_our_own_rotations_are_heard_as_changes(watch: Watch) -> None:
    with watch.work() as work:
        work.publish(
            SigningKeyRotated(tenant=ACME, key="k2", old="k1", reason="annual", incident="", size=7)
        )
    deliver(watch)
    deliver(watch)
    with watch.look() as work:
        [found] = service.recent(work, "acme")
    assert (found.kind, found.source) == (ChangeKind.ROTATION, "SigningKeyRotated")


def test_a_frozen_trail_freezes_changes_until_it_is_lifted(watch: Watch) -> None:
    placed = FreezePlaced(
        tenant=ACME, investigation="i1", suspicion="tampering", reason="a root differs"
    )
    for _ in range(2):
        with watch.work() as work:
            work.publish(placed)
        deliver(watch)
    with watch.look() as work:
        [one] = service.freezes(work)
        assert (one.level, one.source) == (Level.EVERYTHING, "FreezePlaced")
        assert not service.may_deploy(work, "acme", purpose=Purpose.HOTFIX).allowed
    lifted = FreezeLifted(
        tenant=ACME, investigation="i1", result="false-positive", root_cause="a disk"
    )
    with watch.work() as work:
        work.publish(lifted)
    deliver(watch)
    with watch.look() as work:
        assert service.may_deploy(work, "acme").allowed
        assert PLATFORM not in {one.tenant for one in service.freezes(work, over=True)}
