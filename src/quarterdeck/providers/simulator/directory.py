"""The people, groups and applications of a simulated directory.

All follow from the directory's id. What happens over time, signing in and secrets that end,
is told against the moment that is asked about, and the day on which the cloud was started.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from quarterdeck.providers.simulator.chance import draw, share
from quarterdeck.providers.simulator.estate import Json, SimulatedTenant, guid

GIVEN = ("Ada", "Grace", "Linus", "Margaret", "Dennis", "Barbara", "Edsger", "Radia", "Jürgen")
FAMILY = (
    "Hopper",
    "Ångström",
    "Liskov",
    "Perlman",
    "Ritchie",
    "Hamilton",
    "Weiß",
    "Okafor",
    "Sato",
)
DEPARTMENTS = ("Platform", "Finance", "Operations", "Research", "Sales", "Security")

GUESTS = 0.15
DISABLED = 0.08
STALE = 0.12
NEVER = 0.04
MFA_REGISTERED = 0.82


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A user, as far as it does not change."""

    id: str
    number: int
    given: str
    family: str
    principal: str
    guest: bool
    enabled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryRole:
    """A built-in role of Entra ID."""

    name: str
    template: str
    privileged: bool


ROLES: Sequence[DirectoryRole] = (
    DirectoryRole(
        name="Global Administrator",
        template="62e90394-69f5-4237-9190-012177145e10",
        privileged=True,
    ),
    DirectoryRole(
        name="Privileged Role Administrator",
        template="e8611ab8-c189-46e8-94e1-60213ab1f814",
        privileged=True,
    ),
    DirectoryRole(
        name="Security Administrator",
        template="194ae4cb-b126-40b2-bd5b-6091b380977d",
        privileged=True,
    ),
    DirectoryRole(
        name="User Administrator",
        template="fe930be7-5e62-47db-91af-98c3a49a38b1",
        privileged=True,
    ),
    DirectoryRole(
        name="Application Administrator",
        template="9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3",
        privileged=True,
    ),
    DirectoryRole(
        name="Directory Readers",
        template="88d8e3e3-8f55-4a1e-953a-9b9898b8876b",
        privileged=False,
    ),
)
HOLDERS = (3, 1, 2, 2, 2, 4)
"""How many people hold each of ROLES; one more holds it through a group, or is an application."""


def people(tenant: SimulatedTenant) -> list[Person]:
    """The users of a directory."""
    return [person(tenant, number) for number in range(tenant.people)]


def person(tenant: SimulatedTenant, number: int) -> Person:
    """One user; the first ones are the administrators."""
    key = f"{tenant.id}/{number}"
    given, family = GIVEN[draw(key, 1) % len(GIVEN)], FAMILY[draw(key, 2) % len(FAMILY)]
    guest = number >= sum(HOLDERS) and share(key, "guest") < GUESTS
    local = f"{plain(given)}.{plain(family)}{number}".lower()
    domain = f"{tenant.domain}.onmicrosoft.com"
    outside = f"{local}_partner.example#EXT#@{domain}"
    return Person(
        id=guid(tenant.id, "user", str(number)),
        number=number,
        given=given,
        family=family,
        principal=outside if guest else f"{local}@{domain}",
        guest=guest,
        enabled=number < len(ROLES) or share(key, "disabled") >= DISABLED,
    )


def plain(name: str) -> str:
    """A name without the letters that an address cannot have."""
    return name.encode("ascii", "ignore").decode()


def signed_in(one: Person, born: datetime, now: datetime) -> datetime | None:
    """When a person signed in last; None for never.

    Those who have left have not since some day before the cloud was started; the others come
    back every few days, as the clock runs.
    """
    point = share(one.id, "habit")
    if point < NEVER:
        return None
    if point < NEVER + STALE or not one.enabled:
        return born - timedelta(days=91 + draw(one.id, "left") % 400, hours=9)
    period = timedelta(hours=14 + draw(one.id, "period") % 300)
    phase = timedelta(hours=draw(one.id, "phase") % 300)
    return now - (now - born + timedelta(days=400) + phase) % period


def groups(tenant: SimulatedTenant) -> list[Json]:
    """The groups of a directory."""
    return [group(tenant, number) for number in range(6 + tenant.people // 12)]


def group(tenant: SimulatedTenant, number: int) -> Json:
    """One group; the first may hold roles."""
    name = "Cloud operators" if number == 0 else f"Team {DEPARTMENTS[number % 6]} {number}"
    return {
        "id": guid(tenant.id, "group", str(number)),
        "displayName": name,
        "description": f"{name} of {tenant.name}",
        "mailEnabled": False,
        "mailNickname": name.replace(" ", "-").lower(),
        "securityEnabled": True,
        "groupTypes": [],
        "isAssignableToRole": True if number == 0 else None,
        "createdDateTime": "2024-02-01T08:00:00Z",
        "membershipRule": None,
        "visibility": None,
        "onPremisesSyncEnabled": None,
    }


def members(tenant: SimulatedTenant, found: Sequence[Person], number: int) -> list[Person]:
    """The people who are in a group themselves."""
    return [one for one in found if one.number % (6 + tenant.people // 12) == number]


def nested(tenant: SimulatedTenant, number: int) -> list[int]:
    """The groups that are in a group: the fourth is in the first, the fifth in the fourth."""
    return {0: [3], 3: [4]}.get(number, []) if tenant.people else []
