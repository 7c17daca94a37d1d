"""Preflight: what each feature asks of a cloud, what right that takes, and what came of it.

Actions are those of Azure role-based access control, permissions the application permissions
of Microsoft Graph; each is the least that the call's documentation names.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fnmatch import fnmatchcase

from quarterdeck.kernel.ids import ConnectionId, TenantId

READER = "Reader"
COST_READER = "Cost Management Reader"
SECURITY_READER = "Security Reader"
ROLES = (READER, COST_READER, SECURITY_READER)
"""The roles that runbook 000, section 5.1, has assigned."""

GRAPH = "00000003-0000-0000-c000-000000000000"
PERMISSION_IDS = {
    "User.Read.All": "df021288-bdef-4463-88db-98f22de89214",
    "Group.Read.All": "5b567255-7703-4780-807c-7be8301ae99b",
    "RoleManagement.Read.Directory": "483bed4a-2ad3-4361-a73b-c83ccdbdc53c",
    "AuditLog.Read.All": "b0afded3-3588-46d8-8b3d-9842eff778da",
    "Policy.Read.All": "246dd0d5-5bd0-4def-940b-0421030a5b68",
    "Application.Read.All": "9a5d68dd-52b0-4cc2-bd40-abcf418ac30e",
}
"""App roles of Microsoft Graph; "Microsoft Graph permissions reference"."""


class Outcome(StrEnum):
    """How a check came out. What could not be asked is not known, never a failure."""

    PASS = "pass"  # noqa: S105  no password
    FAIL = "fail"
    NOT_KNOWN = "not_known"


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """A call that a feature makes, and what it takes.

    Attributes:
        role: the role of Azure that would do; empty where none is needed.
        actions: the exact actions of the call.
        permission: the permission of Microsoft Graph; empty where none is needed.
        lost: what is not known without it.
    """

    name: str
    lost: str
    role: str = ""
    actions: tuple[str, ...] = ()
    permission: str = ""

    @property
    def missing(self) -> str:
        """What whoever is refused lacks, by its name."""
        return self.role or self.permission


TOKEN = Need(name="credential", lost="everything: no call is answered without a token")
SUBSCRIPTIONS = Need(
    name="subscriptions",
    lost="resources, costs and compliance: no subscription is seen",
    role=READER,
    actions=("Microsoft.Resources/subscriptions/read",),
)
DIRECTORY_ROLE = Need(
    name="directory_role",
    lost="whether the application holds more than it needs",
    permission="RoleManagement.Read.Directory",
)
OF_SUBSCRIPTION = (
    # Resource listings show only what one may read, so nothing less than */read shows all.
    Need(name="resources", lost="the inventory", role=READER, actions=("*/read",)),
    Need(
        name="role_assignments",
        lost="who is privileged on subscriptions",
        role=READER,
        actions=("Microsoft.Authorization/roleAssignments/read",),
    ),
    Need(
        name="policy_states",
        lost="policy compliance",
        role=READER,
        actions=(
            "Microsoft.PolicyInsights/policyStates/queryResults/read",
            "Microsoft.Authorization/policyAssignments/read",
            "Microsoft.Authorization/policyDefinitions/read",
            "Microsoft.Authorization/policySetDefinitions/read",
        ),
    ),
    Need(
        name="advice",
        lost="recommendations of Advisor",
        role=READER,
        actions=("Microsoft.Advisor/recommendations/read",),
    ),
    Need(
        name="costs",
        lost="costs",
        role=COST_READER,
        actions=("Microsoft.CostManagement/query/read",),
    ),
    Need(
        name="budgets",
        lost="budgets kept in the cloud",
        role=COST_READER,
        actions=("Microsoft.Consumption/budgets/read",),
    ),
    Need(
        name="secure_scores",
        lost="the secure score",
        role=SECURITY_READER,
        actions=("Microsoft.Security/secureScores/read",),
    ),
)
OF_DIRECTORY = (
    Need(name="users", lost="users, guests, stale accounts", permission="User.Read.All"),
    Need(name="groups", lost="rights held through groups", permission="Group.Read.All"),
    Need(
        name="directory_roles",
        lost="who is privileged in the directory",
        permission="RoleManagement.Read.Directory",
    ),
    Need(
        name="registrations",
        lost="who has registered for MFA",
        permission="AuditLog.Read.All",
    ),
    Need(
        name="conditional_access",
        lost="for whom MFA is enforced",
        permission="Policy.Read.All",
    ),
    Need(
        name="applications",
        lost="secrets and certificates about to expire",
        permission="Application.Read.All",
    ),
)
NEEDS = (TOKEN, SUBSCRIPTIONS, *OF_SUBSCRIPTION, *OF_DIRECTORY, DIRECTORY_ROLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of one check.

    Attributes:
        missing: role, permission or licence that would do; empty where nothing is.
        lost: what is not known without it.
        grant: commands that would grant it; empty where there are none to give.
    """

    name: str
    outcome: Outcome
    detail: str
    missing: str = ""
    lost: str = ""
    grant: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """A connection, or the cloud itself, and what came of its checks.

    Attributes:
        connection: empty for the cloud itself.
        job: whose it is.
        scopes: subscriptions that a custom role would be assigned on.
    """

    tenant: TenantId
    connection: ConnectionId
    name: str
    job: str
    at: datetime
    results: Sequence[Result]
    scopes: Sequence[str] = ()


