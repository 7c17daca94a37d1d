"""What is asked of Microsoft Graph: people, groups, roles, policies, applications.

https://learn.microsoft.com/graph/api/overview, version 1.0. Permissions are application
permissions, the least that each page names.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import quote

from quarterdeck.governance.cloud.ports import Tracked
from quarterdeck.providers.azure.asks import Api, Ask

PEOPLE = (
    "id,displayName,userPrincipalName,mail,userType,accountEnabled,createdDateTime"
    ",externalUserState"
)
GROUPS = (
    "id,displayName,description,groupTypes,securityEnabled,mailEnabled,isAssignableToRole"
    ",membershipRule"
)
CREDENTIALS = "id,appId,displayName,createdDateTime,passwordCredentials,keyCredentials"
SERVICE = "servicePrincipalType,accountEnabled,appOwnerOrganizationId"
MOST = 999
MOST_WITH_SIGN_INS = 500

LISTINGS = {
    "users": (
        f"users?$select={PEOPLE},signInActivity&$top={MOST_WITH_SIGN_INS}",
        "User.Read.All and AuditLog.Read.All",
    ),
    "users_without_sign_ins": (f"users?$select={PEOPLE}&$top={MOST}", "User.Read.All"),
    "groups": (f"groups?$select={GROUPS}&$top={MOST}", "Group.Read.All"),
    "directory_roles": (
        "roleManagement/directory/roleAssignments?$expand=principal,roleDefinition",
        "RoleManagement.Read.Directory",
    ),
    "directory_roles_with_principals": (
        "roleManagement/directory/roleAssignments?$expand=principal",
        "RoleManagement.Read.Directory",
    ),
    "registrations": (
        f"reports/authenticationMethods/userRegistrationDetails?$top={MOST}",
        "AuditLog.Read.All",
    ),
    "conditional_access": ("identity/conditionalAccess/policies", "Policy.Read.All"),
    "applications": (f"applications?$select={CREDENTIALS}&$top={MOST}", "Application.Read.All"),
    "service_principals": (
        f"servicePrincipals?$select={CREDENTIALS},{SERVICE}&$top={MOST}",
        "Application.Read.All",
    ),
}
"""Address below the version, and the permission that may read it."""

DELTAS: Mapping[Tracked, tuple[str, str]] = {
    Tracked.USERS: (f"users/delta?$select={PEOPLE}", "User.Read.All"),
    Tracked.GROUPS: (f"groups/delta?$select={GROUPS},members", "Group.Read.All"),
    Tracked.APPLICATIONS: (f"applications/delta?$select={CREDENTIALS}", "Application.Read.All"),
    Tracked.SERVICE_PRINCIPALS: (
        f"servicePrincipals/delta?$select={CREDENTIALS},{SERVICE}",
        "Application.Read.All",
    ),
}
"""As LISTINGS: the same fields, but for sign-ins, which no delta query tells.

https://learn.microsoft.com/graph/delta-query-overview: only what is chosen is tracked, and no
``$top`` is taken."""


def listing(endpoint: str, name: str) -> Ask:
    """One of LISTINGS."""
    path, permission = LISTINGS[name]
    return asked(endpoint, path, permission)


def delta(endpoint: str, tracked: Tracked) -> Ask:
    """What has changed of one of DELTAS from now on: nothing yet, and from where to ask.

    https://learn.microsoft.com/graph/delta-query-overview, "sync from now".
    """
    path, permission = DELTAS[tracked]
    return asked(endpoint, f"{path}&$deltatoken=latest", permission)


def sign_ins(endpoint: str, since: datetime) -> Ask:
    """Users whose last successful sign-in, interactive or not, was since then.

    https://learn.microsoft.com/graph/api/resources/signinactivity.
    """
    when = f"{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    chosen = f"$select=id,signInActivity&$top={MOST_WITH_SIGN_INS}"
    test = quote(f"signInActivity/lastSuccessfulSignInDateTime ge {when}")
    return asked(endpoint, f"users?{chosen}&$filter={test}", "User.Read.All and AuditLog.Read.All")


def members(endpoint: str, group: str) -> Ask:
    """Members of a group and of the groups in it."""
    path = f"groups/{quote(group, safe='')}/transitiveMembers"
    path += f"?$select=id,displayName,userPrincipalName&$top={MOST}"
    return asked(endpoint, path, "GroupMember.Read.All")


def asked(endpoint: str, path: str, permission: str) -> Ask:
    """A request of version 1.0."""
    needs = f"{permission} (Microsoft Graph application permission)"
    return Ask(api=Api.GRAPH, url=f"{endpoint}/v1.0/{path}", needs=needs)
