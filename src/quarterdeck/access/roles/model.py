"""Roles and permissions: the whole matrix, as data.

Six roles are those of runbook 004 ("Who Should Use This Runbook"); the others are ours.
Permissions of features that come later stand here already: who may do a thing is decided
before it can be done.
"""

from dataclasses import dataclass
from difflib import get_close_matches

from quarterdeck.kernel.errors import Invalid

ADMIN = "admin"
TENANT_ADMIN = "tenant-admin"

PURPOSES = {
    "sre": "Daily operations, monitoring and scaling.",
    "on-call": "Incident response, troubleshooting and emergencies.",
    "devops": "Deployments, rollbacks and changes of configuration.",
    "security": "Security incidents, rotation of keys, preservation of evidence.",
    "compliance": "Recovery, legal holds, erasure, validation of the trail.",
    "management": "Escalation and review of postmortems.",
    "operator": "Runs the platform: tenants, connections, syncs, jobs, alerts.",
    "auditor": "Reads everything, discloses and verifies; changes nothing.",
    "producer": "A program that appends to the trail, sends samples or pushes alerts; no more.",
    TENANT_ADMIN: "Everything on a tenant but keys, erasure, the release of holds, and limits.",
    ADMIN: "Everything.",
}

# A tenant-admin hands out only what it holds, so these roles' marks are admin's to give.
RESERVED = frozenset(
    {
        "keys:backup",
        "keys:rotate",
        "keys:wrap",
        "erasure:request",
        "erasure:approve",
        "holds:release",
    }
    | {"limits:write", "approvals:write"}
)

_READERS = "sre on-call devops security compliance management operator auditor"
_IDENTITY = "sre security compliance management operator auditor"
_ANSWERERS = "sre on-call security management operator"
_SPEAKERS = "sre on-call management operator"
_PREFLIGHT = "sre on-call devops security operator"

