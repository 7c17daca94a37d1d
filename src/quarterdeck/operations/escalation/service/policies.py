"""People write policies: each change is a version, with who and why; any can be put back."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import Connection

from quarterdeck.access.tenants import service as access
from quarterdeck.events.escalation import EscalationPolicyApplied
from quarterdeck.kernel import versions
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.escalation import tree
from quarterdeck.operations.escalation.document import PolicySpec, kept, read, text_of
from quarterdeck.operations.escalation.model.faults import (
    EscalationChanged,
    NoSuchEscalation,
    UnusableEscalation,
)
from quarterdeck.operations.escalation.model.policy import Policy, check_name
from quarterdeck.operations.escalation.model.version import APPLIED, DELETED, Version
from quarterdeck.operations.escalation.store import policies

READ, WRITE = "escalation:read", "escalation:write"
MOST, MOST_VERSIONS, LONGEST_WHY, MOST_HANDED = 200, 200, 2000, 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A policy that holds."""

    version: Version
    spec: PolicySpec
    policy: Policy


def put(
    work: Work,
    tenant: str,
    name: str,
    spec: PolicySpec,
    *,
    why: str = "",
    expected: int | None = None,
) -> tuple[Standing, bool]:
    """Have a policy hold for pages that are opened from now on; whether it changed.

    Raises:
        UnusableEscalation: it cannot be, or comes back to itself by what it hands over to.
        EscalationChanged: it is not at the version that was ``expected``; 0: not there yet.
    """
    own = _writable(work, tenant, name)
    said = spec.policy(name)
    old = policies.of_name(work.db, own, name)
    versions.expect(f"policy {name}", old.version if old else 0, expected, EscalationChanged)
    if old is not None and old.text == text_of(spec):
        return standing_of(old), False
    if old is None and policies.count(work.db, own) >= MOST:
        raise UnusableEscalation(f"a tenant has at most {MOST} escalation policies")
    check_chain(work, tenant, said)
    made = _keep(work, own, (tenant, name), text_of(spec), APPLIED, why)
    return standing_of(made), True


def apply(
    work: Work, tenant: str, name: str, text: str, *, why: str = "", expected: int | None = None
) -> tuple[Standing, bool]:
    """As ``put``, of what somebody wrote."""
    work.require(WRITE, tenant)  # whoever may not hears nothing of what is wrong
    return put(work, tenant, name, read(text), why=why, expected=expected)


def delete(
    work: Work, tenant: str, name: str, *, why: str = "", expected: int | None = None
) -> None:
    """Have a policy hold no more. Open pages go on under it; its versions stay."""
    own = work.require(WRITE, tenant)
    old = _found(work, own, name)
    versions.expect(f"policy {name}", old.version, expected, EscalationChanged)
    _keep(work, own, (tenant, name), old.text, DELETED, why)


def put_back(
    work: Work, tenant: str, name: str, number: int, *, why: str = "", expected: int | None = None
) -> Standing:
    """Have a policy be what it was at a version, as a new one; also one that was deleted."""
    own = _writable(work, tenant, name)
    then = policies.version(work.db, own, name, number)
    if then is None:
        raise NoSuchEscalation(f"policy {name[:80]!r} has no version {number}")
    old = policies.of_name(work.db, own, name)
    versions.expect(f"policy {name}", old.version if old else 0, expected, EscalationChanged)
    if old is not None and old.text == then.text:
        return standing_of(old)
    check_chain(work, tenant, standing_of(then).policy)
    return standing_of(_keep(work, own, (tenant, name), then.text, f"put back to {number}", why))


def one(work: Work, tenant: str, name: str) -> Standing:
    """One policy; raise NoSuchEscalation."""
    return standing_of(_found(work, work.require(READ, tenant), name))


def listed(
    work: Work, tenant: str = "", *, after: tuple[str, str] = ("", ""), limit: int = MOST
) -> list[Standing]:
    """Policies by tenant and name."""
    own = work.require(READ, tenant) if tenant else work.tenants(READ)
    return [standing_of(one) for one in policies.listed(work.db, own, after=after, limit=limit)]


