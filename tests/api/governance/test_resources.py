import json

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from governance.estate import Estate, arm

Headers = dict[str, str]
URL = "/api/v1/resources"


@pytest.fixture
def synced(estate: Estate) -> Estate:
    """Tenants ``one`` with 3 resources and ``two`` with 5."""
    for directory, many in (("one", 3), ("two", 5)):
        _, cloud = estate.connect(directory)
        tags = {"env": "dev" if directory == "one" else "prod"}
        items = [arm(f"{directory}-{n}", location="westeurope", tags=tags) for n in range(many)]
        cloud.pages = {"s1": [items]}
    estate.sync()
    return estate


@pytest.mark.census("AG-078")
@pytest.mark.parametrize(
    ("asked", "total"),
    [("?tenant_ids=one", 3), ("?tenant_ids=one,two", 8), ("?tenant_ids=one&tenant_ids=two", 8)],
)
@pytest.mark.usefixtures("synced")
def test_resources_are_filtered_by_tenants(
    client: TestClient, ada: Headers, asked: str, total: int
) -> None:
    assert client.get(URL + asked, headers=ada).json()["total_resources"] == total


@pytest.mark.parametrize(
    ("asked", "total"),
    [
        ("", 8),
        ("?type=microsoft.WEB/sites", 8),
        ("?type=other", 0),
        ("?location=West Europe", 8),
        ("?tag=ENV", 8),
        ("?tag=env=prod", 5),
        ("?tag=env=PROD", 0),
        ("?text=ONE-", 3),
        ("?text=%25", 0),
        ("?tenant_ids=two&text=-4", 1),
    ],
)
@pytest.mark.usefixtures("synced")
def test_resources_are_filtered(client: TestClient, ada: Headers, asked: str, total: int) -> None:
    answer = client.get(URL + asked, headers=ada).json()
    assert (answer["total_resources"], len(answer["resources"])) == (total, total)


@pytest.mark.usefixtures("synced")
def test_pages_join_to_the_whole_without_overlap(client: TestClient, ada: Headers) -> None:
    names, url = [], f"{URL}?limit=3"
    while url:
        answer = client.get(url, headers=ada)
        names += [r["name"] for r in answer.json()["resources"]]
        url = answer.links.get("next", {}).get("url", "")
    assert names == [f"one-{n}" for n in range(3)] + [f"two-{n}" for n in range(5)]


@pytest.mark.usefixtures("synced")
def test_the_whole_list_streams_as_lines(client: TestClient, ada: Headers) -> None:
    accept = {**ada, "Accept": "application/x-ndjson"}
    lines = client.get(f"{URL}?tenant_ids=two", headers=accept).text.splitlines()
    assert [json.loads(line)["name"] for line in lines] == [f"two-{n}" for n in range(5)]


def test_one_resource_comes_with_all_that_its_cloud_says_and_its_history(
    client: TestClient, ada: Headers, synced: Estate
) -> None:
    [found] = client.get(f"{URL}?text=one-1", headers=ada).json()["resources"]
    synced.clouds["one"].pages = {"s1": [[arm("one-1", sku={"name": "P1"})]]}
    synced.pass_time(seconds=1)
    synced.sync()
    one = client.get(f"{URL}/{found['id']}", headers=ada).json()
    assert one["body"]["sku"] == {"name": "P1"}
    assert [c["what"] for c in one["history"]] == ["changed", "added"]
    assert one["history"][0]["replaced"]["location"] == "westeurope"
    assert (
        client.get(f"{URL}?deleted=true&tenant_ids=one", headers=ada).json()["total_resources"] == 3
    )


@pytest.mark.usefixtures("synced")
def test_another_tenants_resources_are_not_there(
    client: TestClient, ada: Headers, eve: Headers
) -> None:
    [found] = client.get(f"{URL}?text=one-1", headers=ada).json()["resources"]
    assert client.get(URL, headers=eve).json() == {"resources": [], "total_resources": 0}
    assert client.get(f"{URL}?tenant_ids=one", headers=eve).status_code == 404
    assert client.get(f"{URL}/{found['id']}", headers=eve).status_code == 404


@pytest.mark.usefixtures("synced")
def test_counts_go_by_tenant_and_type(client: TestClient, ada: Headers) -> None:
    assert client.get(f"{URL}/counts", headers=ada).json() == [
        {"tenant": "one", "type": "microsoft.web/sites", "resources": 3},
        {"tenant": "two", "type": "microsoft.web/sites", "resources": 5},
    ]


def test_a_total_is_counted_anew_only_after_a_change(
    client: TestClient, app: FastAPI, ada: Headers, synced: Estate
) -> None:
    def total() -> int:
        return int(client.get(URL, headers=ada).json()["total_resources"])

    assert total() == 8
    before = app.state.cache.stats
    assert total() == 8
    assert app.state.cache.stats.hits == before.hits + 1
    synced.clouds["one"].pages = {"s1": [[arm(f"one-{n}") for n in range(4)]]}
    synced.pass_time(seconds=5)
    synced.sync()
    assert total() == 9


def test_a_mistyped_tenant_is_no_empty_list(client: TestClient, ada: Headers) -> None:
    answer = client.get("/api/v1/resources?tenant_ids=acmee", headers=ada)
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/NoSuchTenants")


@pytest.mark.census("CG-004")
@pytest.mark.parametrize("path", ["/inventory", "/api/v1/inventory"])
def test_an_affected_resource_is_found_with_its_type_and_owner(
    client: TestClient, ada: Headers, eve: Headers, estate: Estate, path: str
) -> None:
    _, cloud = estate.connect("one")
    cloud.pages = {"s1": [[arm("hot", tags={"owner": "team-a"}), arm("other")]]}
    estate.sync()
    [hot, other] = client.get(path, headers=ada).json()
    assert hot["id"] == json.loads(arm("hot"))["id"]
    assert (hot["type"].casefold(), hot["owner"], other["owner"]) == (
        "microsoft.web/sites",
        "team-a",
        None,
    )
    assert client.get(path, headers=eve).json() == []
