"""The registry, on both databases."""

import pytest

from operations.health.watch import ACME, Watch, http, service
from quarterdeck.kernel import schedules
from quarterdeck.kernel.db import reading
from quarterdeck.kernel.errors import Forbidden
from quarterdeck.kernel.work import Actor, TenantNotFound, Tenants
from quarterdeck.operations.health.model.registry import (
    Environment,
    EnvironmentInUse,
    FactValue,
    Link,
    NoSuchEnvironment,
    NoSuchService,
    OpenNameTaken,
)
from quarterdeck.operations.health.model.state import State
from quarterdeck.operations.health.service import registry

EVE = Actor("eve", frozenset({("health:read", "other"), ("services:write", "other")}))
READER = Actor("reader", frozenset({("health:read", "acme")}))


def test_registering_twice_is_registering_once(watch: Watch) -> None:
    for _ in range(2):
        watch.register("web", http("http://a/"), region="eu")
    assert [fact.payload["service"] for fact in watch.told("ServiceRegistered")] == ["web"]
    watch.register("web", http("http://b/"), region="eu")
    assert len(watch.told("ServiceRegistered")) == 2
    assert watch.states() == {"web": State.UNKNOWN}


def test_an_entry_comes_back_as_it_was_given(watch: Watch) -> None:
    given = service(
        "web", http("http://a/", slow_ms=20.5), depends_on=("db",), title="Web", group="Web App"
    )
    with watch.work() as work:
        registry.register(work, given)
        assert registry.standings(work)[0].service == given


@pytest.mark.census("AG-006", "PX-005")
def test_an_environment_is_checked_daily_while_it_has_services(watch: Watch) -> None:
    def daily() -> list[tuple[str, float]]:
        with reading(watch.engine) as db:
            found = schedules.of_tenants(db, Tenants(frozenset({"acme"})))
        return [(one.name, one.every.total_seconds()) for one, _ in found]

    watch.register("web", http("http://a/"))
    watch.register("api", http("http://a/"))
    assert daily() == [("health-check:acme:prod", 86_400)]
    with watch.work() as work:
        registry.remove(work, "acme", "prod", "web")
    assert daily()
    with watch.work() as work:
        registry.remove(work, "acme", "prod", "api")
    assert daily() == []


def test_an_open_name_is_one_services_alone(watch: Watch) -> None:
    watch.register("web", open=True)
    with pytest.raises(OpenNameTaken):
        watch.register("web", open=True, environment="dev")
    watch.register("web", environment="dev")
    with pytest.raises(OpenNameTaken):
        watch.register("web", open=True, environment="dev", title="now open")
    watch.register("web", open=True, title="still")
    with watch.look() as work:
        found = registry.open_health(work, "web")
        assert found is not None
        assert found.service.environment == "prod"
        assert registry.open_health(work, "api") is None


@pytest.mark.census("BK-086", "BK-087", "BK-088", "BK-089", "ATP-508")
def test_facts_keep_their_types_and_links_their_order(watch: Watch) -> None:
    facts: dict[str, FactValue] = {"cluster": "aks-prod", "nodes": 3, "share": 0.5, "paired": True}
    links = (
        Link(title="Grafana", url="https://g.example"),
        Link(title="A", url="https://a.example"),
    )
    given = Environment(tenant=ACME, name="prod", title="Production", facts=facts, links=links)
    with watch.work() as work:
        for _ in range(2):
            registry.describe(work, given)
    with watch.look() as work:
        assert registry.environment_of(work, "acme", "prod") == given
        assert registry.facts_of(work, "acme", "prod") == facts
    assert len(watch.told("EnvironmentDescribed")) == 1


def test_what_was_never_looked_at_says_why(watch: Watch) -> None:
    watch.register("web", http("http://a/"))
    watch.register("old")
    with watch.look() as work:
        reasons = {one.service.name: one.reason for one in registry.standings(work)}
    assert reasons == {"web": "never probed", "old": "it has no probe"}


def test_an_environment_with_services_stays(watch: Watch) -> None:
    watch.register("web")
    with watch.work() as work:
        assert [e.name for e in registry.environments(work)] == ["prod"]
        with pytest.raises(EnvironmentInUse):
            registry.forget_environment(work, "acme", "prod")
        registry.remove(work, "acme", "prod", "web")
        with pytest.raises(NoSuchEnvironment):
            registry.forget_environment(work, "acme", "prod")
        registry.describe(work, Environment(tenant=ACME, name="prod"))
        registry.forget_environment(work, "acme", "prod")
        assert registry.environments(work) == []


def test_a_service_that_is_not_there_is_said_to_be_so(watch: Watch) -> None:
    with watch.work() as work:
        for ask in (registry.place_of, registry.remove):
            with pytest.raises(NoSuchService):
                ask(work, "acme", "prod", "web")
        with pytest.raises(NoSuchService):
            registry.history(work, "acme", "prod", "web", watch.now)


def test_anothers_services_are_neither_seen_nor_changed(watch: Watch) -> None:
    watch.register("web")
    with watch.work(EVE) as work:
        assert registry.standings(work) == []
        with pytest.raises(TenantNotFound):
            registry.place_of(work, "acme", "prod", "web")
        with pytest.raises(TenantNotFound):
            registry.remove(work, "acme", "prod", "web")
        with pytest.raises(TenantNotFound):
            registry.register(work, service("web"))


def test_who_may_only_read_changes_nothing(watch: Watch) -> None:
    with watch.work(READER) as work:
        with pytest.raises(Forbidden):
            registry.register(work, service("web"))
        with pytest.raises(Forbidden):
            registry.describe(work, Environment(tenant=ACME, name="prod"))
        with pytest.raises(Forbidden):
            registry.forget_environment(work, "acme", "prod")


def test_services_are_paged_by_their_names(watch: Watch) -> None:
    for name in ("a", "b", "c"):
        watch.register(name)
    with watch.look() as work:
        first = registry.standings(work, limit=2)
        rest = registry.standings(work, after=("acme", "prod", "b"))
    assert [one.service.name for one in first + rest] == ["a", "b", "c"]


def test_of_many_services_whole_environments_are_shown_and_that_there_are_more(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "MOST", 2)
    for place, name in (("a", "w"), ("b", "x"), ("b", "y"), ("b", "z"), ("c", "w")):
        watch.register(name, environment=place)

    def shown(**asked: str) -> tuple[list[str], bool]:
        with watch.look() as work:
            found = registry.places(work, **asked)
        return [one.standing.service.name for one in found.every], found.more

    assert shown() == (["w", "x", "y", "z"], True)
    assert shown(environment="b") == (["x", "y", "z"], False)
    assert shown(environment="c") == (["w"], False)
    with watch.look() as work:
        assert registry.place_of(work, "acme", "b", "z").standing.service.name == "z"
        assert len(registry.standings(work)) == 5
