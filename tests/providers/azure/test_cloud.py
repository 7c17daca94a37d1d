"""Every listing that sync reads, against the simulated Azure and what it says to others."""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from providers.rehearsal import Rehearsal, cloud_of, clouds, connection, options_for
from quarterdeck.governance.cloud.ports import Cloud, CloudFailure, CostBasis, Denied, Page
from quarterdeck.providers.azure.cloud import AzureCloud

READER = "Microsoft.PolicyInsights/policyStates/queryResults/action"
DIRECTORY: list[tuple[str, str]] = [
    ("groups", "groups"),
    ("registrations", "reports/authenticationMethods/userRegistrationDetails"),
    ("conditional_access", "identity/conditionalAccess/policies"),
    ("applications", "applications"),
    ("service_principals", "servicePrincipals"),
]
BY_SUBSCRIPTION: list[tuple[str, str, str]] = [
    ("GET", "budgets", "Microsoft.Consumption/budgets?api-version=2023-05-01"),
    ("GET", "secure_scores", "Microsoft.Security/secureScores?api-version=2020-01-01"),
    ("GET", "advice", "Microsoft.Advisor/recommendations?api-version=2023-01-01"),
    ("GET", "role_assignments", "Microsoft.Authorization/roleAssignments?api-version=2022-04-01"),
    (
        "POST",
        "policy_states",
        "Microsoft.PolicyInsights/policyStates/latest/queryResults?api-version=2019-10-01",
    ),
]


def ids(pages: Iterator[Page]) -> list[str]:
    return [str(json.loads(item)["id"]) for page in pages for item in page.items]


def read(pages: Iterator[Page]) -> list[dict[str, Any]]:
    return [json.loads(item) for page in pages for item in page.items]


def told(simulator: Rehearsal, method: str, url: str, audience: str) -> list[dict[str, Any]]:
    """A listing as plain HTTP reads it."""
    found: list[dict[str, Any]] = []
    headers = bearer(simulator, audience)
    while url:
        answer = simulator.http.request(method, url, headers=headers).json()
        found += answer["value"]
        url = answer.get("nextLink") or answer.get("@odata.nextLink") or ""
    return found


