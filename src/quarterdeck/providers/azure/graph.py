"""What is asked of Microsoft Graph: people, groups, roles, policies, applications.

https://learn.microsoft.com/graph/api/overview, version 1.0. Permissions are application
permissions, the least that each page names.
"""

from urllib.parse import quote

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


def listing(endpoint: str, name: str) -> Ask:
    """One of LISTINGS."""
    path, permission = LISTINGS[name]
    return asked(endpoint, path, permission)


def members(endpoint: str, group: str) -> Ask:
    """Members of a group and of the groups in it."""
    path = f"groups/{quote(group, safe='')}/transitiveMembers"
    path += f"?$select=id,displayName,userPrincipalName&$top={MOST}"
    return asked(endpoint, path, "GroupMember.Read.All")


def asked(endpoint: str, path: str, permission: str) -> Ask:
    """A request of version 1.0."""
    needs = f"{permission} (Microsoft Graph application permission)"
    return Ask(api=Api.GRAPH, url=f"{endpoint}/v1.0/{path}", needs=needs)
