"""Looking at rules: what holds, what it says, how it came to be so."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import unified_diff

from quarterdeck.kernel.dumper import dump
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.rules.document import doc_of, kept
from quarterdeck.operations.rules.instance import Instance
from quarterdeck.operations.rules.model import Kept, Rule, RuleNotFound, State, Version
from quarterdeck.operations.rules.store import standing, written

MOST = 500
MOST_VERSIONS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A rule with what of it is pending or fires."""

    kept: Kept
    instances: Sequence[Instance]


def listed(
    work: Work,
    tenant: str = "",
    *,
    states: Sequence[State] = (),
    after: tuple[str, str] = ("", ""),
    limit: int = MOST,
) -> list[Kept]:
    """The next rules by tenant and name; only those in ``states``, if any are said."""
    tenants = _seen(work, tenant)
    found: list[Kept] = []
    while len(found) < limit:
        some = written.listed(work.db, tenants, after, MOST)
        found += [one for one in some if not states or one.standing.state in states]
        if len(some) < MOST:
            break
        after = (some[-1].tenant, some[-1].rule.name)
    return found[:limit]


def counts(work: Work, tenant: str = "") -> Mapping[State, int]:
    """How many rules are in each state."""
    return written.counts(work.db, _seen(work, tenant))


def one(work: Work, tenant: str, name: str) -> Account:
    """A rule with what it says; raise RuleNotFound."""
    own = work.require("alerts:read", tenant)
    found = written.of_name(work.db, own, name)
    if found is None:
        raise RuleNotFound(
            f"no rule {name[:80]!r}; quarterdeck alert rule list shows what there is"
        )
    known = standing.known(work.db, own, name).get(name, {})
    order = sorted(known.values(), key=lambda one: (one.state.value, sorted(one.labels.items())))
    return Account(kept=found, instances=order)


def history(work: Work, tenant: str, name: str) -> list[Version]:
    """The versions of a rule, newest first, also of one that was deleted; raise RuleNotFound."""
    own = work.require("alerts:read", tenant)
    found = written.history(work.db, own, name, MOST_VERSIONS)
    if not found:
        raise RuleNotFound(f"no rule {name[:80]!r} ever was")
    return found


def diff(work: Work, tenant: str, name: str, old: int, new: int) -> str:
    """What changed from one version to another, as lines; raise RuleNotFound."""
    own = work.require("alerts:read", tenant)
    then, now = (written.version(work.db, own, name, number) for number in (old, new))
    if then is None or now is None:
        raise RuleNotFound(f"rule {name[:80]!r} has no version {new if then else old}")
    return compared(then, now)


def compared(then: Version, now: Version) -> str:
    """What changed between two versions, as lines."""
    lines = unified_diff(
        yaml_of(kept(then.text)).splitlines(),
        yaml_of(kept(now.text)).splitlines(),
        f"version {then.version}",
        f"version {now.version}",
        lineterm="",
        n=2,
    )
    return "\n".join(lines)


def yaml_of(rule: Rule) -> str:
    """A rule as people read it."""
    return dump(doc_of(rule))


def _seen(work: Work, tenant: str) -> Tenants:
    return work.require("alerts:read", tenant) if tenant else work.tenants("alerts:read")
