"""What a directory says, as Microsoft Graph would send it."""

import json

from governance.estate import FakeCloud
from quarterdeck.governance.cloud.ports import Denied

P1 = "Microsoft Entra ID P1 licence"
GLOBAL_ADMIN = "62e90394-69f5-4237-9190-012177145e10"
OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"


def user(name: str, **more: object) -> bytes:
    """A user who signed in lately."""
    whole = {
        "id": name,
        "displayName": name.title(),
        "userPrincipalName": f"{name}@contoso.example",
        "userType": "Member",
        "accountEnabled": True,
        "createdDateTime": "2020-01-01T00:00:00Z",
        "signInActivity": {"lastSignInDateTime": "2026-10-01T08:00:00Z"},
    }
    return json.dumps(whole | more).encode()


def everyone_mfa(name: str = "All users", **more: object) -> bytes:
    """A policy that asks everybody for MFA everywhere."""
    whole = {
        "id": name,
        "displayName": name,
        "state": "enabled",
        "conditions": {
            "clientAppTypes": ["all"],
            "applications": {"includeApplications": ["All"], "excludeApplications": []},
            "users": {"includeUsers": ["All"]},
        },
        "grantControls": {"operator": "OR", "builtInControls": ["mfa"]},
    }
    return json.dumps(whole | more).encode()


def item(**fields: object) -> bytes:
    return json.dumps(fields).encode()


def settle(cloud: FakeCloud) -> None:
    """Three users, one of them privileged through a group, an application with a secret."""
    cloud.pages = {"s1": []}
    cloud.said |= {
        ("users",): [[user("ada"), user("bob")], [user("eve", userType="Guest")]],
        ("groups",): [[item(id="admins", displayName="Admins")]],
        ("group_members", "admins"): [[item(id="ada")]],
        ("directory_roles",): [
            [item(id="r1", principalId="admins", roleDefinitionId=GLOBAL_ADMIN)],
        ],
        ("role_assignments",): [
            [item(id="/a1", properties={"roleDefinitionId": f"/x/{OWNER}", "principalId": "bob"})]
        ],
        ("registrations",): [
            [item(id="ada", isMfaRegistered=True), item(id="bob", isMfaRegistered=False)]
        ],
        ("conditional_access",): [[everyone_mfa()]],
        ("applications",): [
            [
                item(
                    id="o1",
                    appId="app-1",
                    displayName="Billing",
                    passwordCredentials=[
                        {"keyId": "k1", "displayName": "ci", "endDateTime": "2026-10-15T00:00:00Z"}
                    ],
                )
            ]
        ],
        ("service_principals",): [[item(id="sp1", appId="app-1", displayName="Billing")]],
    }


def unlicensed(cloud: FakeCloud) -> None:
    """As a directory without Entra ID P1 answers."""
    denied = Denied("no premium licence", missing=P1)
    cloud.said[("conditional_access",)] = [denied]
    cloud.said[("registrations",)] = [denied]
