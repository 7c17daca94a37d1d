"""Conditional access, security defaults and registered methods of a simulated directory."""

from collections.abc import Sequence
from datetime import datetime

from quarterdeck.providers.simulator.chance import share
from quarterdeck.providers.simulator.directory import HOLDERS, MFA_REGISTERED, ROLES, Person
from quarterdeck.providers.simulator.estate import Json, SimulatedTenant, guid

ADMINISTRATORS = [role.template for role in ROLES if role.privileged]


def conditional_access(tenant: SimulatedTenant, break_glass: Person) -> list[Json]:
    """The policies: MFA is demanded of administrators; of all, in earnest only with P2."""
    earnest = "enabled" if tenant.licence.endswith("P2") else "enabledForReportingButNotEnforced"
    everyone = {"includeUsers": ["All"], "excludeUsers": [break_glass.id]}
    return [
        policy(tenant, "Require MFA for administrators", "enabled",
               {"includeRoles": ADMINISTRATORS, "excludeUsers": [break_glass.id]}, ["mfa"]),
        policy(tenant, "Require MFA for all users", earnest, everyone, ["mfa"]),
        policy(tenant, "Require MFA for guests", "disabled",
               {"includeUsers": ["GuestsOrExternalUsers"]}, ["mfa"]),
        policy(tenant, "Block legacy authentication", "enabled", everyone, ["block"],
               ["exchangeActiveSync", "other"]),
    ]  # fmt: skip


def policy(
    tenant: SimulatedTenant,
    name: str,
    state: str,
    users: Json,
    controls: Sequence[str],
    clients: Sequence[str] = ("all",),
) -> Json:
    """One; learn.microsoft.com/graph/api/resources/conditionalaccesspolicy."""
    nobody: Json = {
        f"{verb}{noun}": [] for noun in ("Users", "Groups", "Roles") for verb in VERBS
    } | {"includeGuestsOrExternalUsers": None, "excludeGuestsOrExternalUsers": None}
    return {
        "id": guid(tenant.id, "policy", name),
        "templateId": None,
        "displayName": name,
        "createdDateTime": "2024-05-02T09:00:00Z",
        "modifiedDateTime": None,
        "state": state,
        "sessionControls": None,
        "conditions": {
            "userRiskLevels": [],
            "signInRiskLevels": [],
            "clientAppTypes": list(clients),
            "servicePrincipalRiskLevels": [],
            "platforms": None,
            "locations": None,
            "devices": None,
            "clientApplications": None,
            "applications": {
                "includeApplications": ["All"],
                "excludeApplications": [],
                "includeUserActions": [],
                "includeAuthenticationContextClassReferences": [],
                "applicationFilter": None,
            },
            "users": nobody | users,
        },
        "grantControls": {
            "operator": "OR",
            "builtInControls": list(controls),
            "customAuthenticationFactors": [],
            "termsOfUse": [],
            "authenticationStrength": None,
        },
    }


def registration(one: Person, now: datetime) -> Json:
    """What a user has registered.

    Source: https://learn.microsoft.com/graph/api/resources/userregistrationdetails.
    """
    registered = share(one.id, "mfa") < MFA_REGISTERED
    strong = registered and share(one.id, "passwordless") < 0.2  # noqa: PLR2004  one in five
    methods = ["microsoftAuthenticatorPush"] if registered else []
    return {
        "id": one.id,
        "userPrincipalName": one.principal,
        "userDisplayName": f"{one.given} {one.family}",
        "userType": "guest" if one.guest else "member",
        "isAdmin": one.number < sum(HOLDERS),
        "isSsprRegistered": registered,
        "isSsprEnabled": True,
        "isSsprCapable": registered,
        "isMfaRegistered": registered,
        "isMfaCapable": registered,
        "isPasswordlessCapable": strong,
        "methodsRegistered": [*methods, *(["passKeyDeviceBound"] if strong else [])],
        "isSystemPreferredAuthenticationMethodEnabled": True,
        "systemPreferredAuthenticationMethods": [],
        "userPreferredMethodForSecondaryAuthentication": "push" if registered else "none",
        "lastUpdatedDateTime": f"{now:%Y-%m-%d}T00:00:00Z",
    }


def security_defaults(tenant: SimulatedTenant) -> Json:
    """Whether Entra ID itself demands MFA: it does where there is no conditional access."""
    return {
        "id": "00000000-0000-0000-0000-000000000005",
        "displayName": "Security Defaults",
        "description": "Security defaults is a set of basic identity security mechanisms.",
        "isEnabled": not tenant.licence,
    }


VERBS = ("include", "exclude")
