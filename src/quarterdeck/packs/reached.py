"""Contacts as packs declare them; named TENANT/CONTACT."""

from collections.abc import Mapping
from typing import Any

import msgspec

from quarterdeck.kernel.work import TenantNotFound, Work
from quarterdeck.operations.contacts import service
from quarterdeck.operations.contacts.model import Channel, Contact, Means, NoSuchContact, Section
from quarterdeck.packs.naming import parts

Spec = Mapping[str, Any]
SHAPE = "TENANT/CONTACT"
ANY = "any"  # a name that a contact may bear: its own stands in the item's


class ChannelSpec(msgspec.Struct, forbid_unknown_fields=True):
    """One way to reach them."""

    means: Means
    address: str
    note: str = ""


class ContactSpec(msgspec.Struct, forbid_unknown_fields=True):
    """What is said of a contact."""

    title: str
    section: Section
    channels: list[ChannelSpec]
    level: int = 0
    responds_in_min: int | None = None
    coverage: str = ""
    topics: list[str] = []
    tenants: list[str] = []
    critical_only: bool = False
    note: str = ""

    def __post_init__(self) -> None:
        """Refuse what no contact can be."""
        self.contact(ANY)

    def contact(self, name: str) -> Contact:
        """What it comes to, under a name."""
        said = {one.name: getattr(self, one.name) for one in msgspec.structs.fields(self)}
        return Contact(
            name=name,
            **said
            | {
                "channels": tuple(Channel(**msgspec.structs.asdict(one)) for one in self.channels),
                "topics": tuple(self.topics),
                "tenants": tuple(self.tenants),
            },
        )


def contact(work: Work, name: str) -> Spec | None:
    """The contact of that name, as a spec."""
    tenant, called = parts(name, SHAPE)
    try:
        found = service.one(work, tenant, called).contact
    except (NoSuchContact, TenantNotFound):
        return None
    said = {key: value for key, value in msgspec.to_builtins(found).items() if key != "name"}
    # By way of the form: lists and tuples are the same in YAML, and not in Python.
    plain: Spec = msgspec.to_builtins(msgspec.convert(said, ContactSpec))
    return plain


def put_contact(work: Work, name: str, spec: ContactSpec) -> None:
    """Enter the contact of that name."""
    tenant, called = parts(name, SHAPE)
    service.put(work, tenant, spec.contact(called))


def contact_names(work: Work) -> list[str]:
    """Every contact that there is."""
    return [f"{kept.tenant}/{kept.contact.name}" for kept in service.listed(work)]
