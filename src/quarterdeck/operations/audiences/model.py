"""An audience: who is told of an incident, and the words that are theirs. Pure.

Words stand in templates, whose only markup is a name, ``${severity}``, and ``$$`` for a dollar:
nothing in them is carried out, and no value is looked at for names in turn.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from string import Template

from quarterdeck.kernel.errors import Conflict, Invalid, NotFound
from quarterdeck.kernel.text import is_storable
from quarterdeck.operations.severities.model import Flag

NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?")
MAX_LINE, MAX_TEXT, MAX_MANY = 500, 10_000, 50

OUTWARD = {
    "incident": "its id: INC-2026-000001",
    "title": "severity, service and symptom in one line",
    "symptom": "what is seen, in brief",
    "severity": "the name of its severity",
    "status": "what is said of it to others: Investigating, Mitigated, Resolved",
    "service": "the service that it is about",
    "services": "all services that it touches",
    "region": "where",
    "began": "since when, in UTC",
    "lasted": "for how long, or so far",
    "tenants": "the affected tenants; to a customer theirs alone",
    "update": "what was posted",
    "next_update": "when the next update is due, in UTC",
}
"""Names that any template may use, and what stands in their place."""

INWARD = {
    "stage": "detection, triage, ... postmortem",
    "environment": "of its services",
    "flags": "security, data-loss, ...",
    "impact": "what it does to whom",
    "customers": "the affected tenants, each with its contacts outside: a line each",
    "commander": "who leads it",
    "war_room": "where people meet",
    "cause": "root causes that were found",
    "mitigation": "what mitigated it, for now or for good",
    "by": "who posted the update",
}
"""Names for those inside alone."""

CUSTOMERS = "customers"
"""The name of the product's own words for customers: whoever bears it is the customers."""

FOR_CUSTOMERS = {"customer": "the customer's own name"}
"""Names that say something to customers alone."""


class UnusableAudience(Invalid):
    """An audience that cannot be kept; the message says which part, and why."""


class NoSuchAudience(NotFound):
    """There is no such audience, or none that this actor may see."""


class AudienceChanged(Conflict):
    """Somebody else changed the audience meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Who is told, and in which words; its name is its own within the tenant.

    ``customers`` is the name of customers alone.

    Attributes:
        subject, text: templates, of one line and of several.
        channels, contacts: names of the tenant's channels, and of contacts in the directory.
        customers: it is the customers of the affected tenants, each told of their own alone,
            once Legal lets them; then it names nobody else.
        severities, flags: of incidents of which it is told by itself, once.
    """

    name: str
    title: str
    subject: str
    text: str
    channels: tuple[str, ...] = ()
    contacts: tuple[str, ...] = ()
    customers: bool = False
    severities: tuple[str, ...] = ()
    flags: tuple[Flag, ...] = ()

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise UnusableAudience(
                f"{self.name[:80]!r} is no name; expected a-z, 0-9 and dashes, at most 64"
            )
        for what, line in (("title", self.title), ("subject", self.subject)):
            _check_line(what, line)
        _check_text(self.text)
        for word in (*self.channels, *self.contacts, *self.severities):
            _check_line("a channel, contact or severity", word)
        if max(map(len, (self.channels, self.contacts, self.severities, self.flags))) > MAX_MANY:
            raise UnusableAudience(f"an audience names at most {MAX_MANY} of each")
        _check_who(self)
        for what, template in (("subject", self.subject), ("text", self.text)):
            _check_names(what, template, names_for(customers=self.customers))

    def uses(self, name: str) -> bool:
        """Whether its words have a place for ``name``."""
        return any(name in Template(one).get_identifiers() for one in (self.subject, self.text))

    def filled(self, values: Mapping[str, str]) -> tuple[str, str]:
        """Subject, in one line, and text, with ``values`` in place of their names."""
        subject = Template(self.subject).substitute(values)
        return " ".join(subject.split()), Template(self.text).substitute(values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An audience as it stands.

    Attributes:
        by: who wrote it so, and ``at`` when.
    """

    tenant: str
    version: int
    by: str
    at: datetime
    audience: Audience


def names_for(*, customers: bool) -> Mapping[str, str]:
    """The names that a template may use, and what each stands for."""
    return OUTWARD | (FOR_CUSTOMERS if customers else INWARD)


def _check_who(one: Audience) -> None:
    named = bool(one.channels or one.contacts)
    if one.name == CUSTOMERS and not one.customers:
        raise UnusableAudience(f"an audience that is not the customers is not named {CUSTOMERS}")
    if one.customers and (named or one.severities or one.flags):
        raise UnusableAudience(
            "an audience of customers names nobody else, and is told when its severity says so"
        )
    if not one.customers and not named:
        raise UnusableAudience("an audience names channels or contacts, or is the customers")


def _check_names(what: str, template: str, known: Mapping[str, str]) -> None:
    made = Template(template)
    if not made.is_valid():
        raise UnusableAudience(f"{what}: a dollar that begins no ${{name}} is written $$")
    if unknown := [name for name in made.get_identifiers() if name not in known]:
        raise UnusableAudience(
            f"{what}: no name ${{{unknown[0][:80]}}}; there are {', '.join(sorted(known))}"
        )


def _check_line(what: str, line: str) -> None:
    if not line.strip() or len(line) > MAX_LINE or "\n" in line or not is_storable(line):
        raise UnusableAudience(f"{what} is one line of 1 to {MAX_LINE} characters, without NUL")


def _check_text(text: str) -> None:
    if not text.strip() or len(text) > MAX_TEXT or not is_storable(text):
        raise UnusableAudience(f"text has 1 to {MAX_TEXT} characters, without NUL")