_MATRIX = (
    ("access:ask", "Ask what one may do.", f"{_READERS} producer"),
    ("tokens:own", "Make, see, rotate and revoke one's own tokens.", f"{_READERS} producer"),
    ("sessions:own", "See and end one's own sessions.", _READERS),
    ("tenants:read", "See tenants.", _READERS),
    ("tenants:create", "Create a tenant.", "operator"),
    ("tenants:write", "Rename and describe a tenant.", "operator"),
    ("tenants:archive", "End a tenant; its log and evidence stay.", ""),
    ("principals:read", "See people and programs.", "security compliance auditor"),
    ("principals:create", "Add a person or a program.", ""),
    ("principals:disable", "Shut a person or a program out.", "security"),
    ("grants:read", "See who holds which role.", "security compliance auditor"),
    ("grants:create", "Give a role, if one holds all that it holds.", ""),
    ("grants:revoke", "Take a role away.", "security"),
    ("tokens:read", "See others' tokens, never their secrets.", "security auditor"),
    ("tokens:create", "Make a token for a program, or a first sign-in for a person.", ""),
    ("tokens:rotate", "Replace a program's token.", ""),
    ("tokens:revoke", "End anyone's token.", "security"),
    ("sessions:read", "See who is signed in.", "security auditor"),
    ("sessions:revoke", "End anyone's session.", "security"),
    ("limits:read", "See a tenant's request rate.", "sre operator"),
    ("limits:write", "Change a tenant's request rate.", ""),
    ("connections:read", "See how clouds are reached.", "sre devops security operator auditor"),
    ("connections:create", "Connect a cloud directory.", "operator"),
    ("connections:remove", "Disconnect a cloud directory.", "operator"),
    ("resources:read", "See the inventory.", _READERS),
    ("sync:read", "See syncs and how fresh the estate is.", _READERS),
    ("sync:trigger", "Start a sync.", "sre on-call devops operator"),
    ("sync:configure", "Change intervals and limits of syncs.", "operator"),
    ("identity:read", "See users and how they prove who they are.", _IDENTITY),
    ("preflight:run", "Try each call that the platform makes of a cloud.", _PREFLIGHT),
    ("onboarding:write", "Work through a tenant's checklist.", "operator"),
    ("costs:read", "See costs.", _READERS),
    ("costs:import", "Bring in costs from a file.", "operator"),
    ("budgets:read", "See budgets.", _READERS),
    ("budgets:write", "Set budgets.", "management operator"),
    ("compliance:read", "See compliance results.", _READERS),
    ("compliance:check", "Check compliance; keep the result.", "sre security compliance operator"),
    ("programmes:read", "See programmes and how far tenants are.", _READERS),
    ("programmes:write", "Define programmes; give evidence.", "devops compliance operator"),
    ("remediations:run", "Change cloud resources to remedy a finding.", "devops"),
    ("audit:ingest", "Append records to the trail.", "producer"),
    ("trail:read", "Read the trail, secret fields hidden.", _READERS),
    ("trail:disclose", "See committed fields of the trail.", "security compliance auditor"),
    ("trail:verify", "Validate the trail.", _READERS),
    ("exports:create", "Export from the trail.", "compliance auditor"),
    ("webhooks:write", "Have records of the trail sent out by webhooks.", "operator"),
    ("deadletters:read", "See dead letters.", "sre on-call security operator auditor"),
    ("deadletters:replay", "Replay dead letters.", "sre on-call"),
    ("deadletters:triage", "Classify and quarantine dead letters.", "sre on-call security"),
    ("deliveries:control", "Pause, resume and retry deliveries.", "sre on-call"),
    ("projections:pause", "Hold read models of the trail, and let them go on.", "sre on-call"),
    ("projections:rebuild", "Make read models of the trail anew.", "sre on-call operator"),
    ("evidence:preserve", "Hold evidence of an incident.", "security compliance"),
    ("integrity:investigate", "Lead a tamper investigation.", "security"),
    ("policies:read", "See policies of the trail.", _READERS),
    ("policies:write", "Change what of the trail is how secret, and who sees it.", "compliance"),
    ("retention:write", "Change how long records are kept.", "compliance"),
    ("approvals:write", "Change what a second person must agree to.", ""),
    ("holds:read", "See legal holds.", "security compliance auditor"),
    ("holds:place", "Place a legal hold.", "compliance"),
    ("holds:release", "Release a legal hold.", "compliance"),
    ("erasure:request", "Ask that a person's data be erased.", "compliance"),
    ("erasure:approve", "Approve an erasure.", "compliance"),
    ("keys:read", "See keys, never their secret parts.", "security compliance operator auditor"),
    ("keys:rotate", "Rotate keys.", "security"),
    ("keys:backup", "Back keys up and restore them.", "security"),
    ("keys:wrap", "Have a KMS wrap the keys of all logs, or end that.", "security"),
    ("health:read", "See health in detail.", _READERS),
    ("health:check", "Look at the health of services now.", "sre on-call devops operator"),
    ("services:write", "Register services and environments.", "sre devops operator"),
    ("events:read", "Watch what happens, live.", _READERS),
    ("metrics:read", "See metrics.", _READERS),
    ("metrics:write", "Record samples of metrics.", "devops operator producer"),
    ("logs:read", "Read the platform's own logs.", "sre on-call devops security operator"),
    ("alerts:read", "See alerts.", _READERS),
    ("alerts:push", "Push alerts, as Prometheus does.", "sre operator producer"),
    ("alerts:acknowledge", "Acknowledge an alert.", "sre on-call security operator"),
    ("alerts:resolve", "Resolve an alert.", "sre on-call security operator"),
    ("alerts:silence", "Silence alerts.", "sre on-call operator"),
    ("rules:write", "Write the rules by which alerts fire.", "sre operator"),
    ("routing:write", "Say who hears of which alerts.", "sre operator"),
    ("slos:read", "See SLOs and their error budgets.", _READERS),
    ("slos:write", "Set and remove SLOs.", "sre devops operator"),
    ("incidents:read", "See incidents.", _READERS),
    ("incidents:open", "Open an incident.", "sre on-call devops security operator"),
    ("incidents:acknowledge", "Acknowledge an incident.", "sre on-call security"),
    ("incidents:escalate", "Escalate an incident.", "sre on-call security management"),
    ("incidents:write", "Lead an incident: stages, roles, notes.", "sre on-call devops security"),
    ("notices:approve", "Let customers be told, in Legal's name.", "compliance management"),
    ("severities:write", "Say which severities there are, and what follows.", "sre management"),
    ("postmortems:read", "Read postmortems.", _READERS),
    ("postmortems:write", "Write postmortems.", "sre on-call devops security"),
    ("postmortems:approve", "Approve postmortems.", "management"),
    ("runbooks:read", "Read runbooks.", _READERS),
    ("runbooks:run", "Run a runbook.", "sre on-call devops operator"),
    ("emergencies:run", "Run an emergency runbook.", "on-call"),
    ("services:scale", "Scale a service.", "sre on-call"),
    ("deployments:deploy", "Deploy.", "devops"),
    ("deployments:rollback", "Roll a deployment back.", "on-call devops"),
    ("changes:read", "See changes.", _READERS),
    ("changes:record", "Tell what was changed.", "sre on-call devops security operator"),
    ("changes:freeze", "Freeze changes, and end a freeze.", "security"),
    ("maintenance:write", "Open and close maintenance windows.", "sre devops operator"),
    ("oncall:read", "See who is on call.", _READERS),
    ("oncall:override", "Hand over one's own shift.", "sre on-call devops security management"),
    ("oncall:write", "Change who is on call.", "sre management"),
    ("escalation:read", "See who is told when nobody answers.", _READERS),
    ("escalation:write", "Change who is told when nobody answers.", "sre management"),
    ("pages:read", "See pages: who was told, and who answered.", _READERS),
    ("pages:acknowledge", "Answer pages, and resolve them.", _ANSWERERS),
    ("pages:open", "Page somebody.", "sre on-call security operator"),
    ("contacts:read", "See whom to reach, and how.", _READERS),
    ("contacts:write", "Change the directory of contacts.", "sre management"),
    ("audiences:read", "See who is told of incidents, and in which words.", _READERS),
    ("audiences:write", "Change who is told of incidents, and in which words.", _SPEAKERS),
    ("cards:read", "See quick-reference cards.", _READERS),
    ("cards:write", "Write quick-reference cards.", "sre operator"),
    ("statuspage:read", "See the status page's drafts and subscribers.", _READERS),
    ("statuspage:write", "Write the status page: what customers read.", _SPEAKERS),
    ("channels:read", "See channels, and how people are reached.", _READERS),
    ("channels:write", "Change channels, and how people are reached.", "sre operator"),
    ("channels:test", "Have a channel tested.", "sre on-call operator"),
    ("messages:read", "See what was told by channels and mail.", _READERS),
    ("messages:write", "Have messages sent again, or let them go.", "sre on-call operator"),
    ("backups:run", "Back up.", "sre operator"),
    ("backups:restore", "Restore from a backup.", "sre compliance"),
    ("jobs:read", "See jobs and their progress.", "sre on-call devops operator auditor"),
    ("jobs:cancel", "Cancel a job.", "sre operator"),
    ("jobs:decide", "Say what became of a step nobody knows of.", "sre on-call operator"),
    ("packs:read", "See packs and their policy.", _READERS),
    ("packs:apply", "Apply a pack.", "devops operator"),
    ("config:read", "See settings and where each came from.", "sre devops security operator"),
    ("config:write", "Change configuration.", "devops"),
)