def overall(outcomes: Iterable[Outcome]) -> Outcome:
    """One failure fails all; else what is not known makes all not known; of none too."""
    found = set(outcomes)
    if Outcome.FAIL in found:
        return Outcome.FAIL
    return Outcome.PASS if found == {Outcome.PASS} else Outcome.NOT_KNOWN


def smallest(actions: Iterable[str]) -> list[str]:
    """``actions`` without those that another of them covers; ``*`` stands for any text."""
    wanted = sorted(set(actions))
    return [one for one in wanted if not any(_covers(other, one) for other in wanted)]


def custom_role(scopes: Sequence[str], needs: Iterable[Need] = NEEDS) -> dict[str, object]:
    """The smallest role that would do for ``needs``, as ``az role definition create`` takes it."""
    return {
        "Name": "Quarterdeck Reader",
        "IsCustom": True,
        "Description": "Exactly what Quarterdeck reads.",
        "Actions": smallest(action for need in needs for action in need.actions),
        "NotActions": [],
        "DataActions": [],
        "NotDataActions": [],
        "AssignableScopes": [f"/subscriptions/{scope}" for scope in scopes]
        or ["/subscriptions/SUBSCRIPTION"],
    }


def permissions(needs: Iterable[Need] = NEEDS) -> list[str]:
    """The permissions of Microsoft Graph that ``needs`` take."""
    return sorted({need.permission for need in needs if need.permission})


def grant_of(need: Need, client: str, scopes: Sequence[str]) -> str:
    """The commands that would grant it; run by who may grant."""
    who = client or "APPLICATION_ID"
    if need.role:
        places = scopes or ["SUBSCRIPTION"]
        return "\n".join(
            f'az role assignment create --assignee {who} --role "{need.role}" '
            f"--scope /subscriptions/{place}"
            for place in places
        )
    if need.permission:
        named = PERMISSION_IDS[need.permission]
        return (
            f"az ad app permission add --id {who} --api {GRAPH} "
            f"--api-permissions {named}=Role\naz ad app permission admin-consent --id {who}"
        )
    return ""


def role_text(role: dict[str, object]) -> str:
    """A role as a file for ``az role definition create --role-definition @FILE``."""
    return json.dumps(role, indent=2)


def _covers(wide: str, one: str) -> bool:
    return wide != one and fnmatchcase(one.casefold(), wide.casefold())
