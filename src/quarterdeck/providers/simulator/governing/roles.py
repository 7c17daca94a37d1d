"""Role assignments and definitions of a simulated subscription."""

from collections.abc import Iterator, Mapping, Sequence

from quarterdeck.providers.simulator import directory
from quarterdeck.providers.simulator.applications import applications
from quarterdeck.providers.simulator.chance import draw
from quarterdeck.providers.simulator.estate import NOW, Json, SimulatedTenant, guid

DEFINITIONS: Mapping[str, tuple[str, Sequence[str], Sequence[str]]] = {
    "Owner": ("8e3af657-a8ff-443c-a75c-2fe8c4bcb635", ["*"], []),
    "Contributor": (
        "b24988ac-6180-42a0-ab88-20f7382dd24c",
        ["*"],
        ["Microsoft.Authorization/*/Delete", "Microsoft.Authorization/*/Write"],
    ),
    "Reader": ("acdd72a7-3385-48ef-bd42-f606fba81ae7", ["*/read"], []),
    "User Access Administrator": (
        "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
        ["*/read", "Microsoft.Authorization/*", "Microsoft.Support/*"],
        [],
    ),
    "Cost Management Reader": (
        "72fafb9e-0641-4937-9268-a91bfd8191a3",
        [
            "Microsoft.Consumption/*/read",
            "Microsoft.CostManagement/*/read",
            "Microsoft.Billing/billingPeriods/read",
            "Microsoft.Resources/subscriptions/read",
            "Microsoft.Resources/subscriptions/resourceGroups/read",
            "Microsoft.Advisor/configurations/read",
            "Microsoft.Advisor/recommendations/read",
            "Microsoft.Management/managementGroups/read",
        ],
        [],
    ),
    "Security Reader": (
        "39bc4728-0917-49c7-9d2c-d95423bc2eb4",
        [
            "Microsoft.Authorization/*/read",
            "Microsoft.Security/*/read",
            "Microsoft.Resources/subscriptions/resourceGroups/read",
            "Microsoft.Management/managementGroups/read",
        ],
        [],
    ),
}
"""Built-in roles: the id, what they allow and what they leave out; learn.microsoft.com/azure/
role-based-access-control/built-in-roles."""


def definitions(subscription: str) -> Iterator[Json]:
    """The roles that can be assigned."""
    for name, (id_, actions, without) in DEFINITIONS.items():
        yield {
            "id": definition_id(subscription, id_),
            "name": id_,
            "type": "Microsoft.Authorization/roleDefinitions",
            "properties": {
                "roleName": name,
                "type": "BuiltInRole",
                "description": f"The built-in role {name}.",
                "assignableScopes": ["/"],
                "permissions": [
                    {
                        "actions": actions,
                        "notActions": without,
                        "dataActions": [],
                        "notDataActions": [],
                    }
                ],
                "createdOn": "2015-02-02T21:55:09.8806423Z",
                "updatedOn": "2021-11-11T20:13:28.6061853Z",
                "createdBy": None,
                "updatedBy": None,
            },
        }


def assignments(tenant: SimulatedTenant, subscription: str, groups: Sequence[Json]) -> list[Json]:
    """Who holds which role: people, groups, applications; most on the subscription, some in it."""
    found = directory.people(tenant)
    scope = f"/subscriptions/{subscription}"
    app = guid(applications(tenant, NOW)[0]["id"], "service principal")
    operators = directory.group(tenant, 0)["id"]
    held = [
        ("Owner", found[0].id, "User", scope),
        ("Owner", found[draw(subscription, "owner") % len(found)].id, "User", scope),
        ("User Access Administrator", found[1].id, "User", "/"),
        ("Contributor", operators, "Group", scope),
        *((name, app, "ServicePrincipal", scope) for name in PLATFORM_ROLES),
    ]
    for group in groups:
        one = found[draw(group["id"]) % len(found)]
        held.append(("Contributor", one.id, "User", group["id"]))
    return [assignment(subscription, *one) for one in held]


def assignment(subscription: str, role: str, principal: str, kind: str, scope: str) -> Json:
    """One; learn.microsoft.com/rest/api/authorization/role-assignments."""
    name = guid(scope, role, principal)
    base = "" if scope == "/" else scope
    return {
        "id": f"{base}/providers/Microsoft.Authorization/roleAssignments/{name}",
        "name": name,
        "type": "Microsoft.Authorization/roleAssignments",
        "properties": {
            "roleDefinitionId": definition_id(subscription, DEFINITIONS[role][0]),
            "principalId": principal,
            "principalType": kind,
            "scope": scope,
            "condition": None,
            "conditionVersion": None,
            "createdOn": "2024-03-05T10:00:00.0000000Z",
            "updatedOn": "2024-03-05T10:00:00.0000000Z",
            "createdBy": "",
            "updatedBy": "",
            "delegatedManagedIdentityResourceId": None,
            "description": None,
        },
    }


def definition_id(subscription: str, id_: str) -> str:
    """The id of a role's definition as a subscription shows it."""
    return f"/subscriptions/{subscription}/providers/Microsoft.Authorization/roleDefinitions/{id_}"


PLATFORM_ROLES = ("Reader", "Cost Management Reader", "Security Reader")
