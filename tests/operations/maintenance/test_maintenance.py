"""Maintenance windows: planned, begun and ended by people and by the clock."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from operations.health.watch import ACME, NOON, Watch
from quarterdeck.kernel import outbox
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.work import Actor, MissingPermission, TenantNotFound
from quarterdeck.operations.maintenance import service
from quarterdeck.operations.maintenance.model import (
    NoSuchWindow,
    UnusableWindow,
    Window,
    WindowEnded,
    WindowState,
)
from quarterdeck.operations.maintenance.service import Plan

EVE = Actor("eve", frozenset({("maintenance:write", "other"), ("health:read", "other")}))


@pytest.fixture
def watch(engine: Engine) -> Watch:
    return Watch(engine)


def names(watch: Watch, tenant: str) -> list[str]:
    with watch.engine.connect() as db:
        facts = outbox.after(db, tenant, 0, 100)
    return [fact.name for fact in facts if fact.name.startswith("Maintenance")]


def plan(watch: Watch, **said: object) -> Window:
    with watch.work() as work:
        asked = {"reason": "patching", "duration_minutes": 60, "tenant": "acme", **said}
        return service.schedule(work, Plan(**asked))  # type: ignore[arg-type]


def turn(watch: Watch) -> None:
    service.turn(watch.engine, lambda: watch.now)


def test_a_window_that_starts_now_is_active_until_its_end(watch: Watch) -> None:
    window = plan(watch)
    assert (window.state, window.duration_minutes) == (WindowState.ACTIVE, 60)
    watch.pass_time(minutes=59)
    turn(watch)
    with watch.look() as work:
        assert [one.id for one in service.active(work)] == [window.id]
    watch.pass_time(minutes=1)
    with watch.look() as work:
        assert service.active(work) == []
    turn(watch)
    turn(watch)
    assert names(watch, "acme") == ["MaintenanceScheduled", "MaintenanceBegan", "MaintenanceEnded"]


def test_a_window_to_come_begins_by_the_clock(watch: Watch) -> None:
    window = plan(watch, start=NOON + timedelta(days=7))
    assert window.state is WindowState.SCHEDULED
    turn(watch)
    assert names(watch, "acme") == ["MaintenanceScheduled"]
    watch.pass_time(days=7)
    turn(watch)
    with watch.look() as work:
        [now] = service.active(work, "acme")
    assert now.state is WindowState.ACTIVE
    assert names(watch, "acme") == ["MaintenanceScheduled", "MaintenanceBegan"]


def test_a_window_that_nobody_saw_open_is_ended_and_no_more(watch: Watch) -> None:
    plan(watch, start=NOON + timedelta(hours=1))
    watch.pass_time(days=1)
    turn(watch)
    assert names(watch, "acme") == ["MaintenanceScheduled", "MaintenanceEnded"]


def test_somebody_ends_a_window_once(watch: Watch) -> None:
    window = plan(watch)
    with watch.work() as work:
        assert service.end(work, window.id).ended_at == watch.now
    with watch.work() as work, pytest.raises(WindowEnded):
        service.end(work, window.id)
    with watch.work() as work, pytest.raises(NoSuchWindow):
        service.end(work, "nothing")
    watch.pass_time(hours=2)
    turn(watch)
    assert names(watch, "acme").count("MaintenanceEnded") == 1


def test_disabling_ends_what_is_active_of_that_tenant_alone(watch: Watch) -> None:
    plan(watch)
    plan(watch, tenant=PLATFORM)
    later = plan(watch, tenant=PLATFORM, start=NOON + timedelta(days=1))
    with watch.work() as work:
        assert [one.tenant for one in service.end_all(work)] == [PLATFORM]
        assert service.end_all(work) == []
    with watch.look() as work:
        assert [one.tenant for one in service.active(work)] == ["acme"]
        [waiting] = service.windows(work, states=(WindowState.SCHEDULED,))
    assert waiting.id == later.id


@pytest.mark.parametrize(
    "said",
    [
        {"reason": " "},
        {"duration_minutes": 0},
        {"duration_minutes": -5},
        {"duration_minutes": 10**12},
        {"duration_minutes": 43_201},
        {"services": ("web",)},
        {"start": NOON - timedelta(hours=1)},
        {"start": NOON + timedelta(days=400)},
    ],
)
def test_a_window_that_cannot_be_is_refused(watch: Watch, said: dict[str, object]) -> None:
    with pytest.raises(UnusableWindow):
        plan(watch, **said)


def test_the_platforms_window_is_everybodys_to_see_and_not_to_end(watch: Watch) -> None:
    mine, everybodys = plan(watch), plan(watch, tenant=PLATFORM)
    with watch.work(EVE) as work:
        assert [one.id for one in service.active(work)] == [everybodys.id]
        for window in (mine, everybodys):
            with pytest.raises(NoSuchWindow):
                service.end(work, window.id)
        with pytest.raises(MissingPermission):
            service.end_all(work)
        with pytest.raises(TenantNotFound):
            service.schedule(work, Plan(reason="r", duration_minutes=1, tenant="acme"))
    with watch.look(Actor("nobody", frozenset())) as work:
        assert service.active(work) == []


def test_who_watches_knows_what_a_window_covers(watch: Watch) -> None:
    plan(watch, environment="prod", services=("web",))
    with watch.look() as work:
        assert service.covering(work, "acme", "prod", "web")
        assert not service.covering(work, "acme", "prod", "api")
        assert not service.covering(work, "acme", "prod")
        assert not service.covering(work, "other", "prod", "web")


@given(st.sampled_from(["", "prod", "dev"]), st.sampled_from([(), ("web",), ("web", "api")]))
def test_a_window_of_a_part_never_covers_the_whole(
    environment: str, services: tuple[str, ...]
) -> None:
    if services and not environment:
        return
    window = Window(
        id="w",
        tenant=ACME,
        reason="r",
        start=NOON,
        end=NOON + timedelta(minutes=1),
        environment=environment,
        services=services,
    )
    assert window.covers("acme") is (not environment and not services)
    assert window.covers("acme", "prod", "web") is (environment in ("", "prod"))
