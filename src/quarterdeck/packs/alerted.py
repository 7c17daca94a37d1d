"""Alert rules as packs declare them, each in its native form; named TENANT/RULE."""

from collections.abc import Mapping
from typing import Any

import msgspec

from quarterdeck.kernel.work import TenantNotFound, Work
from quarterdeck.operations.rules.document import doc_of, rule_of
from quarterdeck.operations.rules.model import Rule, RuleNotFound
from quarterdeck.operations.rules.service import looking, writing
from quarterdeck.packs.naming import parts

Spec = Mapping[str, Any]
SHAPE = "TENANT/RULE"
ANY = "any"  # a name that a rule may bear: its own stands in the item's


class AlertRuleSpec(msgspec.Struct, forbid_unknown_fields=True):
    """A rule without its name, as ``quarterdeck alert rule export`` writes one."""

    rule: dict[str, Any]

    def __post_init__(self) -> None:
        """Write it out as what stands is: so the same rule compares as the same."""
        self.rule = _nameless(self.under(ANY))

    def under(self, name: str) -> Rule:
        """The rule, under a name."""
        return rule_of(self.rule | {"name": name})


def alert_rule(work: Work, name: str) -> Spec | None:
    """The rule of that name, as a spec."""
    tenant, called = parts(name, SHAPE)
    try:
        return {"rule": _nameless(looking.one(work, tenant, called).kept.rule)}
    except (RuleNotFound, TenantNotFound):
        return None


def put_alert_rule(work: Work, name: str, spec: AlertRuleSpec) -> None:
    """Have the rule of that name hold."""
    tenant, called = parts(name, SHAPE)
    writing.apply(work, tenant, spec.under(called), why="a pack")


def alert_rule_names(work: Work) -> list[str]:
    """Every rule that there is."""
    return [f"{one.tenant}/{one.rule.name}" for one in looking.listed(work, limit=writing.MOST)]


def _nameless(rule: Rule) -> dict[str, Any]:
    return {key: value for key, value in doc_of(rule).items() if key != "name"}
