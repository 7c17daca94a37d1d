"""Policies, policy sets and assignments as Azure defines them: what states name by id."""

from collections.abc import Iterator

from quarterdeck.providers.simulator.estate import Json
from quarterdeck.providers.simulator.governing.policies import POLICIES, SETS, assignments

TYPE = "Microsoft.Authorization"
KINDS = ("policyDefinitions", "policySetDefinitions", "policyAssignments")


def defined(kind: str, subscription: str = "") -> Iterator[Json]:
    """All of a kind: those that are built in, or the assignments of a subscription."""
    if kind == "policyDefinitions":
        yield from (_definition(one.name, one.display, one.category) for one in POLICIES)
    elif kind == "policySetDefinitions":
        for name, display in SETS.items():
            yield _set(name, display)
    elif subscription:
        yield from _assigned(subscription)


def _definition(name: str, display: str, category: str) -> Json:
    # learn.microsoft.com/rest/api/policyauthorization/policy-definitions/get-built-in
    return {
        "properties": {
            "displayName": display,
            "policyType": "BuiltIn",
            "mode": "Indexed",
            "metadata": {"category": category, "version": "1.0.0"},
            "parameters": {},
            "policyRule": {"if": {"field": "type", "exists": "true"}, "then": {"effect": "audit"}},
        },
        "id": f"/providers/{TYPE}/policyDefinitions/{name}",
        "type": f"{TYPE}/policyDefinitions",
        "name": name,
    }


def _set(name: str, display: str) -> Json:
    # learn.microsoft.com/rest/api/policyauthorization/policy-set-definitions/get-built-in
    held = [
        {
            "policyDefinitionReferenceId": one.name,
            "policyDefinitionId": f"/providers/{TYPE}/policyDefinitions/{one.name}",
            "parameters": {},
        }
        for one in POLICIES
        if one.set == name
    ]
    about = {"displayName": display, "policyType": "BuiltIn", "metadata": {}, "parameters": {}}
    return {
        "properties": about | {"policyDefinitions": held},
        "id": f"/providers/{TYPE}/policySetDefinitions/{name}",
        "type": f"{TYPE}/policySetDefinitions",
        "name": name,
    }


def _assigned(subscription: str) -> Iterator[Json]:
    # learn.microsoft.com/rest/api/policyauthorization/policy-assignments/get
    seen = set()
    for policy, assignment in assignments(subscription):
        if assignment in seen:
            continue
        seen.add(assignment)
        of = "policySetDefinitions" if policy.set else "policyDefinitions"
        yield {
            "properties": {
                "displayName": SETS.get(policy.set, policy.display),
                "policyDefinitionId": f"/providers/{TYPE}/{of}/{policy.set or policy.name}",
                "scope": f"/subscriptions/{subscription}",
                "notScopes": [],
                "enforcementMode": "Default",
                "parameters": {},
            },
            "id": assignment,
            "type": f"{TYPE}/policyAssignments",
            "name": assignment.rpartition("/")[2],
        }
