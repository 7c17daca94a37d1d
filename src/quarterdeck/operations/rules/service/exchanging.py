"""Rules carried in and out, in each form that we read and write."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from quarterdeck.kernel.work import Work
from quarterdeck.operations.rules.catalogue import CATALOGUE
from quarterdeck.operations.rules.forms import native, phoenix, prometheus, sync
from quarterdeck.operations.rules.forms.text import document, keys, parsed
from quarterdeck.operations.rules.model import PromQL, Rule, RuleInvalid
from quarterdeck.operations.rules.service import looking, writing
from quarterdeck.operations.rules.service.writing import Applied

KEYS = (native.KEY, sync.KEY, phoenix.KEY, prometheus.KEY)


class Form(StrEnum):
    """How rules are written: ours; runbook 000's YAML; runbook 003's JSON; Prometheus'."""

    NATIVE = "native"
    SYNC = "sync-yaml"
    JSON = "json"
    PROMETHEUS = "prometheus"


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What a text has.

    Attributes:
        notes: what of it was left out, or has no effect here yet.
    """

    form: Form
    rules: Sequence[Rule]
    notes: Sequence[str]


def read(text: str, file: str = "") -> Read:
    """The rules of a text, whichever form it has; raise RuleInvalid.

    ``file``: where it comes from, for Prometheus' forms: groups of other files stay apart.
    """
    node = parsed(text)
    known = [key for key in KEYS if key in keys(node)]
    if len(known) != 1:
        raise RuleInvalid(f"expected one of {', '.join(KEYS)} at the top")
    notes: list[str] = []
    match known[0]:
        case native.KEY:
            form, rules = Form.NATIVE, native.read(document(node))
        case sync.KEY:
            form, rules = Form.SYNC, sync.read(document(node))
            notes.append("these look at the platform's own series: apply them to tenant _platform")
        case phoenix.KEY:
            form, rules = Form.JSON, phoenix.read(document(node))
        case _:
            said = prometheus.read(document(node, words=True), file)
            form, rules = Form.PROMETHEUS, list(said.rules)
            notes += said.notes
    return Read(form=form, rules=rules, notes=[*notes, *_unheard(rules)])


def carry_in(
    work: Work,
    tenant: str,
    text: str,
    *,
    file: str = "",
    why: str = "",
    expected: Mapping[str, int] = writing.ANY,
) -> Applied:
    """Apply every rule of a text at once, or none; raises as ``writing.apply_all``."""
    return writing.apply_all(work, tenant, read(text, file).rules, why, expected=expected)


def carry_out(work: Work, tenant: str, form: Form, file: str | None = None) -> str:
    """The rules of a tenant in one form, those that can be said in it; of one file, if said."""
    rules = [kept.rule for kept in looking.listed(work, tenant, limit=writing.MOST)]
    if file is not None:
        rules = [rule for rule in rules if rule.group and rule.group.file == file]
    return WRITTEN[form](rules)


def install_catalogue(work: Work, tenant: str, why: str = "") -> Applied:
    """Apply the rules of runbook 004's catalogue; those that somebody changed stay so."""
    work.require("rules:write", tenant)
    there = {kept.rule.name for kept in looking.listed(work, tenant, limit=writing.MOST)}
    fresh = [rule for rule in CATALOGUE if rule.name not in there]
    words = why or "the alert catalogue of runbook 004"
    done = writing.apply_all(work, tenant, fresh, words)
    kept = [rule.name for rule in CATALOGUE if rule.name in there]
    return Applied(created=done.created, changed=done.changed, unchanged=kept)


def _unheard(rules: Sequence[Rule]) -> list[str]:
    """What has no effect here yet: nobody shall believe that it has."""
    notes = []
    if any(rule.actions for rule in rules):
        notes.append("no e-mail is sent by a rule yet: route its alerts (alert routing)")
    if any(rule.remediation for rule in rules):
        notes.append("auto-remediation is shown, and not run: runbooks do not run yet")
    if any(isinstance(rule.condition, PromQL) for rule in rules):
        notes.append("PromQL is evaluated by an attached Prometheus; without one it is not known")
    return notes


WRITTEN = {
    Form.NATIVE: native.write,
    Form.SYNC: sync.write,
    Form.JSON: phoenix.write,
    Form.PROMETHEUS: prometheus.write,
}
