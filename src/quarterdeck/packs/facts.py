"""Facts: what single lines of a pack promise, in one form, so that they can be compared."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from quarterdeck.operations.escalation.document import PolicySpec
from quarterdeck.operations.escalation.severity import named
from quarterdeck.operations.escalation.spans import written
from quarterdeck.operations.rules.model import PromQL, Rule
from quarterdeck.operations.severities.model import Ladder, Notice
from quarterdeck.packs.alerted import AlertRuleSpec
from quarterdeck.packs.graded import LadderSpec
from quarterdeck.packs.model import Item, Place
from quarterdeck.packs.naming import parts
from quarterdeck.packs.promised import SloSpec
from quarterdeck.packs.reached import ContactSpec

Value = timedelta | float | str
SEVERITY = "severity"
MINUTES = {
    "respond": "respond_min",
    "resolve": "resolve_min",
    "update-every": "update_min",
    "war-room-at": "war_room_min",
}
"""Promises of a severity, by the field that holds its minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One promise, as one line has it.

    Attributes:
        of: what it is about: ``severity SEV-2``, ``alert DLQBacklog``, ``secret any``.
        what: one of PROMISES.
        stated: a statement of the source; else it is the pack's own policy.
    """

    tenant: str
    of: str
    what: str
    value: Value
    place: Place
    stated: bool = False

    @property
    def said(self) -> str:
        """The value, for people."""
        if isinstance(self.value, timedelta):
            return written(self.value)
        return f"{self.value:.13g}" if isinstance(self.value, float) else self.value


def of_ladder(item: Item, spec: LadderSpec) -> Iterator[Fact]:
    """What a ladder promises."""
    for n, one in enumerate(spec.severities):
        about = f"{SEVERITY} {one.name}"
        for what, attribute in MINUTES.items():
            minutes = getattr(one, attribute)
            if minutes is not None:
                place = item.at("severities", n, attribute)
                yield _fact(item.name, about, what, timedelta(minutes=minutes), place)
        if one.notice is Notice.CUSTOMERS:
            after = timedelta(minutes=one.notice_min)
            place = item.at("severities", n, "notice_min" if one.notice_min else "notice")
            yield _fact(item.name, about, "customers-told-at", after, place)


def of_policy(item: Item, spec: PolicySpec) -> Iterator[Fact]:
    """When whom an escalation policy tells and engages: of each level, by severity."""
    policy = spec.policy("any")
    name = parts(item.name, "TENANT/POLICY")[1]
    for n, level in enumerate(policy.levels):
        sides: tuple[tuple[str, str, Mapping[str, timedelta | None]], ...] = (
            ("told-at", "notify_at", level.notify_at),
            ("joins-at", "engage_at", level.engage_at),
        )
        for what, field, times in sides:
            for severity, at in times.items():
                if at is not None:
                    place = item.at("levels", n, field, _written(item, n, field, severity))
                    about = f"level {name}/{level.name} at {severity}"
                    yield _fact(item.tenant, about, what, at, place)


def of_rule(item: Item, spec: AlertRuleSpec) -> Iterator[Fact]:
    """At what an alert fires, and after how long."""
    rule = spec.under(parts(item.name, "TENANT/RULE")[1])
    about = f"alert {rule.alertname}"
    yield _fact(item.tenant, about, "holds-for", rule.hold, item.at("rule", "for"))
    yield _fact(item.tenant, about, "severity-is", _word(rule), item.at("rule", "severity"))
    if not isinstance(rule.condition, PromQL):
        limit = f"{rule.condition.comparison.value} {rule.condition.value:g}"
        place = item.at("rule", "threshold", "value")
        yield _fact(item.tenant, about, "threshold", limit, place)


def of_contact(item: Item, spec: ContactSpec) -> Iterator[Fact]:
    """How soon a contact answers, and when it is there."""
    about = f"contact {parts(item.name, 'TENANT/CONTACT')[1]}"
    if spec.responds_in_min is not None:
        minutes = timedelta(minutes=spec.responds_in_min)
        yield _fact(item.tenant, about, "respond", minutes, item.at("responds_in_min"))
    if spec.coverage:
        yield _fact(item.tenant, about, "covers", spec.coverage, item.at("coverage"))


def of_slo(item: Item, spec: SloSpec) -> Iterator[Fact]:
    """What part of all must be good, in percent."""
    slo = spec.slo()
    for one in slo.objectives:
        which = f" {one.display_name}" if len(slo.objectives) > 1 else ""
        about = f"slo {slo.metadata.name}{which}"
        yield _fact(item.tenant, about, "objective", float(100 * one.target), item.at("openslo"))


def severity_of(ladder: Ladder | None, word: str) -> str:
    """The one name of the severity that ``word`` means: P1 is SEV-1, if nothing says otherwise."""
    known = ladder.named(word) if ladder else None
    return known.name if known else named(word) or word


def _written(item: Item, level: int, field: str, severity: str) -> str:
    """The word by which a level's line means a severity: P1 where it is read as SEV-1."""
    levels = item.spec.get("levels") or ()
    said = levels[level].get(field) if level < len(levels) else None
    words = said if isinstance(said, dict) else {}
    return next((word for word in words if named(word) == severity), severity)


def _word(rule: Rule) -> str:
    return named(rule.severity) or rule.severity


def _fact(tenant: str, of: str, what: str, value: Any, place: Place) -> Fact:  # noqa: ANN401
    return Fact(tenant=tenant, of=of, what=what, value=value, place=place)