class UnknownRole(Invalid):
    """There is no such role."""


class UnknownPermission(Invalid):
    """There is no such permission."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A named set of permissions."""

    name: str
    purpose: str
    permissions: frozenset[str]


def _permissions(role: str) -> frozenset[str]:
    names = frozenset(name for name, _, _ in _MATRIX)
    if role == ADMIN:
        return names
    if role == TENANT_ADMIN:
        return names - RESERVED
    return frozenset(name for name, _, roles in _MATRIX if role in roles.split())


PERMISSIONS: dict[str, str] = {name: meaning for name, meaning, _ in _MATRIX}
"""What each permission allows, by its name."""

ROLES: dict[str, Role] = {
    name: Role(name=name, purpose=purpose, permissions=_permissions(name))
    for name, purpose in PURPOSES.items()
}
"""The built-in roles, by their names."""


def role(name: str) -> Role:
    """The role of that name.

    Raises:
        UnknownRole: says which there are.
    """
    if name not in ROLES:
        raise UnknownRole(f"no role {name[:80]!r}; there are {', '.join(ROLES)}")
    return ROLES[name]


def check_permission(name: str) -> None:
    """Refuse a permission that does not exist.

    Raises:
        UnknownPermission: names the nearest ones.
    """
    if name in PERMISSIONS:
        return
    near = get_close_matches(name[:80], PERMISSIONS, n=3)
    hint = f"did you mean {', '.join(near)}?" if near else "GET /api/v1/roles lists them"
    raise UnknownPermission(f"no permission {name[:80]!r}; {hint}")
