"""Each API goes wrong in each way, as its own clients know it."""

from collections.abc import Callable, Mapping

import httpx2
import pytest

from providers.rehearsal import Rehearsal

Ask = Callable[[Rehearsal], httpx2.Response]
COST = {
    "type": "ActualCost",
    "timeframe": "MonthToDate",
    "dataset": {
        "granularity": "Daily",
        "aggregation": {"t": {"name": "Cost", "function": "Sum"}},
        "grouping": [{"type": "Dimension", "name": "ResourceId"}],
    },
}
GRAPH_QUERY = {"query": "Resources | project id | order by id asc", "options": {"$top": 50}}


def listed(path: str) -> Ask:
    return lambda simulator: simulator.get(
        f"/subscriptions/{simulator.subscription()}/{path}", **{"$top": "5"}
    )


def posted(path: str, body: object = None) -> Ask:
    return lambda simulator: simulator.post(
        f"/subscriptions/{simulator.subscription()}/{path}", body, **{"$top": "5"}
    )


def graph(path: str) -> Ask:
    return lambda simulator: simulator.graph(path, **{"$top": "5"})


APIS: Mapping[str, Ask] = {
    "subscriptions": lambda simulator: simulator.get("/subscriptions", **{"$top": "1"}),
    "resources": listed("resources"),
    "groups": listed("resourcegroups"),
    "resource_graph": lambda simulator: simulator.post(
        "/providers/Microsoft.ResourceGraph/resources", GRAPH_QUERY
    ),
    "costs": posted("providers/Microsoft.CostManagement/query", COST),
    "budgets": listed("providers/Microsoft.Consumption/budgets"),
    "policy_states": posted("providers/Microsoft.PolicyInsights/policyStates/latest/queryResults"),
    "secure_scores": listed("providers/Microsoft.Security/secureScoreControls"),
    "advice": listed("providers/Microsoft.Advisor/recommendations"),
    "role_assignments": listed("providers/Microsoft.Authorization/roleAssignments"),
    "role_definitions": listed("providers/Microsoft.Authorization/roleDefinitions"),
    "users": graph("users"),
    "directory_groups": graph("groups"),
    "directory_roles": graph("roleManagement/directory/roleAssignments"),
    "conditional_access": graph("identity/conditionalAccess/policies"),
    "registrations": graph("reports/authenticationMethods/userRegistrationDetails"),
    "applications": graph("applications"),
    "service_principals": graph("servicePrincipals"),
    "organization": graph("organization"),
}
MANY = [name for name in APIS if name not in {"budgets", "conditional_access", "organization"}]


def items(answer: httpx2.Response) -> list[object]:
    body = answer.json()
    found = body.get("value", body.get("data", body.get("properties", {})))
    return list(found["rows"]) if isinstance(found, dict) else list(found)


def link(answer: httpx2.Response) -> str | None:
    body = answer.json()
    inside = body.get("properties", {})
    for name in ("nextLink", "@odata.nextLink", "$skipToken"):
        if body.get(name) or inside.get(name):
            return str(body.get(name) or inside.get(name))
    return None


def follow(simulator: Rehearsal, on: str, first: httpx2.Response) -> httpx2.Response:
    """The page that comes next, asked for as the API wants it."""
    where = link(first)
    assert where is not None
    if on == "resource_graph":
        options = {"$top": 50, "$skipToken": where}
        return simulator.post(
            "/providers/Microsoft.ResourceGraph/resources", GRAPH_QUERY | {"options": options}
        )
    graph_ = first.request.url.path.startswith("/v1.0")
    headers = simulator.bearer(0, "https://graph.microsoft.com") if graph_ else simulator.bearer()
    method, body = first.request.method, COST if on == "costs" else None
    return simulator.http.request(method, where, json=body, headers=headers)


@pytest.mark.parametrize("on", APIS)
def test_every_api_throttles_with_the_headers_of_its_own(simulator: Rehearsal, on: str) -> None:
    simulator.fault("throttle", on=on, seconds=9)
    answer = APIS[on](simulator)
    assert answer.status_code == 429
    assert answer.json()["error"]["code"]
    if on == "costs":
        family = "x-ms-ratelimit-microsoft.costmanagement"
        for limit in ("qpu", "entity", "tenant", "client"):
            assert answer.headers[f"{family}-{limit}-retry-after"] == "9"
        assert "retry-after" not in answer.headers
    else:
        assert answer.headers["retry-after"] == "9"
    if on == "resource_graph":
        assert answer.headers["x-ms-user-quota-resets-after"] == "00:00:09"


@pytest.mark.parametrize("on", APIS)
def test_every_api_answers_with_nothing(simulator: Rehearsal, on: str) -> None:
    simulator.fault("empty", on=on)
    answer = APIS[on](simulator)
    assert (answer.status_code, items(answer), link(answer)) == (200, [], None)


@pytest.mark.parametrize("on", MANY)
def test_every_listing_repeats_a_page(simulator: Rehearsal, on: str) -> None:
    first = APIS[on](simulator)
    second = follow(simulator, on, first)
    assert items(first) != items(second)
    simulator.fault("repeated", on=on, page=2)
    assert items(follow(simulator, on, first)) == items(first)


@pytest.mark.parametrize("on", MANY)
def test_every_listing_goes_round_in_a_circle(simulator: Rehearsal, on: str) -> None:
    first = APIS[on](simulator)
    simulator.fault("loop", on=on, page=2)
    assert link(follow(simulator, on, first)) == link(first)


@pytest.mark.parametrize("on", APIS)
def test_every_api_sends_what_is_no_json_or_has_another_schema(
    simulator: Rehearsal, on: str
) -> None:
    simulator.fault("garbled", on=on, times=1)
    with pytest.raises(ValueError, match=r"."):
        APIS[on](simulator).json()
    simulator.fault("renamed", on=on, times=1)
    body = APIS[on](simulator).json()
    assert "items" in body
    assert not {"value", "data", "properties"} & body.keys()
    simulator.fault("truncated", on=on, times=1)
    with pytest.raises(httpx2.RemoteProtocolError):
        APIS[on](simulator)


@pytest.mark.parametrize("on", APIS)
def test_every_api_fails_and_recovers(simulator: Rehearsal, on: str) -> None:
    for kind, status in (("broken", 500), ("unavailable", 503), ("forbidden", 403)):
        simulator.fault(kind, on=on, times=1)
        answer = APIS[on](simulator)
        assert (answer.status_code, bool(answer.json()["error"]["message"])) == (status, True)
    assert APIS[on](simulator).status_code == 200
