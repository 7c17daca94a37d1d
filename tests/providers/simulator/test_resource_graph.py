"""Resource Graph: queries over everything that a token may read."""

from collections import Counter
from time import monotonic
from typing import Any

import pytest

from providers.rehearsal import Rehearsal
from quarterdeck.providers.simulator.quotas import RESOURCE_GRAPH, Limit, Quota
from quarterdeck.providers.simulator.resourcegraph.conditions import IDLE
from quarterdeck.providers.simulator.resourcegraph.plan import plan

PATH = "/providers/Microsoft.ResourceGraph/resources"
ROWS: list[dict[str, Any]] = [
    {"id": "1", "name": "Web", "size": 3, "tags": {"env": "prod"}, "properties": {"on": True}},
    {"id": "2", "name": "db", "size": 1, "tags": {"env": "dev"}, "properties": {"on": False}},
    {"id": "3", "name": "cache", "size": None, "tags": None, "properties": {}},
]


def run(query: str) -> list[dict[str, Any]]:
    _, steps = plan(query)
    rows = ROWS
    for step in steps:
        rows = step(rows)
    return rows


def ask(simulator: Rehearsal, query: str, tenant: int = 0, **more: Any) -> list[dict[str, Any]]:  # noqa: ANN401  any field
    """All rows of a query, every page."""
    options, found = {"$top": 1_000} | more.pop("options", {}), []
    while True:
        body = {"query": query, "options": options, **more}
        answer = simulator.post(PATH, body, tenant)
        assert answer.status_code == 200, answer.text
        found += answer.json()["data"]
        token = answer.json().get("$skipToken")
        if token is None:
            assert len(found) == answer.json()["totalRecords"]
            return found
        options = options | {"$skipToken": token}


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("Resources", "123"),
        ("resources | where name == 'Web'", "1"),
        ("resources | where name == 'web'", ""),
        ("resources | where name =~ 'web'", "1"),
        ("resources | where name !~ 'web' and size >= 1", "2"),
        ("resources | where size < 2 or name contains 'ACH'", "23"),
        ("resources | where not(isnotempty(size))", "3"),
        ("resources | where isnull(tags)", "3"),
        ("resources | where tags.env in ('prod', 'test')", "1"),
        ("resources | where tags.env in~ ('PROD', 'DEV') | order by id desc", "21"),
        ("resources | where properties.on == true", "1"),
        ("resources | where (name startswith 'w' or name endswith 'B') and size > 0", "12"),
        ("resources | where tolower(name) == 'Web'", "1"),
        ("resources | sort by size asc | limit 2", "32"),
        ("resources | order by size", "123"),
        ('where name has "e" | take 1', "1"),
    ],
)
def test_a_query_keeps_the_rows_it_asks_for(query: str, ids: str) -> None:
    assert "".join(row["id"] for row in run(query)) == ids


def test_columns_are_chosen_added_and_counted() -> None:
    assert run("resources | project name, env = tags.env | limit 1") == [
        {"name": "Web", "env": "prod"}
    ]
    assert run("resources | extend env = tostring(tags.env) | project env")[2] == {"env": None}
    assert run("resources | project tags.env | limit 1") == [{"tags_env": "prod"}]
    assert run("resources | count") == [{"Count": 3}]
    by_env = run("resources | summarize count() by tags.env")
    assert by_env[0] == {"tags_env": "prod", "count_": 1}
    assert run("resources | summarize n = count() by properties.on")[0]["n"] == 1


@pytest.mark.parametrize(
    "query",
    [
        "resources | wehre name == 'a'",
        "resources | where name ==",
        "resources | where name 'a'",
        "resources | where (name == 'a'",
        "resources | where name in 'a'",
        "resources | limit many",
        "resources | join kind=inner (resources) on id",
        "resources | where name == 'a' ; drop",
        'resources | where name == "a',
        "resources |",
    ],
)
def test_a_query_that_is_not_understood_says_where(simulator: Rehearsal, query: str) -> None:
    answer = simulator.post(PATH, {"query": query})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BadRequest")
    assert "InvalidQuery" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "body",
    [{}, {"query": "resources", "options": {"$top": 1_001}},
     {"query": "resources", "options": {"resultFormat": "table"}},
     {"query": "resources", "options": {"$skipToken": "x"}}],
)  # fmt: skip
def test_a_request_that_is_not_understood_is_refused(
    simulator: Rehearsal, body: dict[str, Any]
) -> None:
    assert simulator.post(PATH, body).status_code == 400


def test_it_shows_every_resource_that_the_listings_show(simulator: Rehearsal) -> None:
    held = simulator.estate()[0]["subscriptions"]
    found = Counter(
        row["subscriptionId"] for row in ask(simulator, "Resources | project subscriptionId")
    )
    assert found == {one["id"]: one["resources"] for one in held if one["resources"]}
    one = held[1]
    rows = ask(simulator, "Resources", subscriptions=[one["id"]])
    assert len(rows) == one["resources"]
    listed = simulator.get(f"/subscriptions/{one['id']}/resources").json()["value"]
    assert {row["id"] for row in rows} >= {item["id"] for item in listed}
    assert all(row["type"] == row["type"].lower() for row in rows)


