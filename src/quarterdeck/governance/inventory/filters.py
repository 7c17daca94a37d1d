"""What people ask of the inventory: which resources, in which order. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from quarterdeck.governance.inventory.model import Resource
from quarterdeck.kernel.clock import micros

Spot = tuple[str | int | None, ...]
"""Where a page ended: the sort's columns of its last row, its id last."""


class Sort(StrEnum):
    """In which order; each ends in the id, so that it is total."""

    TYPE = "type"
    NAME = "name"
    NEWEST = "newest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which resources; an empty field asks for nothing.

    Attributes:
        text: part of a name, in any case.
        tag: ``name`` (in any case), or ``name=value`` (exactly that value).
        group: the name of a resource group, whole, in any case.
        owner: exactly the value of one of the tags that ``owner_tags`` names.
        finding: the name of a rule that says so of the resource, or ``any``.
        deleted: also those that are there no more.
        seen_before: only those first seen by then: keeps a long listing to one moment.
    """

    type: str = ""
    location: str = ""
    text: str = ""
    tag: str = ""
    group: str = ""
    owner: str = ""
    owner_tags: tuple[str, ...] = ()
    finding: str = ""
    deleted: bool = False
    seen_before: datetime | None = None
    sort: Sort = Sort.TYPE


def spot(resource: Resource, sort: Sort = Sort.TYPE) -> Spot:
    """The spot of a resource in a list of that order: what its page's cursor says."""
    match sort:
        case Sort.TYPE:
            return resource.type.casefold(), resource.name.casefold(), resource.id
        case Sort.NAME:
            return resource.name.casefold(), resource.id
        case Sort.NEWEST:
            return micros(resource.first_seen), resource.id


def group_of(cloud_id: str) -> str:
    """The resource group in a resource's id, in lower case; empty where there is none.

    https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
    """
    return f"/{cloud_id}".casefold().partition("/resourcegroups/")[2].partition("/")[0]


def owner_tags_of(setting: str) -> tuple[str, ...]:
    """The tags that say an owner, from how a setting names them: in lower case."""
    return tuple(tag.strip().casefold() for tag in setting.split(",") if tag.strip())


def owner_of(tags: Mapping[str, str], owner_tags: Sequence[str]) -> str:
    """Whose a resource is: the first of ``owner_tags`` that it bears; empty: nobody knows."""
    borne = {name.casefold(): value for name, value in tags.items()}
    for tag in owner_tags:
        if owner := borne.get(tag):
            return owner
    return ""
