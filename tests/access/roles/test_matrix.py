"""The whole matrix, written out: what each role may do, and what it may not."""

import pytest

from quarterdeck.access.principals.model import demo_actor
from quarterdeck.access.roles.model import (
    PERMISSIONS,
    RESERVED,
    ROLES,
    UnknownPermission,
    UnknownRole,
    check_permission,
    role,
)
from quarterdeck.kernel.errors import Invalid

COLUMNS = [
    *("sre", "on-call", "devops", "security", "compliance", "management"),
    *("operator", "auditor", "producer", "tenant-admin", "admin"),
]

#                        sre onc dev sec com man ope aud pro ten adm
MATRIX = """
access:ask                x   x   x   x   x   x   x   x   x   x   x
tokens:own                x   x   x   x   x   x   x   x   x   x   x
sessions:own              x   x   x   x   x   x   x   x   .   x   x
tenants:read              x   x   x   x   x   x   x   x   .   x   x
tenants:create            .   .   .   .   .   .   x   .   .   x   x
tenants:write             .   .   .   .   .   .   x   .   .   x   x
tenants:archive           .   .   .   .   .   .   .   .   .   x   x
principals:read           .   .   .   x   x   .   .   x   .   x   x
principals:create         .   .   .   .   .   .   .   .   .   x   x
principals:disable        .   .   .   x   .   .   .   .   .   x   x
grants:read               .   .   .   x   x   .   .   x   .   x   x
grants:create             .   .   .   .   .   .   .   .   .   x   x
grants:revoke             .   .   .   x   .   .   .   .   .   x   x
tokens:read               .   .   .   x   .   .   .   x   .   x   x
tokens:create             .   .   .   .   .   .   .   .   .   x   x
tokens:rotate             .   .   .   .   .   .   .   .   .   x   x
tokens:revoke             .   .   .   x   .   .   .   .   .   x   x
sessions:read             .   .   .   x   .   .   .   x   .   x   x
sessions:revoke           .   .   .   x   .   .   .   .   .   x   x
limits:read               x   .   .   .   .   .   x   .   .   x   x
limits:write              .   .   .   .   .   .   .   .   .   .   x
connections:read          x   .   x   x   .   .   x   x   .   x   x
connections:create        .   .   .   .   .   .   x   .   .   x   x
connections:remove        .   .   .   .   .   .   x   .   .   x   x
resources:read            x   x   x   x   x   x   x   x   .   x   x
sync:read                 x   x   x   x   x   x   x   x   .   x   x
sync:trigger              x   x   x   .   .   .   x   .   .   x   x
sync:configure            .   .   .   .   .   .   x   .   .   x   x
identity:read             x   .   .   x   x   x   x   x   .   x   x
preflight:run             x   x   x   x   .   .   x   .   .   x   x
onboarding:write          .   .   .   .   .   .   x   .   .   x   x
costs:read                x   x   x   x   x   x   x   x   .   x   x
costs:import              .   .   .   .   .   .   x   .   .   x   x
budgets:read              x   x   x   x   x   x   x   x   .   x   x
budgets:write             .   .   .   .   .   x   x   .   .   x   x
compliance:read           x   x   x   x   x   x   x   x   .   x   x
compliance:check          x   .   .   x   x   .   x   .   .   x   x
programmes:read           x   x   x   x   x   x   x   x   .   x   x
programmes:write          .   .   x   .   x   .   x   .   .   x   x
remediations:run          .   .   x   .   .   .   .   .   .   x   x
audit:ingest              .   .   .   .   .   .   .   .   x   x   x
trail:read                x   x   x   x   x   x   x   x   .   x   x
trail:disclose            .   .   .   x   x   .   .   x   .   x   x
trail:verify              x   x   x   x   x   x   x   x   .   x   x
exports:create            .   .   .   .   x   .   .   x   .   x   x
deadletters:read          x   x   .   x   .   .   x   x   .   x   x
deadletters:replay        x   x   .   .   .   .   .   .   .   x   x
deadletters:triage        x   x   .   x   .   .   .   .   .   x   x
deliveries:control        x   x   .   .   .   .   .   .   .   x   x
projections:pause         x   x   .   .   .   .   .   .   .   x   x
projections:rebuild       x   x   .   .   .   .   x   .   .   x   x
evidence:preserve         .   .   .   x   x   .   .   .   .   x   x
integrity:investigate     .   .   .   x   .   .   .   .   .   x   x
policies:read             x   x   x   x   x   x   x   x   .   x   x
policies:write            .   .   .   .   x   .   .   .   .   x   x
webhooks:write            .   .   .   .   .   .   x   .   .   x   x
retention:write           .   .   .   .   x   .   .   .   .   x   x
approvals:write           .   .   .   .   .   .   .   .   .   .   x
holds:read                .   .   .   x   x   .   .   x   .   x   x
holds:place               .   .   .   .   x   .   .   .   .   x   x
holds:release             .   .   .   .   x   .   .   .   .   .   x
erasure:request           .   .   .   .   x   .   .   .   .   .   x
erasure:approve           .   .   .   .   x   .   .   .   .   .   x
keys:read                 .   .   .   x   x   .   x   x   .   x   x
keys:rotate               .   .   .   x   .   .   .   .   .   .   x
keys:backup               .   .   .   x   .   .   .   .   .   .   x
keys:wrap                 .   .   .   x   .   .   .   .   .   .   x
health:read               x   x   x   x   x   x   x   x   .   x   x
metrics:read              x   x   x   x   x   x   x   x   .   x   x
metrics:write             .   .   x   .   .   .   x   .   x   x   x
logs:read                 x   x   x   x   .   .   x   .   .   x   x
alerts:read               x   x   x   x   x   x   x   x   .   x   x
alerts:push               x   .   .   .   .   .   x   .   x   x   x
alerts:acknowledge        x   x   .   x   .   .   x   .   .   x   x
alerts:resolve            x   x   .   x   .   .   x   .   .   x   x
alerts:silence            x   x   .   .   .   .   x   .   .   x   x
rules:write               x   .   .   .   .   .   x   .   .   x   x
routing:write             x   .   .   .   .   .   x   .   .   x   x
slos:read                 x   x   x   x   x   x   x   x   .   x   x
slos:write                x   .   x   .   .   .   x   .   .   x   x
incidents:read            x   x   x   x   x   x   x   x   .   x   x
incidents:open            x   x   x   x   .   .   x   .   .   x   x
incidents:acknowledge     x   x   .   x   .   .   .   .   .   x   x
incidents:escalate        x   x   .   x   .   x   .   .   .   x   x
incidents:write           x   x   x   x   .   .   .   .   .   x   x
notices:approve           .   .   .   .   x   x   .   .   .   x   x
severities:write          x   .   .   .   .   x   .   .   .   x   x
postmortems:read          x   x   x   x   x   x   x   x   .   x   x
postmortems:write         x   x   x   x   .   .   .   .   .   x   x
postmortems:approve       .   .   .   .   .   x   .   .   .   x   x
runbooks:read             x   x   x   x   x   x   x   x   .   x   x
runbooks:run              x   x   x   .   .   .   x   .   .   x   x
emergencies:run           .   x   .   .   .   .   .   .   .   x   x
services:scale            x   x   .   .   .   .   .   .   .   x   x
deployments:deploy        .   .   x   .   .   .   .   .   .   x   x
deployments:rollback      .   x   x   .   .   .   .   .   .   x   x
changes:read              x   x   x   x   x   x   x   x   .   x   x
changes:record            x   x   x   x   .   .   x   .   .   x   x
changes:freeze            .   .   .   x   .   .   .   .   .   x   x
maintenance:write         x   .   x   .   .   .   x   .   .   x   x
oncall:read               x   x   x   x   x   x   x   x   .   x   x
oncall:override           x   x   x   x   .   x   .   .   .   x   x
oncall:write              x   .   .   .   .   x   .   .   .   x   x
escalation:read           x   x   x   x   x   x   x   x   .   x   x
escalation:write          x   .   .   .   .   x   .   .   .   x   x
pages:read                x   x   x   x   x   x   x   x   .   x   x
pages:acknowledge         x   x   .   x   .   x   x   .   .   x   x
pages:open                x   x   .   x   .   .   x   .   .   x   x
contacts:read             x   x   x   x   x   x   x   x   .   x   x
contacts:write            x   .   .   .   .   x   .   .   .   x   x
audiences:read            x   x   x   x   x   x   x   x   .   x   x
audiences:write           x   x   .   .   .   x   x   .   .   x   x
cards:read                x   x   x   x   x   x   x   x   .   x   x
cards:write               x   .   .   .   .   .   x   .   .   x   x
statuspage:read           x   x   x   x   x   x   x   x   .   x   x
statuspage:write          x   x   .   .   .   x   x   .   .   x   x
channels:read             x   x   x   x   x   x   x   x   .   x   x
channels:write            x   .   .   .   .   .   x   .   .   x   x
channels:test             x   x   .   .   .   .   x   .   .   x   x
messages:read             x   x   x   x   x   x   x   x   .   x   x
messages:write            x   x   .   .   .   .   x   .   .   x   x
backups:run               x   .   .   .   .   .   x   .   .   x   x
backups:restore           x   .   .   .   x   .   .   .   .   x   x
health:check              x   x   x   .   .   .   x   .   .   x   x
services:write            x   .   x   .   .   .   x   .   .   x   x
events:read               x   x   x   x   x   x   x   x   .   x   x
jobs:read                 x   x   x   .   .   .   x   x   .   x   x
jobs:cancel               x   .   .   .   .   .   x   .   .   x   x
jobs:decide               x   x   .   .   .   .   x   .   .   x   x
packs:read                x   x   x   x   x   x   x   x   .   x   x
packs:apply               .   .   x   .   .   .   x   .   .   x   x
config:read               x   .   x   x   .   .   x   .   .   x   x
config:write              .   .   x   .   .   .   .   .   .   x   x
"""


