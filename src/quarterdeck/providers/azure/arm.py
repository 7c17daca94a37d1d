"""What is asked of Azure Resource Manager and the APIs behind it, a subscription at a time."""

from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import quote

import msgspec

from quarterdeck.governance.cloud.ports import CloudFailure, FailureClass, Subscription
from quarterdeck.providers.azure.asks import Api, Ask

READER = "Reader on the subscription"
COST_READER = "Cost Management Reader on the subscription"
SECURITY_READER = "Security Reader on the subscription"

POLICY_STATES = "providers/Microsoft.PolicyInsights/policyStates/latest/queryResults"
LISTINGS = {
    "resources": (
        Api.RESOURCE_MANAGER,
        "resources?api-version=2021-04-01&$expand=createdTime,changedTime,provisioningState",
        READER,
    ),
    "budgets": (
        Api.CONSUMPTION,
        "providers/Microsoft.Consumption/budgets?api-version=2023-05-01",
        COST_READER,
    ),
    "policy_states": (
        Api.POLICY,
        f"{POLICY_STATES}?api-version=2019-10-01",
        READER,
    ),
    "secure_scores": (
        Api.DEFENDER,
        "providers/Microsoft.Security/secureScores?api-version=2020-01-01",
        SECURITY_READER,
    ),
    "advice": (
        Api.ADVISOR,
        "providers/Microsoft.Advisor/recommendations?api-version=2023-01-01",
        READER,
    ),
    "role_assignments": (
        Api.AUTHORIZATION,
        "providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01",
        READER,
    ),
}
"""API, address below the subscription, and the smallest built-in role that may read it;
https://learn.microsoft.com/rest/api/azure."""

BY_POST = {"policy_states"}


class SubscriptionItem(msgspec.Struct, frozen=True, rename="camel"):
    """A subscription in its listing; https://learn.microsoft.com/rest/api/resources/subscriptions."""

    subscription_id: str
    display_name: str = ""
    state: str = ""
    tenant_id: str = ""


def subscriptions(endpoint: str) -> Ask:
    """Every subscription in which the credential has a role."""
    url = f"{endpoint}/subscriptions?api-version=2022-12-01"
    return Ask(api=Api.RESOURCE_MANAGER, url=url, needs=READER)


def listing(endpoint: str, name: str, subscription: str) -> Ask:
    """One of LISTINGS."""
    api, path, needs = LISTINGS[name]
    return Ask(
        api=api,
        url=f"{within(endpoint, subscription)}/{path}",
        needs=needs,
        scope=subscription,
        method="POST" if name in BY_POST else "GET",
    )


def policy_states(endpoint: str, subscription: str, since: datetime | None) -> Ask:
    """The latest policy states; those that were evaluated since then, if a moment is given.

    https://learn.microsoft.com/rest/api/policyinsights/policy-states, ``$from``.
    """
    whole = listing(endpoint, "policy_states", subscription)
    if since is None:
        return whole
    return replace(whole, url=f"{whole.url}&$from={since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}")


def definition(endpoint: str, cloud_id: str) -> Ask:
    """A policy, policy set or assignment by its id; an address that is theirs alone.

    https://learn.microsoft.com/rest/api/policyauthorization.
    """
    url = f"{endpoint}{quote(cloud_id)}?api-version=2021-06-01"
    return Ask(api=Api.AUTHORIZATION, url=url, needs=READER)


def within(endpoint: str, subscription: str) -> str:
    """The address of a subscription."""
    return f"{endpoint}/subscriptions/{quote(subscription, safe='')}"


def subscription(item: bytes, request_id: str) -> tuple[Subscription, str]:
    """A subscription from its item, and the directory it belongs to.

    Raises CloudFailure(DATA) if it is not one.
    """
    try:
        read = msgspec.json.decode(item, type=SubscriptionItem)
    except msgspec.DecodeError as error:
        message = f"an item of the list of subscriptions cannot be read: {error}"
        raise CloudFailure(FailureClass.DATA, message, request_id=request_id, page=item) from error
    found = Subscription(id=read.subscription_id, name=read.display_name, state=read.state)
    return found, read.tenant_id
