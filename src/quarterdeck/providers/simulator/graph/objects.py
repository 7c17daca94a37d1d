"""Objects of a simulated directory in the shapes of Microsoft Graph."""

from collections.abc import Iterator
from datetime import datetime

from quarterdeck.providers.simulator import applications, directory
from quarterdeck.providers.simulator.applications import moment
from quarterdeck.providers.simulator.directory import HOLDERS, ROLES, Person
from quarterdeck.providers.simulator.estate import Json, SimulatedTenant, guid
from quarterdeck.providers.simulator.lacks import P1, P2

SKUS = {
    P1: ("078d2b04-f1bd-4111-bbd6-b4b1b354cef4", "41781fb2-bc02-4b7c-bd55-b576c07bb09d"),
    P2: ("84a661c4-e949-4bd2-a560-ed7766fcaf2b", "eec0eb4f-6444-4f95-aba0-50c24d67f998"),
}
"""Of each licence the id of the product and of its main plan; learn.microsoft.com/entra/
identity/users/licensing-service-plan-reference."""


def user(one: Person, born: datetime, now: datetime) -> Json:
    """A user with all that is known here; learn.microsoft.com/graph/api/resources/user."""
    found: Json = {
        "id": one.id,
        "businessPhones": [],
        "displayName": f"{one.given} {one.family}",
        "givenName": one.given,
        "jobTitle": None,
        "mail": None if one.guest else one.principal,
        "mobilePhone": None,
        "officeLocation": None,
        "preferredLanguage": None,
        "surname": one.family,
        "userPrincipalName": one.principal,
        "userType": "Guest" if one.guest else "Member",
        "accountEnabled": one.enabled,
        "createdDateTime": "2024-01-15T08:00:00Z",
        "department": directory.DEPARTMENTS[one.number % len(directory.DEPARTMENTS)],
        "externalUserState": "Accepted" if one.guest else None,
        "onPremisesSyncEnabled": None,
        "assignedLicenses": [],
    }
    last = directory.signed_in(one, born, now)
    if last is not None:
        found["signInActivity"] = {
            "lastSignInDateTime": moment(last),
            "lastSignInRequestId": guid(one.id, "request"),
            "lastNonInteractiveSignInDateTime": moment(last),
            "lastNonInteractiveSignInRequestId": guid(one.id, "quiet request"),
            "lastSuccessfulSignInDateTime": moment(last),
            "lastSuccessfulSignInRequestId": guid(one.id, "request"),
        }
    return found


def member_user(one: Person) -> Json:
    """A user as the members of a group show it."""
    return {
        "@odata.type": "#microsoft.graph.user",
        "id": one.id,
        "displayName": f"{one.given} {one.family}",
        "userPrincipalName": one.principal,
        "mail": None if one.guest else one.principal,
    }


def member_group(group: Json) -> Json:
    """A group as the members of another show it."""
    kept = ("id", "displayName", "securityEnabled")
    return {"@odata.type": "#microsoft.graph.group"} | {name: group[name] for name in kept}


def role_definition(role: directory.DirectoryRole) -> Json:
    """A role; learn.microsoft.com/graph/api/resources/unifiedroledefinition."""
    return {
        "id": role.template,
        "templateId": role.template,
        "displayName": role.name,
        "description": f"The built-in role {role.name}.",
        "isBuiltIn": True,
        "isEnabled": True,
        "isPrivileged": role.privileged,
        "resourceScopes": ["/"],
        "version": "1",
    }


def role_assignments(tenant: SimulatedTenant, born: datetime) -> Iterator[Json]:
    """Who holds which role, with what can be expanded: people, a group, an application."""
    people = iter(directory.people(tenant))
    for role, count in zip(ROLES, HOLDERS, strict=True):
        for _ in range(count):
            one = next(people)
            about = {
                "@odata.type": "#microsoft.graph.user",
                "displayName": f"{one.given} {one.family}",
                "userPrincipalName": one.principal,
            }
            yield role_assignment(tenant, role, one.id, about)
    operators = directory.group(tenant, 0)
    about = {"@odata.type": "#microsoft.graph.group", "displayName": operators["displayName"]}
    yield role_assignment(tenant, ROLES[3], operators["id"], about)
    pipeline = applications.service_principals(tenant, born)[1]
    about = {
        "@odata.type": "#microsoft.graph.servicePrincipal",
        "displayName": pipeline["displayName"],
        "appId": pipeline["appId"],
    }
    yield role_assignment(tenant, ROLES[4], pipeline["id"], about)


def role_assignment(
    tenant: SimulatedTenant, role: directory.DirectoryRole, principal: str, about: Json
) -> Json:
    """One; learn.microsoft.com/graph/api/resources/unifiedroleassignment."""
    return {
        "id": guid(tenant.id, role.template, principal),
        "principalId": principal,
        "directoryScopeId": "/",
        "roleDefinitionId": role.template,
        "principal": {"id": principal} | about,
        "roleDefinition": role_definition(role),
    }


def organization(tenant: SimulatedTenant) -> Json:
    """The directory itself; learn.microsoft.com/graph/api/resources/organization."""
    domain = f"{tenant.domain}.onmicrosoft.com"
    return {
        "id": tenant.id,
        "displayName": tenant.name,
        "tenantType": "AAD",
        "countryLetterCode": "DE",
        "createdDateTime": "2023-11-01T08:00:00Z",
        "verifiedDomains": [
            {"name": domain, "isDefault": True, "isInitial": True, "type": "Managed",
             "capabilities": "Email, OfficeCommunicationsOnline"}
        ],
        "assignedPlans": [
            {"servicePlanId": SKUS[tenant.licence][1], "service": "AADPremiumService",
             "capabilityStatus": "Enabled", "assignedDateTime": "2023-11-01T08:00:00Z"}
        ] if tenant.licence else [],
    }  # fmt: skip


def skus(tenant: SimulatedTenant) -> list[Json]:
    """The licences of a directory; learn.microsoft.com/graph/api/resources/subscribedsku."""
    if not tenant.licence:
        return []
    sku, plan = SKUS[tenant.licence]
    return [
        {
            "id": f"{tenant.id}_{sku}",
            "accountId": tenant.id,
            "accountName": tenant.domain,
            "appliesTo": "User",
            "capabilityStatus": "Enabled",
            "consumedUnits": tenant.people,
            "skuId": sku,
            "skuPartNumber": tenant.licence,
            "prepaidUnits": {
                "enabled": tenant.people + 10,
                "suspended": 0,
                "warning": 0,
                "lockedOut": 0,
            },
            "servicePlans": [
                {
                    "servicePlanId": plan,
                    "servicePlanName": tenant.licence,
                    "provisioningStatus": "Success",
                    "appliesTo": "User",
                }
            ],
        }
    ]
