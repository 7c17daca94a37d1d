"""The contract: Microsoft's own libraries read the simulated cloud as they read Azure."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.identity import ClientSecretCredential
from azure.mgmt.advisor import AdvisorManagementClient
from azure.mgmt.authorization import AuthorizationManagementClient
from azure.mgmt.consumption import ConsumptionManagementClient
from azure.mgmt.costmanagement import CostManagementClient
from azure.mgmt.policyinsights import PolicyInsightsClient
from azure.mgmt.resource.resources import ResourceManagementClient
from azure.mgmt.resource.subscriptions import SubscriptionClient
from azure.mgmt.resourcegraph import ResourceGraphClient
from azure.mgmt.resourcegraph.models import QueryRequest, QueryRequestOptions
from azure.mgmt.security import SecurityCenter

from providers.rehearsal import Rehearsal

SCOPE = "https://management.azure.com/.default"


class Sdk:
    """Microsoft's clients, pointed at a simulator."""

    def __init__(self, simulator: Rehearsal, credential: ClientSecretCredential) -> None:
        self.simulator = simulator
        self.subscription = simulator.subscription()
        self._credential = credential
        self._open: list[Any] = []

    def client(self, kind: Any, *, scoped: bool = True) -> Any:  # noqa: ANN401  any of them
        running = self.simulator.running
        client = kind(
            self._credential,
            *([self.subscription] if scoped else []),
            base_url=running.url,
            credential_scopes=[SCOPE],
            connection_verify=running.ca_file,
            retry_total=0,
        )
        self._open.append(client)
        return client

    def close(self) -> None:
        for client in self._open:
            client.close()


@pytest.fixture
def sdk(simulator: Rehearsal) -> Iterator[Sdk]:
    one = simulator.tenant()
    with ClientSecretCredential(
        one.tenant_id,
        one.client_id,
        one.client_secret,
        authority=simulator.running.authority,
        disable_instance_discovery=True,
        connection_verify=simulator.running.ca_file,
    ) as credential:
        clients = Sdk(simulator, credential)
        yield clients
        clients.close()


def test_subscriptions_groups_and_resources_are_listed_to_the_last_page(sdk: Sdk) -> None:
    subscriptions = sdk.client(SubscriptionClient, scoped=False).subscriptions.list()
    assert sdk.subscription in {one.subscription_id for one in subscriptions}
    client = sdk.client(ResourceManagementClient)
    held = sdk.simulator.estate()[0]["subscriptions"][0]
    assert len(list(client.resource_groups.list())) == held["groups"]
    resources = list(client.resources.list(expand="createdTime,changedTime,provisioningState"))
    assert len(resources) == held["resources"] > 1_000
    assert all(one.created_time <= one.changed_time for one in resources)


def test_resource_graph_answers_by_pages(sdk: Sdk) -> None:
    client = sdk.client(ResourceGraphClient, scoped=False)
    seen: list[str] = []
    token = None
    while True:
        asked = QueryRequest(
            query="Resources | where type =~ 'Microsoft.Compute/disks' | project id, properties"
            " | order by id asc",
            subscriptions=[sdk.subscription],
            options=QueryRequestOptions(top=50, skip_token=token),
        )
        answer = client.resources(asked)
        seen += [row["id"] for row in answer.data]
        token = answer.skip_token
        if token is None:
            break
    assert len(seen) == len(set(seen)) == answer.total_records > 50
    assert answer.result_truncated == "false"


def test_costs_of_a_month_are_summed_by_service(sdk: Sdk) -> None:
    last = datetime(2026, 2, 28, tzinfo=UTC)
    period = {"from": last - timedelta(days=27), "to": last}
    answer = sdk.client(CostManagementClient, scoped=False).query.usage(
        f"/subscriptions/{sdk.subscription}",
        {
            "type": "ActualCost",
            "timeframe": "Custom",
            "timePeriod": {name: f"{day:%Y-%m-%dT00:00:00Z}" for name, day in period.items()},
            "dataset": {
                "granularity": "Daily",
                "aggregation": {"totalCost": {"name": "Cost", "function": "Sum"}},
                "grouping": [{"type": "Dimension", "name": "ServiceName"}],
            },
        },
    )
    assert [one.name for one in answer.columns] == ["Cost", "UsageDate", "ServiceName", "Currency"]
    assert {row[1] for row in answer.rows} == {20260201 + day for day in range(28)}
    assert "Virtual Machines" in {row[2] for row in answer.rows}
    assert all(row[0] > 0 and row[3] == "EUR" for row in answer.rows)


