"""Escalation policies as packs declare them; named TENANT/POLICY."""

from collections.abc import Mapping
from typing import Any

import msgspec

from quarterdeck.kernel.work import TenantNotFound, Work
from quarterdeck.operations.escalation.document import PolicySpec
from quarterdeck.operations.escalation.model.faults import NoSuchEscalation
from quarterdeck.operations.escalation.service import policies
from quarterdeck.packs.naming import parts

__all__ = ["PolicySpec", "policy", "policy_names", "put_policy"]

Spec = Mapping[str, Any]
SHAPE = "TENANT/POLICY"


def policy(work: Work, name: str) -> Spec | None:
    """The policy of that name, as a spec."""
    tenant, called = parts(name, SHAPE)
    try:
        found = policies.one(work, tenant, called)
    except (NoSuchEscalation, TenantNotFound):
        return None
    plain: Spec = msgspec.to_builtins(found.spec)
    return plain


def put_policy(work: Work, name: str, spec: PolicySpec) -> None:
    """Have the policy of that name hold."""
    tenant, called = parts(name, SHAPE)
    policies.put(work, tenant, called, spec, why="as a pack has it")


def policy_names(work: Work) -> list[str]:
    """Every policy that there is."""
    return [f"{one.version.tenant}/{one.version.name}" for one in policies.listed(work)]
