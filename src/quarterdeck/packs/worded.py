"""Audiences as packs declare them; named TENANT/AUDIENCE."""

from collections.abc import Mapping
from typing import Any

import msgspec

from quarterdeck.kernel.work import TenantNotFound, Work
from quarterdeck.operations.audiences import service
from quarterdeck.operations.audiences.model import Audience, NoSuchAudience
from quarterdeck.operations.severities.model import Flag
from quarterdeck.packs.naming import parts

Spec = Mapping[str, Any]
SHAPE = "TENANT/AUDIENCE"
ANY = "any"  # a name that an audience may bear: its own stands in the item's


class AudienceSpec(msgspec.Struct, forbid_unknown_fields=True):
    """Who is told of incidents, and in which words."""

    title: str
    subject: str
    text: str
    channels: list[str] = []
    contacts: list[str] = []
    customers: bool = False
    severities: list[str] = []
    flags: list[Flag] = []

    def __post_init__(self) -> None:
        """Refuse what no audience can be."""
        self.audience(ANY)

    def audience(self, name: str) -> Audience:
        """What it comes to, under a name."""
        return Audience(
            name=name,
            title=self.title,
            subject=self.subject,
            text=self.text,
            channels=tuple(self.channels),
            contacts=tuple(self.contacts),
            customers=self.customers,
            severities=tuple(self.severities),
            flags=tuple(self.flags),
        )


def audience(work: Work, name: str) -> Spec | None:
    """The audience of that name, as a spec."""
    tenant, called = parts(name, SHAPE)
    try:
        found = service.one(work, tenant, called).audience
    except (NoSuchAudience, TenantNotFound):
        return None
    said = {key: value for key, value in msgspec.to_builtins(found).items() if key != "name"}
    # By way of the form: lists and tuples are the same in YAML, and not in Python.
    plain: Spec = msgspec.to_builtins(msgspec.convert(said, AudienceSpec))
    return plain


def put_audience(work: Work, name: str, spec: AudienceSpec) -> None:
    """Keep the audience of that name."""
    tenant, called = parts(name, SHAPE)
    service.put(work, tenant, spec.audience(called))


def audience_names(work: Work) -> list[str]:
    """Every audience that there is."""
    found: list[str] = []
    after = ("", "")
    while page := service.listed(work, after=after, limit=service.MOST):
        found += [f"{kept.tenant}/{kept.audience.name}" for kept in page]
        after = (page[-1].tenant, page[-1].audience.name)
    return found