def test_budgets_are_listed_with_what_is_spent(sdk: Sdk) -> None:
    client = sdk.client(ConsumptionManagementClient)
    found = []
    for held in sdk.simulator.estate()[0]["subscriptions"]:
        found += client.budgets.list(f"/subscriptions/{held['id']}")
    assert found
    for budget in found:
        assert budget.time_grain == "Monthly"
        assert budget.amount > 0
        assert budget.current_spend.unit in {"EUR", "USD"}


def test_policy_states_are_listed_to_the_last_page_and_summarized(sdk: Sdk) -> None:
    client = sdk.client(PolicyInsightsClient)
    states = list(
        client.policy_states.list_query_results_for_subscription("latest", sdk.subscription)
    )
    assert len(states) > 1_000
    assert {"Compliant", "NonCompliant"} <= {one.compliance_state for one in states}
    summary = client.policy_states.summarize_for_subscription("latest", sdk.subscription)
    failed = {one.resource_id for one in states if one.compliance_state == "NonCompliant"}
    assert summary.value[0].results.non_compliant_resources == len(failed)


def test_definitions_that_states_name_are_read_by_their_ids(sdk: Sdk) -> None:
    states = list(
        sdk.client(PolicyInsightsClient).policy_states.list_query_results_for_subscription(
            "latest", sdk.subscription
        )
    )
    resources = sdk.client(ResourceManagementClient).resources
    found = {}
    for kind in ("policy_definition_id", "policy_set_definition_id", "policy_assignment_id"):
        for cloud_id in {getattr(one, kind) for one in states} - {""}:
            one = resources.get_by_id(cloud_id.lstrip("/"), api_version="2021-06-01")
            found[cloud_id] = one.properties["displayName"]
            assert one.id.lower() == cloud_id.lower()
    assert {"Allowed locations", "Storage accounts are kept private"} <= set(found.values())
    with pytest.raises(HttpResponseError) as gone:
        resources.get_by_id(f"{next(iter(found))}x".lstrip("/"), api_version="2021-06-01")
    assert gone.value.status_code == 404


def test_advice_and_secure_scores_are_listed(sdk: Sdk) -> None:
    advice = list(sdk.client(AdvisorManagementClient).recommendations.list())
    assert {"Cost", "Security"} <= {one.category for one in advice}
    client = sdk.client(SecurityCenter)
    (score,) = client.secure_scores.list()
    controls = list(client.secure_score_controls.list())
    assert score.max == sum(one.max for one in controls)
    assert 0 < score.percentage < 1
    assert score.current == pytest.approx(sum(one.current for one in controls), abs=0.01)


def test_role_assignments_name_definitions_that_are_there(sdk: Sdk) -> None:
    client = sdk.client(AuthorizationManagementClient)
    scope = f"/subscriptions/{sdk.subscription}"
    definitions = {one.id: one.role_name for one in client.role_definitions.list(scope)}
    assignments = list(client.role_assignments.list_for_subscription())
    assert {one.principal_type for one in assignments} == {"User", "Group", "ServicePrincipal"}
    assert all(one.role_definition_id in definitions for one in assignments)


def test_a_missing_role_is_told_with_the_action_that_it_lacks(sdk: Sdk) -> None:
    sdk.simulator.http.post("/_simulator/lacks", json={"permission": "Security Reader"})
    with pytest.raises(HttpResponseError) as refused:
        list(sdk.client(SecurityCenter).secure_scores.list())
    assert refused.value.status_code == 403
    assert refused.value.error is not None
    assert refused.value.error.code == "AuthorizationFailed"
    assert "'Microsoft.Security/secureScores/read'" in str(refused.value.error.message)


def test_the_library_waits_as_long_as_cost_management_asks(sdk: Sdk) -> None:
    sdk.simulator.fault("throttle", on="costs", seconds=7)
    with pytest.raises(HttpResponseError) as refused:
        sdk.client(CostManagementClient, scoped=False).query.usage(
            f"/subscriptions/{sdk.subscription}",
            {
                "type": "ActualCost",
                "timeframe": "MonthToDate",
                "dataset": {"aggregation": {"t": {"name": "Cost", "function": "Sum"}}},
            },
        )
    headers = getattr(refused.value.response, "headers", {})
    for limit in ("qpu", "entity", "tenant", "client"):
        assert headers[f"x-ms-ratelimit-microsoft.costmanagement-{limit}-retry-after"] == "7"
