"""The packs of the runbooks as they are shipped: what they say of services and environments."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from quarterdeck import packs
from quarterdeck.access.principals.model import installation
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.work import begin, read
from quarterdeck.operations.health.service import registry
from quarterdeck.packs import loader
from quarterdeck.packs.model import Grade, Step
from quarterdeck.packs.reading import files_of

SHIPPED = Path(packs.__file__).parent
ROOT = installation()


def apply(engine: Engine, pack: str) -> set[Step]:
    with begin(engine, ROOT, utc_now) as work:
        return {one.step for one in loader.apply(work, files_of(SHIPPED / pack))[1]}


@pytest.mark.parametrize("pack", ["banking", "phoenix", "atp", "cloudgov", "azure-governance"])
def test_a_shipped_pack_is_sound_and_applied_once(engine: Engine, pack: str) -> None:
    assert apply(engine, pack) == {Step.ADD}
    assert apply(engine, pack) == {Step.KEEP}
    with read(engine, ROOT, utc_now) as work:
        exported = loader.export(work, "copy")
    assert {one.grade for one in loader.lint(exported)} <= {Grade.WARNING}
    with begin(engine, ROOT, utc_now) as work:
        assert {one.step for one in loader.apply(work, exported)[1]} == {Step.KEEP}


@pytest.mark.census("BK-086", "BK-087", "BK-088", "BK-089", "BK-092")
def test_banking_has_its_facts_links_and_four_services(engine: Engine) -> None:
    apply(engine, "banking")
    with read(engine, ROOT, utc_now) as work:
        known = registry.environment_of(work, "banking", "prod")
        names = [one.service.name for one in registry.standings(work)]
    facts = known.facts
    assert facts["kubernetes_cluster"] == "banking-platform-prod-aks"
    assert (facts["region_primary"], facts["region_dr"]) == ("East US", "West US 2")
    assert facts["sql_primary"] == "banking-platform-prod-sql.database.windows.net"
    assert facts["sql_dr"] == "banking-platform-dr-sql.database.windows.net"
    assert facts["key_vault"] == "banking-platform-prod-kv"
    assert facts["container_registry"] == "bankingplatformacr.azurecr.io"
    assert [link.title for link in known.links] == ["Grafana", "Kibana", "Azure Monitor"]
    assert {"account", "transaction", "payment", "notification"} <= set(names)


@pytest.mark.census("ATP-078", "ATP-508", "ATP-030")
def test_atp_has_seven_services_and_the_facts_of_its_commands(engine: Engine) -> None:
    apply(engine, "atp")
    with read(engine, ROOT, utc_now) as work:
        known = registry.environment_of(work, "atp", "prod")
        found = {one.service.name: one.service for one in registry.standings(work)}
    assert set(found) == {
        *("gateway", "ingestion", "query", "projection", "export", "integrity", "policy")
    }
    assert found["gateway"].base_url == "https://api.atp.example.com"
    assert found["query"].base_url == "https://query.atp.internal"
    assert {
        known.facts[key] for key in ("resource_group", "servicebus_namespace", "key_vault")
    } == {*("atp-prod-rg", "sb-atp-prod", "atp-kv-prod")}


@pytest.mark.census("PX-003", "PX-006")
def test_phoenix_has_three_groups_in_each_environment(engine: Engine) -> None:
    apply(engine, "phoenix")
    with read(engine, ROOT, utc_now) as work:
        found = [one.service for one in registry.standings(work)]
    for environment in ("prod", "dev"):
        mine = [one for one in found if one.environment == environment]
        assert {one.group for one in mine} == {"Web App", "API Service", "Database"}
        assert all(environment in one.base_url for one in mine if one.base_url)


@pytest.mark.census("CG-032")
def test_cloudgov_links_its_logs(engine: Engine) -> None:
    apply(engine, "cloudgov")
    with read(engine, ROOT, utc_now) as work:
        links = registry.environment_of(work, "cloudgov", "prod").links
    assert ("Logs", "http://logs.internal") in [(link.title, link.url) for link in links]


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("web", "expected TENANT/ENVIRONMENT/SERVICE"),
        ("acme/prod/web", "expected http://HOST/PATH"),
    ],
)
def test_an_item_says_where_it_belongs_and_how_it_is_seen(name: str, wanted: str) -> None:
    spec = "{probes: [{name: p, kind: http, target: x}]}"
    files = {
        "pack.yaml": "pack: x\ntitle: X\nsource: s\nversion: '1'\n",
        "a.yaml": f"kind: service\nname: {name}\nspec: {spec}\n",
    }
    [finding] = loader.lint(files)
    assert wanted in str(finding.what)