def history(work: Work, tenant: str, name: str) -> Sequence[Version]:
    """The versions of a policy, newest first; also of one that was deleted."""
    found = policies.history(work.db, work.require(READ, tenant), name, MOST_VERSIONS)
    if not found:
        raise NoSuchEscalation(f"there never was an escalation policy {name[:80]!r}")
    return found


def decide(work: Work, tenant: str, name: str, answers: Sequence[str]) -> tree.Decision:
    """Where these answers lead in the decision tree of a policy."""
    spec = one(work, tenant, name).spec
    if spec.decide is None:
        raise NoSuchEscalation(f"policy {name[:80]!r} has no decision tree")
    return tree.walked(spec.decide, answers)


def holding(work: Work, tenant: str, name: str) -> Standing | None:
    """What holds under a name for a tenant, its own or the platform's, whole: for its pages.

    In nobody's name. What it hands over to is part of it, unless that was changed since so
    that it does not fit any more: a page is opened all the same.
    """
    found = _any(work, tenant, name)
    if found is None:
        return None
    standing = standing_of(found)
    try:
        whole = _whole(work, tenant, standing.policy)
    except UnusableEscalation:
        whole = standing.policy
    return Standing(version=found, spec=standing.spec, policy=whole)


def are_there(db: Connection) -> bool:
    """Whether anybody has a policy: whether pages are to be thought of at all."""
    return policies.are_there(db)


def standing_of(version: Version) -> Standing:
    """A version, read."""
    spec = kept(version.text)
    return Standing(version=version, spec=spec, policy=spec.policy(version.name))


def _any(work: Work, tenant: str, name: str) -> Version | None:
    for of in dict.fromkeys((tenant, PLATFORM)):
        found = policies.of_name(work.db, Tenants(frozenset({of})), name)
        if found is not None:
            return found
    return None


def _whole(work: Work, tenant: str, policy: Policy) -> Policy:
    """With the levels of what it hands over to; one that is gone by now adds none."""
    for _ in range(MOST_HANDED):
        found = _any(work, tenant, policy.then) if policy.then else None
        if found is None:
            break
        policy = policy.followed_by(standing_of(found).policy)
    return policy


def check_chain(work: Work, tenant: str, policy: Policy) -> None:
    """Refuse a policy that comes back to itself, never ends, or hands over to what does not fit."""
    seen, then = [policy.name], policy.then
    while then:
        if then in seen or len(seen) > MOST_HANDED:
            raise UnusableEscalation(f"it hands over in a circle: {' > '.join([*seen, then])}")
        seen.append(then)
        found = _any(work, tenant, then)
        then = standing_of(found).policy.then if found else ""
    _whole(work, tenant, policy)


def _writable(work: Work, tenant: str, name: str) -> Tenants:
    own = work.require(WRITE, tenant)
    check_name(name)
    if tenant != PLATFORM:
        access.require_open(work, tenant)
    return own


def _found(work: Work, own: Tenants, name: str) -> Version:
    found = policies.of_name(work.db, own, name)
    if found is None:
        raise NoSuchEscalation(
            f"no escalation policy {name[:80]!r}; quarterdeck escalation list shows what there is"
        )
    return found


def _keep(
    work: Work, own: Tenants, place: tuple[str, str], text: str, how: str, why: str
) -> Version:
    tenant, name = place
    if len(why) > LONGEST_WHY:
        raise UnusableEscalation(f"a reason has at most {LONGEST_WHY} characters", "#/why")
    made = Version(
        tenant=tenant,
        name=name,
        version=policies.newest(work.db, own, name) + 1,
        text=text,
        by=work.actor.id,
        at=work.now,
        how=how,
        why=why,
    )
    if not policies.add(work.db, own, made):
        raise EscalationChanged(f"policy {name} was changed just now: look at it again")
    work.publish(
        EscalationPolicyApplied(
            tenant=tenant,
            policy=name,
            version=str(made.version),
            how=how,
            why=why,
            digest=sha256(text.encode()).hexdigest(),
        )
    )
    return made
