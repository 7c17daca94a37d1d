"""What follows from a directory as it was read: of each user, three-valued."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from quarterdeck.governance.identity.model.access import Policy, enforced
from quarterdeck.governance.identity.model.directory import Directory, Person
from quarterdeck.governance.identity.model.verdict import Answer, Verdict, of

LICENCE = "Microsoft Entra ID P1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What was read of a directory, and of what could not be, what is missing for it.

    Attributes:
        policies, registrations: None where they could not be read; then ``missing`` under
            the same name says why.
        registrations: by user, whether a second factor is registered.
        sign_ins: whether the directory tells sign-ins at all.
    """

    people: Sequence[Person]
    directory: Directory
    policies: Sequence[Policy] | None
    registrations: Mapping[str, bool] | None
    sign_ins: bool
    missing: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessed:
    """A user, and what is known of them.

    Attributes:
        sign_ins: whether ``person.last_sign_in`` says anything when it is None.
        registered: whether a second factor is registered.
        enforced: whether conditional access asks for one at every sign-in.
    """

    person: Person
    privileged: Answer
    roles: Sequence[str]
    registered: Answer
    enforced: Answer
    sign_ins: bool


def assess(evidence: Evidence) -> list[Assessed]:
    """Every user of the directory, in the order they were read."""
    return [_assessed(evidence, who) for who in evidence.people]


def tells_sign_ins(items: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a listing of users tells sign-ins: one that was made shows that all are told."""
    return any(item.get("signInActivity") for item in items)


def _assessed(evidence: Evidence, who: Person) -> Assessed:
    privileged = evidence.directory.privileged(who.id)
    unread = ", ".join(evidence.directory.unread) or "members of a group"
    return Assessed(
        person=who,
        privileged=Answer(
            verdict=privileged,
            why=f"not readable: {unread}" if privileged is Verdict.NOT_KNOWN else "",
        ),
        roles=evidence.directory.roles_of(who.id),
        registered=_registered(evidence, who),
        enforced=_enforced(evidence, who),
        sign_ins=evidence.sign_ins,
    )


def _registered(evidence: Evidence, who: Person) -> Answer:
    if evidence.registrations is None:
        return Answer(verdict=Verdict.NOT_KNOWN, why=evidence.missing.get("registrations", LICENCE))
    if who.id not in evidence.registrations:
        return Answer(verdict=Verdict.NOT_KNOWN, why="the registration report leaves this user out")
    return Answer(verdict=of(evidence.registrations[who.id]))


def _enforced(evidence: Evidence, who: Person) -> Answer:
    if evidence.policies is None:
        return Answer(verdict=Verdict.NOT_KNOWN, why=evidence.missing.get("policies", LICENCE))
    return enforced(evidence.policies, who, evidence.directory)
