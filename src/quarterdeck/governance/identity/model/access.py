"""Conditional access, evaluated: whom a policy truly makes prove themselves twice.

Shapes: Microsoft Graph v1.0, conditionalAccessPolicy. A policy counts only where it asks for
MFA at every sign-in of the user: enabled (not report-only), for all apps, under no condition
that leaves sign-ins out, and with no other control that would do instead.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from quarterdeck.governance.identity.model.directory import Directory, Person
from quarterdeck.governance.identity.model.shape import Item, name_of, part, word, words
from quarterdeck.governance.identity.model.verdict import (
    Answer,
    Verdict,
    all_of,
    any_of,
    of,
    opposite,
)

ENABLED, REPORT_ONLY = "enabled", "enabledForReportingButNotEnforced"
EVERY_CLIENT = {"browser", "mobileAppsAndDesktopClients", "exchangeActiveSync", "other"}
GUEST_KINDS = 6
"""Kinds of guests and external users that Graph tells apart; fewer named are not all."""

NARROWING = ("signInRiskLevels", "userRiskLevels", "insiderRiskLevels", "authenticationFlows")


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """Whom one side of a policy, inclusion or exclusion, means.

    Attributes:
        everyone: All.
        guests: every guest; None: some kinds of them, and Graph does not say whose.
    """

    everyone: bool = False
    guests: bool | None = False
    users: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()

    def means(self, who: Person, directory: Directory) -> Verdict:
        """Whether ``who`` is meant."""
        if self.everyone or who.id in self.users:
            return Verdict.YES
        guests = Verdict.NOT_KNOWN if self.guests is None else of(self.guests)
        return any_of(
            [
                guests if who.guest else Verdict.NO,
                *(directory.in_group(group, who.id) for group in self.groups),
                *(directory.in_role(role, who.id) for role in self.roles),
            ]
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A conditional access policy, as far as MFA is concerned.

    Attributes:
        asks: whether its grant cannot be had without MFA; not known of an authentication
            strength whose requirements were not told.
        gaps: the sign-ins it leaves out, in words; empty: none.
    """

    id: str
    name: str
    state: str
    asks: Verdict
    gaps: tuple[str, ...]
    include: Aim
    exclude: Aim

    def means(self, who: Person, directory: Directory) -> Verdict:
        """Whether the policy is about ``who``: exclusion wins over inclusion."""
        return all_of(
            [
                self.include.means(who, directory),
                opposite(self.exclude.means(who, directory)),
            ]
        )

    def enforces(self, who: Person, directory: Directory) -> Verdict:
        """Whether it makes ``who`` prove themselves twice at every sign-in."""
        if self.state != ENABLED or self.gaps:
            return Verdict.NO
        return all_of([self.asks, self.means(who, directory)])


def enforced(policies: Sequence[Policy], who: Person, directory: Directory) -> Answer:
    """Whether any policy enforces MFA for ``who``, and which; else what comes nearest."""
    found = [(policy.enforces(who, directory), policy.name) for policy in policies]
    verdict = any_of(answer for answer, _ in found)
    if verdict is not Verdict.NO:
        names = (name for answer, name in found if answer is verdict)
        how = "by" if verdict is Verdict.YES else "members or strength not readable:"
        return Answer(verdict=verdict, why=f"{how} {next(names)}")
    return Answer(verdict=verdict, why=_nearest(policies, who, directory))


def policy(item: Item) -> Policy:
    """A policy as Graph sends it."""
    conditions = part(item, "conditions")
    users = part(conditions, "users")
    return Policy(
        id=name_of(item),
        name=word(item, "displayName") or name_of(item),
        state=word(item, "state"),
        asks=_asks(part(item, "grantControls")),
        gaps=tuple(_gaps(conditions)),
        include=_aim(users, "include"),
        exclude=_aim(users, "exclude"),
    )


def groups_named(policies: Sequence[Policy]) -> set[str]:
    """The groups whose members one must know to evaluate ``policies``."""
    return {g for p in policies for aim in (p.include, p.exclude) for g in aim.groups}


def _asks(grant: Item) -> Verdict:
    controls = words(grant, "builtInControls")
    strength = part(grant, "authenticationStrength")
    others = len(controls) + len(words(grant, "customAuthenticationFactors"))
    others += len(words(grant, "termsOfUse")) + bool(strength)
    alone = others == 1 or word(grant, "operator").upper() == "AND"
    if "mfa" in controls:
        return of(alone)
    if not strength or not alone:
        return Verdict.NO
    told = strength.get("requirementsSatisfied")
    return Verdict.NOT_KNOWN if told is None else of(told == "mfa")


def _gaps(conditions: Item) -> list[str]:
    applications = part(conditions, "applications")
    clients = set(words(conditions, "clientAppTypes") or ["all"])
    narrow = {
        "other apps": "All" not in words(applications, "includeApplications"),
        "excluded apps": bool(applications.get("excludeApplications"))
        or bool(applications.get("applicationFilter")),
        "other clients": "all" not in clients and not clients >= EVERY_CLIENT,
        "other locations": _partial(part(conditions, "locations"), "Locations", "All"),
        "other platforms": _partial(part(conditions, "platforms"), "Platforms", "all"),
        "some devices": bool(conditions.get("devices")),
        "sign-ins without that risk": any(conditions.get(name) for name in NARROWING),
    }
    return [said for said, leaves_out in narrow.items() if leaves_out]


def _partial(condition: Item, what: str, everything: str) -> bool:
    if not condition:
        return False
    included = words(condition, f"include{what}") or [everything]
    return everything not in included or bool(condition.get(f"exclude{what}"))


def _aim(users: Item, side: str) -> Aim:
    named = set(words(users, f"{side}Users"))
    return Aim(
        everyone="All" in named,
        guests="GuestsOrExternalUsers" in named or _guests(users, f"{side}GuestsOrExternalUsers"),
        users=frozenset(named - {"All", "None", "GuestsOrExternalUsers"}),
        groups=frozenset(words(users, f"{side}Groups")),
        roles=frozenset(role.casefold() for role in words(users, f"{side}Roles")),
    )


def _guests(users: Item, name: str) -> bool | None:
    told = part(users, name)
    if not told:
        return False
    kinds = [kind for kind in word(told, "guestOrExternalUserTypes").split(",") if kind]
    tenants = word(part(told, "externalTenants"), "membershipKind") or "all"
    return True if len(kinds) >= GUEST_KINDS and tenants == "all" else None


def _nearest(policies: Sequence[Policy], who: Person, directory: Directory) -> str:
    asking = [p for p in policies if p.asks is not Verdict.NO]
    about = [p for p in asking if p.means(who, directory) is not Verdict.NO]
    for one in about:
        if one.state == REPORT_ONLY:
            return f"{one.name} only reports"
        if one.state == ENABLED and one.gaps:
            return f"{one.name} leaves out {one.gaps[0]}"
    excluded = (p for p in asking if p.exclude.means(who, directory) is Verdict.YES)
    spared = next((p for p in excluded if p.state == ENABLED), None)
    return f"{spared.name} excludes this user" if spared else "no policy asks for it"