def test_containers_are_subscriptions_and_groups(simulator: Rehearsal) -> None:
    held = simulator.estate()[0]["subscriptions"]
    kinds = Counter(row["type"] for row in ask(simulator, "ResourceContainers | project type"))
    assert kinds["microsoft.resources/subscriptions"] == len(held)
    groups = kinds["microsoft.resources/subscriptions/resourcegroups"]
    assert groups == sum(one["groups"] for one in held)


@pytest.mark.parametrize(
    ("type_", "idle"),
    [
        ("microsoft.compute/disks", "properties.diskState == 'Unattached'"),
        ("microsoft.network/publicipaddresses", "isnull(properties.ipConfiguration)"),
        ("microsoft.web/serverfarms", "properties.numberOfSites == 0"),
        ("microsoft.network/networkinterfaces", "isnull(properties.virtualMachine)"),
        (
            "microsoft.compute/virtualmachines",
            "properties.extended.instanceView.powerState.code == 'PowerState/deallocated'",
        ),
    ],
)
def test_some_of_it_is_waste_in_the_share_that_is_stated(
    simulator: Rehearsal, type_: str, idle: str
) -> None:
    whole = ask(simulator, f"Resources | where type == '{type_}' | count")[0]["Count"]
    waste = ask(simulator, f"Resources | where type == '{type_}' and {idle} | count")[0]["Count"]
    assert waste / whole == pytest.approx(IDLE[type_], abs=0.09)
    assert 0 < waste < whole


def test_properties_given_by_hand_stand_over_those_that_were_made(simulator: Rehearsal) -> None:
    query = "Resources | where type == 'microsoft.compute/disks' and isnotempty(managedBy) | take 1"
    (disk,) = ask(simulator, query)
    change = {"id": disk["id"], "managedBy": "", "properties": {"diskState": "Unattached"}}
    simulator.http.patch("/_simulator/resources", json=change)
    (after,) = ask(simulator, f"Resources | where id == '{disk['id']}'")
    assert (after["properties"]["diskState"], after["managedBy"]) == ("Unattached", "")
    listed = simulator.get(f"/subscriptions/{disk['subscriptionId']}/resources").json()["value"]
    assert not any("properties" in item for item in listed), "no listing shows properties"


def test_what_may_not_be_read_is_left_out_without_a_word(simulator: Rehearsal) -> None:
    held = simulator.estate()[0]["subscriptions"]
    lack = {"permission": "Reader", "subscription": held[0]["id"]}
    simulator.lever("lacks", **lack)
    rows = ask(simulator, "Resources | project subscriptionId")
    assert {row["subscriptionId"] for row in rows} == {
        one["id"] for one in held[1:] if one["resources"]
    }


def test_fifteen_queries_in_five_seconds_and_the_next_must_wait(simulator: Rehearsal) -> None:
    simulator.lever("quotas", "PUT", binding=True)
    headers, body = simulator.bearer(), {"query": "Resources | count"}
    asked = {"api-version": "2021-03-01"}
    began = monotonic()
    answers = [
        simulator.http.post(PATH, params=asked, json=body, headers=headers) for _ in range(16)
    ]
    took_s = monotonic() - began
    assert [one.status_code for one in answers] == [200] * 15 + [429]
    left = [int(one.headers["x-ms-user-quota-remaining"]) for one in answers]
    assert left == [*range(14, -1, -1), 0]
    assert answers[-1].json()["error"]["code"] == "RateLimiting"
    resets_s = int(answers[-1].headers["x-ms-user-quota-resets-after"].removeprefix("00:00:"))
    assert 5 - took_s <= resets_s <= 5
    other = simulator.post(PATH, body, 1)
    assert other.status_code == 200, "another principal has a quota of its own"


def test_a_quota_that_does_not_bind_is_counted_and_told(simulator: Rehearsal) -> None:
    headers, asked = simulator.bearer(), {"api-version": "2021-03-01"}
    body = {"query": "Resources | count"}
    answers = [
        simulator.http.post(PATH, params=asked, json=body, headers=headers) for _ in range(16)
    ]
    assert {one.status_code for one in answers} == {200}
    assert answers[-1].headers["x-ms-user-quota-remaining"] == "0"


TWO = (Limit(units=3, seconds=2), Limit(units=4, seconds=9))


@pytest.mark.parametrize("limits", [RESOURCE_GRAPH, TWO])
def test_who_waits_as_long_as_told_is_never_refused_and_never_let_through_too_often(
    limits: tuple[Limit, ...],
) -> None:
    now, taken = [0.0], []
    quota = Quota(limits, lambda: now[0])
    for turn in range(200):
        spent = quota.take("me")
        if spent.wait_s:
            now[0] += spent.wait_s
            assert quota.take("me").wait_s == 0
        taken.append(now[0])
        now[0] += (turn % 7) / 8  # exact in binary
    for limit in limits:
        for moment in taken:
            assert sum(moment - limit.seconds < one <= moment for one in taken) <= limit.units
