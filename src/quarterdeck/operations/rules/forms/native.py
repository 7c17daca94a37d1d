"""The native form: ``rules:``, each as ``document`` has it. Pure."""

from collections.abc import Sequence
from typing import Any

from quarterdeck.kernel.dumper import dump
from quarterdeck.operations.rules.document import doc_of, rule_of
from quarterdeck.operations.rules.forms.text import mapping, sequence
from quarterdeck.operations.rules.model import Rule, RuleInvalid

KEY = "rules"


def read(found: dict[str, Any]) -> list[Rule]:
    """The rules of a document; raise RuleInvalid."""
    unknown = sorted(found.keys() - {KEY})
    if unknown:
        raise RuleInvalid(f"unknown field {unknown[0][:80]!r} beside rules")
    given = sequence(found[KEY], KEY)
    return [one(mapping(each, f"rules[{n}]"), f"rules[{n}]") for n, each in enumerate(given)]


def one(given: dict[str, Any], where: str = "rule") -> Rule:
    """A rule that links to what answers it, as each must (runbook 002); raise RuleInvalid."""
    rule = rule_of(given, where)
    if not rule.runbook and not rule.annotations.get("runbook_url"):
        raise RuleInvalid(
            f"rule {rule.name}: expected runbook, where the steps stand that answer it"
        )
    return rule


def write(rules: Sequence[Rule]) -> str:
    """Rules in this form."""
    return dump({KEY: [doc_of(rule) for rule in rules]})
