"""The alert that a rule raises about one thing. Pure."""

import re
from collections.abc import Mapping
from datetime import datetime

from quarterdeck.operations.alerts.labels import fingerprint
from quarterdeck.operations.alerts.pushed import Push
from quarterdeck.operations.rules.instance import Instance
from quarterdeck.operations.rules.model import MAIL, Action, Rule, Threshold

VALUE = re.compile(r"\{\{\s*(?:\$value(?:\s*\|\s*\w+)?|printf\s+\"[^\"]*\"\s+\$value)\s*\}\}")
LABEL = re.compile(r"\{\{\s*\$labels\.([a-zA-Z_][a-zA-Z0-9_]*)\s*\}\}")
NOT_RUN = "not run: runbooks do not run by themselves yet"
RUN = {
    "Freeze, escalate": "done when it is found: trail and changes are frozen; routing pages",
    "Pod restart (K8s)": "done for the processes of `up`, and where a restart command is named "
    "after the service; attempts stand under what was changed",
    "Scale workers (KEDA)": "done by `up`, as far as workers_most allows",
    "Retry, then page": "done: it is looked at again for the time of `for` before it is told",
    "Alert only": "done",
}
"""By the remediation of runbook 004's catalogue: what of it is done here."""

SAID, MOST_SAID = {"alertname", "severity", "tenant"}, 3
"""Labels that stand beside an alert's line anyhow, and of how many others it has the values."""

NOT_SENT = " (not sent by itself: route it)"


def key(rule: Rule, tenant: str, labels: Mapping[str, str]) -> str:
    """What the alert is known by: as one that is pushed with its labels."""
    return f"{tenant}/{fingerprint(rule.labelled(labels))}"


def push(
    rule: Rule, one: Instance, starts_at: datetime, ends_at: datetime | None, url: str
) -> Push:
    """The alert; it ends when it is said to, and never by time. ``url``: of the rule's page."""
    known_as = rule.labelled(one.labels)
    # Farther out it is the same alert, and worse. A severity that a label says is that one's.
    worse = {} if "severity" in rule.labels else {"severity": rule.severity_at(one.value)}
    return Push(
        labels=known_as | worse,
        known_as=known_as,
        annotations=annotations(rule, one, url),
        starts_at=starts_at,
        ends_at=ends_at,
        guessed=False,
        generator_url=url if "://" in url else "",
    )


def annotations(rule: Rule, one: Instance, url: str) -> dict[str, str]:
    """What to know of it: the rule's words, the value, where the steps stand."""
    value = "not known" if one.value is None else f"{one.value:.6g}"
    said = {name: _filled(words, one, value) for name, words in rule.annotations.items()}
    own = {"summary": summary(rule, one, value), "value": value}
    if "://" in rule.runbook:
        own["runbook_url"] = rule.runbook
    elif "runbook_url" not in said:
        own["runbook"] = f"{url}#respond"
        own["runbook_section"] = rule.runbook
    if rule.remediation:
        own["auto_remediation"] = f"{rule.remediation} ({remedy(rule)})"
    if rule.notification:
        own["notification"] = rule.notification
    for action in rule.actions:
        own[f"action_{action.type}"] = ", ".join(action.recipients) + _how(action)
    return {name: words for name, words in (own | said).items() if words}


def remedy(rule: Rule) -> str:
    """What is done of a rule's remediation."""
    return RUN.get(rule.remediation, NOT_RUN)


def summary(rule: Rule, one: Instance, value: str) -> str:
    """A line that says what is wrong, and of what: seven services down are seven lines."""
    found = [one.labels[name] for name in sorted(one.labels.keys() - SAID) if one.labels[name]]
    what = f"{rule.alertname} of {', '.join(found[:MOST_SAID])}" if found else rule.alertname
    condition = rule.condition
    if not isinstance(condition, Threshold):
        return what
    return f"{what}: {value} {condition.comparison} {condition.value:g}"


def _how(action: Action) -> str:
    return "" if action.type == MAIL else NOT_SENT


def _filled(words: str, one: Instance, value: str) -> str:
    with_value = VALUE.sub(lambda _: value, words)
    return LABEL.sub(lambda found: one.labels.get(found[1], ""), with_value)
