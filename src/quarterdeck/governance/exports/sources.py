"""What can be exported: rows of the estate, and the columns that a file has of them.

A source is listed in ``SOURCES`` by the name that its address has.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from operator import attrgetter
from typing import Any

from quarterdeck.governance.cloud.ports import CostBasis
from quarterdeck.governance.compliance import columns
from quarterdeck.governance.compliance.model.state import PolicyState
from quarterdeck.governance.compliance.service import queries as compliance
from quarterdeck.governance.costs import columns as costs
from quarterdeck.governance.costs.calendar import Span
from quarterdeck.governance.costs.model import Entry
from quarterdeck.governance.costs.question import Listing
from quarterdeck.governance.costs.service import summaries
from quarterdeck.governance.exports.model import UnusableExport
from quarterdeck.governance.inventory import service as inventory
from quarterdeck.governance.inventory.filters import Filter, Sort, group_of, owner_of, spot
from quarterdeck.governance.inventory.model import Resource
from quarterdeck.kernel.tabular import Columns
from quarterdeck.kernel.work import Tenants, Work

Spot = tuple[str | int | None, ...]
Wanted = Mapping[str, str]
Words = Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Rows that can be written to a file.

    Attributes:
        permission: needed to read them.
        filters: names that a filter may have.
        columns: of a row, given the tags that say an owner.
        rows: the next ones after a spot, in one order; of those tenants alone.
        spot: of a row.
    """

    permission: str
    filters: frozenset[str]
    columns: Callable[[Words], Columns[Any]]
    rows: Callable[[Work, Tenants, Wanted, Words, Spot | None, int], Sequence[Any]]
    spot: Callable[[Any], Spot]


RESOURCE_FILTERS = frozenset(
    {"type", "location", "text", "tag", "group", "owner", "finding", "deleted"}
)


def resource_filter(wanted: Wanted, owner_tags: Words, sort: Sort = Sort.TYPE) -> Filter:
    """The filter that the words of an address mean."""
    return Filter(
        type=wanted.get("type", ""),
        location=wanted.get("location", ""),
        text=wanted.get("text", ""),
        tag=wanted.get("tag", ""),
        group=wanted.get("group", ""),
        owner=wanted.get("owner", ""),
        owner_tags=tuple(owner_tags),
        finding=wanted.get("finding", ""),
        deleted=wanted.get("deleted", "") == "true",
        sort=sort,
    )


def resource_columns(owner_tags: Words) -> Columns[Resource]:
    """The columns of the inventory's file."""
    return {
        "id": attrgetter("id"),
        "cloud_id": attrgetter("cloud_id"),
        "name": attrgetter("name"),
        "type": attrgetter("type"),
        "location": attrgetter("location"),
        "tenant": attrgetter("tenant"),
        "subscription": attrgetter("subscription"),
        "group": lambda r: group_of(r.cloud_id),
        "owner": lambda r: owner_of(r.tags, owner_tags),
        "tags": attrgetter("tags"),
        "first_seen": attrgetter("first_seen"),
        "last_seen": attrgetter("last_seen"),
        "deleted_at": attrgetter("deleted_at"),
    }


def _resources(
    work: Work, tenants: Tenants, wanted: Wanted, owner_tags: Words, after: Spot | None, limit: int
) -> Sequence[Resource]:
    return inventory.page(work, resource_filter(wanted, owner_tags), tenants, after, limit)


def _states(
    work: Work, tenants: Tenants, wanted: Wanted, _tags: Words, after: Spot | None, limit: int
) -> Sequence[PolicyState]:
    place = None if after is None else (str(after[0]), str(after[1]))
    return compliance.page(work, columns.filter_of(wanted), tenants, place, limit)


def _costs(
    work: Work, tenants: Tenants, wanted: Wanted, _tags: Words, after: Spot | None, limit: int
) -> Sequence[Entry]:
    place = None if after is None else (int(after[0] or 0), int(after[1] or 0), str(after[2]))
    return summaries.page(work, cost_listing(wanted, work.now.date()), tenants, place, limit)


def cost_listing(wanted: Wanted, today: date) -> Listing:
    """The costs of this month and the one before, which the cloud may still restate."""
    first = (today.replace(day=1) - timedelta(days=1)).replace(day=1)
    basis = wanted.get("basis", CostBasis.ACTUAL)
    if basis not in set(CostBasis):
        raise UnusableExport(f"no basis {basis[:40]!r}; there are {', '.join(CostBasis)}")
    return Listing(
        span=Span(first, today),
        basis=CostBasis(basis),
        subscription=wanted.get("subscription", ""),
        label=wanted.get("service", ""),
        group=wanted.get("group", ""),
    )


SOURCES: dict[str, Source] = {
    "costs": Source(
        permission=summaries.READ,
        filters=frozenset({"basis", "subscription", "service", "group"}),
        columns=lambda _tags: costs.COLUMNS,
        rows=_costs,
        spot=lambda entry: entry.spot,
    ),
    "compliance": Source(
        permission=compliance.READ,
        filters=columns.FILTERS,
        columns=lambda _tags: columns.COLUMNS,
        rows=_states,
        spot=compliance.spot,
    ),
    "resources": Source(
        permission="resources:read",
        filters=RESOURCE_FILTERS,
        columns=resource_columns,
        rows=_resources,
        spot=spot,
    ),
}


def source(what: str, wanted: Wanted) -> Source:
    """The source of that name, if it has these filters; else UnusableExport, saying which."""
    found = SOURCES.get(what)
    if found is None:
        raise UnusableExport(f"nothing is called {what[:40]!r}; there are {', '.join(SOURCES)}")
    unknown = sorted(set(wanted) - found.filters)
    if unknown:
        raise UnusableExport(
            f"{what} cannot be filtered by {unknown[0][:40]!r}; only by "
            f"{', '.join(sorted(found.filters))}"
        )
    return found
