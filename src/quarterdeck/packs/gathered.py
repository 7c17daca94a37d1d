"""What a pack promises, gathered from all its items: facts, and the policy they come from."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.operations.escalation.model.policy import Policy
from quarterdeck.operations.severities.model import Ladder
from quarterdeck.packs import facts, stated
from quarterdeck.packs.alerted import AlertRuleSpec
from quarterdeck.packs.escalated import PolicySpec
from quarterdeck.packs.facts import SEVERITY, Fact
from quarterdeck.packs.graded import LadderSpec
from quarterdeck.packs.kinds import KINDS
from quarterdeck.packs.model import Item
from quarterdeck.packs.promised import SloSpec
from quarterdeck.packs.reached import ContactSpec

Form = TypeVar("Form")
AT = " at "
"""Between a level and the severity at which it is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """A pack's promises.

    Attributes:
        ladders, policies: by the names of their items.
    """

    items: tuple[Item, ...]
    facts: tuple[Fact, ...]
    ladders: Mapping[str, tuple[Item, Ladder]]
    policies: Mapping[str, tuple[Item, Policy]]

    def ladder_of(self, tenant: str) -> tuple[Item, Ladder] | None:
        """The ladder by which a tenant's severities are read: its own, or the platform's.

        Rules of the platform are read by the only ladder that a pack has.
        """
        only = next(iter(self.ladders.values())) if len(self.ladders) == 1 else None
        return self.ladders.get(tenant) or self.ladders.get(PLATFORM) or only

    def policy_of(self, tenant: str, name: str) -> tuple[Item, Policy] | None:
        """The escalation policy that a tenant means by a name: its own, or the platform's."""
        found = (self.policies.get(f"{of}/{name}") for of in (tenant, PLATFORM))
        return next((one for one in found if one), None)

    def by_subject(self) -> dict[tuple[str, str], list[Fact]]:
        """All facts, by tenant and what they are about."""
        found: dict[tuple[str, str], list[Fact]] = {}
        for one in self.facts:
            found.setdefault((one.tenant, one.of), []).append(one)
        return found


def gather(items: Iterable[Item]) -> Gathered:
    """The promises of ``items``, each of which is of its form."""
    known = tuple(items)
    ladders = {one.name: (one, spec.ladder()) for one, spec in _of(known, LadderSpec)}
    policies = {one.name: (one, spec.policy("any")) for one, spec in _of(known, PolicySpec)}
    bare = Gathered(items=known, facts=(), ladders=ladders, policies=policies)
    named = tuple(_by_name(bare, one) for one in _facts(known))
    return replace(bare, facts=named)


def _of(items: Iterable[Item], form: type[Form]) -> Iterator[tuple[Item, Form]]:
    for item in items:
        kind = KINDS.get(item.kind)
        if kind is not None and kind.form is form:
            spec = kind.read(item.spec)
            assert isinstance(spec, form)  # noqa: S101  it was read in this form
            yield item, spec


def _facts(items: tuple[Item, ...]) -> Iterator[Fact]:
    for item in items:
        if item.kind == stated.STATEMENTS:
            yield from stated.statements(item)
    for item, ladder in _of(items, LadderSpec):
        yield from facts.of_ladder(item, ladder)
    for item, policy in _of(items, PolicySpec):
        yield from facts.of_policy(item, policy)
    for item, rule in _of(items, AlertRuleSpec):
        yield from facts.of_rule(item, rule)
    for item, slo in _of(items, SloSpec):
        yield from facts.of_slo(item, slo)
    for item, contact in _of(items, ContactSpec):
        yield from facts.of_contact(item, contact)


def _by_name(found: Gathered, fact: Fact) -> Fact:
    """The fact, its severity called by its one name: what is said of P1 is said of SEV-1."""
    kept = found.ladder_of(fact.tenant)
    ladder = kept[1] if kept else None
    if fact.what == "severity-is":
        return replace(fact, value=facts.severity_of(ladder, str(fact.value)))
    before, divider, word = (
        fact.of.partition(" ") if fact.of.startswith(f"{SEVERITY} ") else fact.of.rpartition(AT)
    )
    if not divider:
        return fact
    return replace(fact, of=before + divider + facts.severity_of(ladder, word))
