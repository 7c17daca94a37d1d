"""People write rules: each change is a version, with who and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from types import MappingProxyType

from quarterdeck.events.rules import RuleApplied, RulesImported
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.alerts import service as alerts
from quarterdeck.operations.rules import sign
from quarterdeck.operations.rules.document import kept, text_of
from quarterdeck.operations.rules.model import (
    Kept,
    Rule,
    RuleChanged,
    RuleInvalid,
    RuleNotFound,
    State,
    Version,
)
from quarterdeck.operations.rules.store import baselines, standing, written

MOST = 5000  # rules of one tenant
LONGEST_WHY = 2000
ANY: Mapping[str, int] = MappingProxyType({})
"""Rules at whichever version they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What became of rules that were applied, by their names."""

    created: Sequence[str]
    changed: Sequence[str]
    unchanged: Sequence[str]


def apply(work: Work, tenant: str, rule: Rule, *, why: str = "", expected: int = 0) -> Kept:
    """Have a rule hold from now on; the same again changes nothing.

    Raises:
        RuleInvalid: it cannot be kept.
        RuleChanged: it is not at the version that was ``expected``.
    """
    own = work.require("rules:write", tenant)
    standing.begin(work.db, own)
    old = written.of_name(work.db, own, rule.name)
    _check_version(rule.name, old, expected)
    if old is not None and _is_same(rule, old):
        return old
    _check_room(work, own, [] if old else [rule.name])
    _keep(work, own, [(rule, old)], "applied", why)
    return _found(work, own, rule.name)


def apply_all(
    work: Work,
    tenant: str,
    rules: Sequence[Rule],
    why: str = "",
    *,
    expected: Mapping[str, int] = ANY,
    dry_run: bool = False,
) -> Applied:
    """Apply many rules at once; one leaf stands for all.

    ``dry_run``: change nothing, and say or refuse what would come of it now.

    Raises:
        RuleInvalid: one of them cannot be kept, so none is.
        RuleChanged: one is not at the version that was ``expected`` of its name.
    """
    own = work.require("rules:write", tenant)
    if not dry_run:
        standing.begin(work.db, own)
    _check_once(rules)
    _check_why(why)
    there = written.of_names(work.db, own, [rule.name for rule in rules])
    _check_files(rules, there)
    for name, version in expected.items():
        _check_version(name, there.get(name), version)
    done = _compared(rules, there)
    _check_room(work, own, done.created)
    fresh = {*done.created, *done.changed}
    new = [(rule, there.get(rule.name)) for rule in rules if rule.name in fresh]
    if new and not dry_run:
        _keep(work, own, new, "applied", why, alone=False)
        words = "".join(sorted(f"{rule.name} {text_of(rule)}\n" for rule, _ in new))
        digest = sha256(words.encode()).hexdigest()
        work.publish(RulesImported(tenant=tenant, count=len(new), digest=digest, why=why))
    return done


def enable(work: Work, tenant: str, name: str, *, on: bool, why: str = "") -> Kept:
    """Have a rule be evaluated, or not; one that is so already stays as it is."""
    own = work.require("rules:write", tenant)
    standing.begin(work.db, own)
    old = _found(work, own, name)
    if old.rule.enabled is on:
        return old
    rule = replace(old.rule, enabled=on)
    _keep(work, own, [(rule, old)], "enabled" if on else "disabled", why)
    return _found(work, own, name)


def roll_back(work: Work, tenant: str, name: str, version: int, why: str = "") -> Kept:
    """Have a rule be again what it was at ``version``, as a new version; also one deleted."""
    own = work.require("rules:write", tenant)
    standing.begin(work.db, own)
    then = written.version(work.db, own, name, version)
    if then is None:
        raise RuleNotFound(f"rule {name[:80]!r} has no version {version}")
    old = written.of_name(work.db, own, name)
    rule = kept(then.text)
    if old is not None and old.text == then.text:
        return old
    _check_room(work, own, [] if old else [name])
    _keep(work, own, [(rule, old)], f"rolled back to {version}", why)
    return _found(work, own, name)


def delete(work: Work, tenant: str, name: str, why: str = "") -> None:
    """Have a rule hold no more; its alerts end, its versions stay. Raise RuleNotFound."""
    own = work.require("rules:write", tenant)
    standing.begin(work.db, own)
    old = _found(work, own, name)
    _keep(work, own, [(old.rule, old)], written.DELETED, why)
    written.remove(work.db, own, name)


def _keep(
    work: Work,
    own: Tenants,
    pairs: Sequence[tuple[Rule, Kept | None]],
    how: str,
    why: str,
    *,
    alone: bool = True,
) -> None:
    (tenant,) = own.ids
    numbers = written.newest(work.db, own, [rule.name for rule, _ in pairs])
    made = [
        (_version(work, tenant, rule, numbers.get(rule.name, 0) + 1, how, why), rule.enabled)
        for rule, _ in pairs
    ]
    written.add(work.db, own, made)
    for rule, old in pairs:
        if old is not None and (how == written.DELETED or _begins_anew(old.rule, rule)):
            end_all(work, tenant, old.rule)
        if old is not None and (how == written.DELETED or _looks_elsewhere(old.rule, rule)):
            baselines.drop(work.db, own, rule.name)
    for version, _ in made if alone else ():
        work.publish(_told(version))


def end_all(work: Work, tenant: str, rule: Rule) -> None:
    """End the alerts of a rule that is no more what it was."""
    own = Tenants(frozenset({tenant}))
    for one in standing.known(work.db, own, rule.name).get(rule.name, {}).values():
        if one.state is State.FIRING:
            alerts.clear(work, tenant, sign.key(rule, tenant, one.labels))
    standing.drop(work.db, own, rule.name, None)


def _begins_anew(old: Rule, new: Rule) -> bool:
    return not new.enabled or old.likeness() != new.likeness()


def _looks_elsewhere(old: Rule, new: Rule) -> bool:
    then, now = (getattr(one.condition, "measure", None) for one in (old, new))
    return then != now


def _version(work: Work, tenant: str, rule: Rule, number: int, how: str, why: str) -> Version:
    _check_why(why)
    return Version(
        tenant=tenant,
        name=rule.name,
        version=number,
        text=text_of(rule),
        by=work.actor.id,
        at=work.now,
        how=how,
        why=why,
    )


def _told(version: Version) -> RuleApplied:
    return RuleApplied(
        tenant=version.tenant,
        rule=version.name,
        version=str(version.version),
        how=version.how,
        why=version.why,
        digest=sha256(version.text.encode()).hexdigest(),
    )


def _found(work: Work, own: Tenants, name: str) -> Kept:
    found = written.of_name(work.db, own, name)
    if found is None:
        raise RuleNotFound(
            f"no rule {name[:80]!r}; quarterdeck alert rule list shows what there is"
        )
    return found


def _check_version(name: str, old: Kept | None, expected: int) -> None:
    now = old.version if old else 0
    if expected and expected != now:
        raise RuleChanged(f"rule {name} is at version {now}, not {expected}: look at it again")


def _check_why(why: str) -> None:
    if len(why) > LONGEST_WHY:
        raise RuleInvalid(f"a reason has at most {LONGEST_WHY} characters")


def _check_room(work: Work, own: Tenants, new: Sequence[str]) -> None:
    if new and written.count(work.db, own) + len(new) > MOST:
        raise RuleInvalid(f"a tenant has at most {MOST} rules")


def _compared(rules: Sequence[Rule], there: Mapping[str, Kept]) -> Applied:
    """What becomes of rules that are applied where others are ``there``."""
    same = {rule.name for rule in rules if rule.name in there and _is_same(rule, there[rule.name])}
    return Applied(
        created=[rule.name for rule in rules if rule.name not in there],
        changed=[rule.name for rule in rules if rule.name in there and rule.name not in same],
        unchanged=[rule.name for rule in rules if rule.name in same],
    )


def _is_same(rule: Rule, old: Kept) -> bool:
    return old.text == text_of(rule)


def _check_files(rules: Sequence[Rule], there: Mapping[str, Kept]) -> None:
    """Two rule files of Prometheus may each have an alert of one name: none replaces the other."""
    for rule in rules:
        old = there[rule.name].rule if rule.name in there else None
        then, now = (one.group.file if one and one.group else "" for one in (old, rule))
        if then and now and then != now:
            raise RuleInvalid(
                f"rule {rule.name}: files {then[:80]!r} and {now[:80]!r} both have it; "
                "rename it in one, or delete it first"
            )


def _check_once(rules: Sequence[Rule]) -> None:
    seen: set[str] = set()
    for rule in rules:
        if rule.name in seen:
            raise RuleInvalid(f"rule {rule.name!r} stands there twice")
        seen.add(rule.name)