# runbook 004, "Who Should Use This Runbook": role, what it may, what it may not
RUNBOOK = {
    "sre": ("services:scale health:read metrics:read", "holds:place holds:release"),
    "on-call": (
        "incidents:open incidents:acknowledge emergencies:run",
        "deployments:deploy keys:rotate holds:place holds:release postmortems:approve",
    ),
    "devops": (
        "deployments:deploy deployments:rollback config:write",
        "keys:rotate changes:freeze holds:place holds:release postmortems:approve",
    ),
    "security": (
        "changes:freeze keys:rotate evidence:preserve",
        "deployments:deploy deployments:rollback holds:place holds:release postmortems:approve",
    ),
    "compliance": (
        "holds:place holds:release trail:verify backups:restore",
        "deployments:deploy deployments:rollback services:scale keys:rotate",
    ),
    "management": (
        "postmortems:approve incidents:escalate",
        "deployments:deploy keys:rotate changes:freeze holds:place holds:release",
    ),
}


@pytest.mark.census("ATP-004", "ATP-005", "ATP-006", "ATP-007", "ATP-008", "ATP-009")
def test_the_matrix_is_this_one() -> None:
    written = {}
    for line in MATRIX.split("\n")[1:-1]:
        name, *marks = line.split()
        written[name] = {column for column, mark in zip(COLUMNS, marks, strict=True) if mark == "x"}
    held = {name: {r.name for r in ROLES.values() if name in r.permissions} for name in PERMISSIONS}
    assert held == written
    for name, (allowed, denied) in RUNBOOK.items():
        assert set(allowed.split()) <= ROLES[name].permissions
        assert set(denied.split()) <= PERMISSIONS.keys() - ROLES[name].permissions


@pytest.mark.census("AG-163")
def test_an_operator_may_call_the_operations_endpoints() -> None:
    daily = "health:read metrics:read sync:read sync:trigger alerts:read alerts:resolve jobs:read"
    assert set(daily.split()) <= ROLES["operator"].permissions


def test_the_loopback_of_a_demo_never_touches_keys_erasure_or_the_release_of_holds() -> None:
    actor = demo_actor()
    assert actor.id == "demo@loopback"
    assert not {permission for permission, _ in actor.grants} & RESERVED
    assert actor.may("tenants:create", "any")


def test_a_name_that_is_no_permission_or_role_is_refused_with_what_was_meant() -> None:
    with pytest.raises(UnknownPermission, match="did you mean deployments:deploy"):
        check_permission("deployment:deploy")
    with pytest.raises(UnknownRole, match="there are sre, on-call"):
        role("superuser")
    assert issubclass(UnknownRole, Invalid)