def test_only_what_was_evaluated_since_then_is_read_where_a_moment_is_given(
    simulator: Rehearsal,
) -> None:
    with cloud_of(simulator) as cloud:
        one = simulator.subscription()
        whole = read(cloud.policy_states(one))
        times = sorted({state["timestamp"] for state in whole})
        assert len(times) > 10
        since = datetime.fromisoformat(times[len(times) // 2])
        part = read(cloud.policy_states(one, since))
        later = [state for state in whole if state["timestamp"] >= times[len(times) // 2]]
        assert 0 < len(part) < len(whole)
        assert len(part) == len(later)


def test_what_states_name_by_id_is_read_with_its_display_name(simulator: Rehearsal) -> None:
    with cloud_of(simulator) as cloud:
        states = read(cloud.policy_states(simulator.subscription()))
        ids = {one[k] for one in states for k in ("policyDefinitionId", "policyAssignmentId")}
        names = {i: json.loads(cloud.policy_definition(i).items[0]) for i in ids}
        assert all(one["properties"]["displayName"] for one in names.values())
        assert cloud.policy_definition(f"{min(ids)}x").items == ()
        simulator.lever("lacks", permission="Microsoft.Authorization/policyDefinitions/read")
        builtin = next(i for i in ids if "policydefinitions" in i)
        with pytest.raises(Denied):
            cloud.policy_definition(builtin)
    simulator.calm()


def bearer(simulator: Rehearsal, audience: str) -> Mapping[str, str]:
    one = simulator.tenant()
    form = {
        "grant_type": "client_credentials",
        "client_id": one.client_id,
        "client_secret": one.client_secret,
        "scope": f"{audience}/.default",
    }
    answer = simulator.http.post(f"/{one.tenant_id}/oauth2/v2.0/token", data=form).json()
    return {"authorization": f"Bearer {answer['access_token']}"}


def lacking(simulator: Rehearsal, permission: str) -> None:
    answer = simulator.http.post("/_simulator/lacks", json={"permission": permission})
    assert answer.status_code == 201, answer.text


@pytest.fixture(autouse=True)
def _whole(simulator: Rehearsal) -> Iterator[None]:
    yield
    simulator.http.delete("/_simulator/lacks")
    simulator.http.delete("/_simulator/delegations")


@pytest.mark.parametrize(("name", "path"), DIRECTORY)
def test_a_listing_of_the_directory_is_read_to_its_end(
    simulator: Rehearsal, name: str, path: str
) -> None:
    expected = told(simulator, "GET", f"/v1.0/{path}", "https://graph.microsoft.com")
    with cloud_of(simulator) as cloud:
        found = ids(getattr(cloud, name)())
    assert sorted(found) == sorted(item["id"] for item in expected)
    assert found


@pytest.mark.parametrize(("method", "name", "path"), BY_SUBSCRIPTION)
def test_a_listing_of_a_subscription_is_read_to_its_end(
    simulator: Rehearsal, method: str, name: str, path: str
) -> None:
    subscription = simulator.subscription()
    url = f"/subscriptions/{subscription}/providers/{path}"
    expected = told(simulator, method, url, "https://management.azure.com")
    with cloud_of(simulator) as cloud:
        found = read(getattr(cloud, name)(subscription))
    assert sorted(map(canonical, found)) == sorted(map(canonical, expected))
    assert found


def canonical(item: object) -> str:
    return json.dumps(item, sort_keys=True)


def test_policy_states_come_over_many_pages_each_asked_for_by_post(simulator: Rehearsal) -> None:
    with cloud_of(simulator) as cloud:
        pages = list(cloud.policy_states(simulator.subscription()))
    assert len(pages) > 1


def test_users_come_with_their_last_sign_in(simulator: Rehearsal) -> None:
    with cloud_of(simulator) as cloud:
        users = read(cloud.users())
    assert any("signInActivity" in user for user in users)
    assert {"userType", "accountEnabled", "userPrincipalName"} <= users[0].keys()


@pytest.mark.parametrize("lack", ["AAD_PREMIUM", "AuditLog.Read.All"])
def test_without_licence_or_permission_for_sign_ins_users_are_still_listed(
    simulator: Rehearsal, lack: str
) -> None:
    with cloud_of(simulator) as cloud:
        everyone = ids(cloud.users())
        lacking(simulator, lack)
        users = read(cloud.users())
    assert [user["id"] for user in users] == everyone
    assert not any("signInActivity" in user for user in users)


def test_a_missing_licence_is_named(simulator: Rehearsal) -> None:
    lacking(simulator, "AAD_PREMIUM")
    with cloud_of(simulator) as cloud, pytest.raises(Denied) as denied:
        list(cloud.registrations())
    assert denied.value.missing == "Microsoft Entra ID P1 licence"


def test_a_missing_permission_of_graph_is_named(simulator: Rehearsal) -> None:
    lacking(simulator, "Application.Read.All")
    with cloud_of(simulator) as cloud, pytest.raises(Denied) as denied:
        list(cloud.applications())
    assert denied.value.missing.startswith("Application.Read.All")
    assert denied.value.request_id


@pytest.mark.parametrize(
    ("role", "action", "call"),
    [
        (
            "Cost Management Reader",
            "Microsoft.CostManagement/query",
            lambda cloud, one: cloud.cost_total(
                one, date(2026, 1, 1), date(2026, 1, 2), CostBasis.ACTUAL
            ),
        ),
        (
            "Security Reader",
            "Microsoft.Security/secureScores",
            lambda cloud, one: list(cloud.secure_scores(one)),
        ),
        ("Reader", "Microsoft.PolicyInsights", lambda cloud, one: list(cloud.policy_states(one))),
    ],
)
def test_a_missing_role_is_named_with_its_action(
    simulator: Rehearsal, role: str, action: str, call: Callable[[Cloud, str], object]
) -> None:
    lacking(simulator, role)
    with cloud_of(simulator) as cloud, pytest.raises(Denied) as denied:
        call(cloud, simulator.subscription())
    assert denied.value.missing.startswith(role)
    assert action in denied.value.missing


def test_directory_roles_name_role_and_principal(simulator: Rehearsal) -> None:
    with cloud_of(simulator) as cloud:
        roles = read(cloud.directory_roles())
    assert roles
    assert all(role["principal"]["id"] == role["principalId"] for role in roles)


def test_members_of_nested_groups_are_members(simulator: Rehearsal) -> None:
    with cloud_of(simulator) as cloud:
        of = {group: ids(cloud.group_members(group)) for group in ids(cloud.groups())}
    assert any(of.values())
    assert all(
        set(of[one]) <= set(members) for members in of.values() for one in set(members) & of.keys()
    )


def month(simulator: Rehearsal) -> tuple[date, date]:
    now = simulator.http.get("/_simulator/clock").json()["now"]
    last = date.fromisoformat(now[:10]).replace(day=1) - timedelta(days=1)
    return last.replace(day=1), last


@pytest.mark.parametrize("basis", CostBasis)
def test_costs_by_day_add_up_to_the_ungrouped_total(simulator: Rehearsal, basis: CostBasis) -> None:
    first, last = month(simulator)
    with cloud_of(simulator) as cloud:
        one = simulator.subscription()
        total = cloud.cost_total(one, first, last, basis)
        pages = list(cloud.costs(one, first, last, basis, ("ServiceName", "ResourceGroupName")))
    rows = [json.loads(i, parse_float=Decimal, parse_int=Decimal) for p in pages for i in p.items]
    assert {"Cost", "UsageDate", "ServiceName", "ResourceGroupName", "Currency"} == rows[0].keys()
    assert {int(row["UsageDate"]) // 100 for row in rows} == {int(f"{first:%Y%m}")}
    assert len({row["UsageDate"] for row in rows}) == last.day
    sums = {json.loads(i)["Currency"]: json.loads(i, parse_float=Decimal) for i in total.items}
    for currency, said in sums.items():
        added = sum(row["Cost"] for row in rows if row["Currency"] == currency)
        assert abs(added - said["Cost"]) < Decimal("0.01")


def test_costs_by_a_tag_name_its_key_and_value(simulator: Rehearsal) -> None:
    first, last = month(simulator)
    with cloud_of(simulator) as cloud:
        rows = read(
            cloud.costs(simulator.subscription(), first, last, CostBasis.ACTUAL, ("tag:env",))
        )
    assert {"TagKey", "TagValue"} <= rows[0].keys()


def delegate(simulator: Rehearsal) -> None:
    body = {"managing": simulator.tenant(0).tenant_id, "managed": simulator.tenant(1).tenant_id}
    answer = simulator.http.post("/_simulator/delegations", json=body)
    assert answer.is_success, answer.text


@pytest.mark.census("AG-073")
def test_lighthouse_reaches_the_customers_subscriptions_and_no_others(
    simulator: Rehearsal,
) -> None:
    delegate(simulator)
    home, customer = simulator.tenant(0), simulator.tenant(1)
    options = options_for(
        simulator.running,
        directory=home.tenant_id,
        client=home.client_id,
        secret=home.client_secret,
    )
    delegated = connection(customer, "", client="", use_lighthouse=True)
    with clouds(options) as opened:
        cloud = opened.open(delegated)
        found = {one.id for one in cloud.subscriptions()}
        assert found == {one["id"] for one in simulator.estate()[1]["subscriptions"]}
        assert ids(cloud.resources(min(found)))
        with pytest.raises(Denied) as denied:
            list(cloud.users())
    assert "in the directory itself" in denied.value.missing


def test_lighthouse_without_a_managing_directory_says_what_to_set(simulator: Rehearsal) -> None:
    through = connection(simulator.tenant(1), "", client="", use_lighthouse=True)
    with (
        clouds(options_for(simulator.running, secret="x", client="y")) as opened,
        pytest.raises(CloudFailure, match="azure_managing_tenant"),
    ):
        opened.open(through)


def by_graph(simulator: Rehearsal) -> Any:  # noqa: ANN401  a context manager of a cloud
    return cloud_of(simulator, resource_graph=True)


def by_id(cloud: AzureCloud) -> dict[str, list[str]]:
    return {one.id: sorted(ids(cloud.resources(one.id))) for one in cloud.subscriptions()}


def test_resource_graph_finds_what_resource_manager_lists(simulator: Rehearsal) -> None:
    with cloud_of(simulator) as cloud, by_graph(simulator) as graph:
        assert by_id(graph) == by_id(cloud)
        item = json.loads(next(graph.resources(simulator.subscription())).items[0])
    assert {"properties", "subscriptionId", "tenantId"} <= item.keys()


def test_one_query_reads_all_subscriptions(simulator: Rehearsal) -> None:
    count = sum(one["resources"] for one in simulator.estate()[0]["subscriptions"])
    with by_graph(simulator) as cloud:
        listed = list(cloud.subscriptions())
        simulator.fault("forbidden", on="resource_graph", page=-(-count // 1_000) + 1)
        simulator.fault("forbidden", on="resources")
        found = [one for each in listed for one in ids(cloud.resources(each.id))]
    assert len(found) == count


def test_a_subscription_in_which_resource_graph_sees_nothing_is_asked_for_again(
    simulator: Rehearsal,
) -> None:
    one = sorted(each["id"] for each in simulator.estate()[0]["subscriptions"])[1]
    lack = {"permission": "Microsoft.Resources/subscriptions/resources/read", "subscription": one}
    simulator.http.post("/_simulator/lacks", json=lack)
    with by_graph(simulator) as cloud:
        listed = [each.id for each in cloud.subscriptions()]
        others = [len(ids(cloud.resources(each))) for each in listed if each < one]
        with pytest.raises(Denied):
            list(cloud.resources(one))
        others += [len(ids(cloud.resources(each))) for each in listed if each > one]
    assert all(others)


@pytest.mark.parametrize("kind", ["forbidden", "missing", "renamed"])
def test_where_resource_graph_is_refused_resource_manager_answers(
    simulator: Rehearsal, kind: str
) -> None:
    simulator.fault(kind, on="resource_graph")
    with cloud_of(simulator) as cloud, by_graph(simulator) as graph:
        assert by_id(graph) == by_id(cloud)


@pytest.mark.parametrize("kind", ["throttle", "unavailable"])
def test_trouble_of_resource_graph_is_no_refusal(simulator: Rehearsal, kind: str) -> None:
    simulator.fault(kind, on="resource_graph", seconds=900)
    with by_graph(simulator) as cloud, pytest.raises(CloudFailure) as failed:
        list(cloud.resources(simulator.subscription()))
    assert not isinstance(failed.value, Denied)


def test_after_a_take_over_the_rest_is_read_in_any_order(simulator: Rehearsal) -> None:
    with by_graph(simulator) as cloud:
        listed = [one.id for one in cloud.subscriptions()]
        backwards = [len(ids(cloud.resources(one))) for one in reversed(listed)]
        forwards = [len(ids(cloud.resources(one))) for one in listed]
    assert backwards[::-1] == forwards
