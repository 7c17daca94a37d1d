"""A query of Cost Management, read: its period, grouping and filter.

Source: https://learn.microsoft.com/rest/api/cost-management/query/usage.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Literal

import msgspec

from quarterdeck.providers.simulator.answers import Refused
from quarterdeck.providers.simulator.costs.books import Key
from quarterdeck.providers.simulator.costs.ledger import Basis, Charge

DIMENSIONS = {
    "ResourceGroup": "ResourceGroupName",
    "ServiceFamily": "ServiceName",
    **{
        name: name
        for name in (
            "SubscriptionId",
            "ResourceGroupName",
            "ResourceId",
            "ResourceType",
            "ResourceLocation",
            "ServiceName",
            "MeterCategory",
            "ChargeType",
            "PublisherType",
            "PricingModel",
        )
    },
}
COSTS = ("Cost", "PreTaxCost", "CostUSD")
MOST_GROUPS = 2
MOST_DAYS = 366


class Period(msgspec.Struct, frozen=True, rename={"first": "from", "last": "to"}):
    """Instants; only their days count."""

    first: str
    last: str


class Group(msgspec.Struct, frozen=True):
    """One dimension, or tag, to group by."""

    type: Literal["Dimension", "TagKey", "Tag"]
    name: str


class Sum(msgspec.Struct, frozen=True):
    """What is summed; its column bears the name."""

    name: str
    function: Literal["Sum"] = "Sum"


class Dataset(msgspec.Struct, frozen=True):
    """How rows come about."""

    aggregation: dict[str, Sum]
    granularity: Literal["Daily", "Monthly", "None", "Accumulated"] | None = None
    grouping: list[Group] = []
    filter: dict[str, Any] | None = None
    sorting: list[dict[str, Any]] = []


class Query(msgspec.Struct, frozen=True, rename="camel"):
    """The body of a query."""

    type: Literal["ActualCost", "AmortizedCost", "Usage"]
    timeframe: Literal[
        "Custom", "MonthToDate", "BillingMonthToDate", "TheLastMonth", "TheLastBillingMonth",
        "WeekToDate",
    ]  # fmt: skip
    dataset: Dataset
    time_period: Period | None = None

    @property
    def basis(self) -> Basis:
        """How charges are spread over time."""
        return "AmortizedCost" if self.type == "AmortizedCost" else "ActualCost"


def read(body: bytes) -> Query:
    """The query in a body; raises Refused for what is not one, or too much."""
    try:
        query = msgspec.json.decode(body, type=Query)
    except msgspec.DecodeError as error:
        raise wrong(str(error)) from error
    if len(query.dataset.grouping) > MOST_GROUPS:
        raise wrong("Grouping is limited to 2 items.")
    for group in query.dataset.grouping:
        if group.type == "Dimension" and group.name not in DIMENSIONS:
            raise wrong(f"Invalid dataset grouping: '{group.name}'; valid values: {[*DIMENSIONS]}.")
    for one in query.dataset.aggregation.values():
        if one.name not in COSTS:
            raise wrong(f"Invalid aggregation column '{one.name}'; valid values: {[*COSTS]}.")
    return query


def period(query: Query, today: date) -> tuple[date, date]:
    """The days that a query is about, both included."""
    month = today.replace(day=1)
    if query.timeframe == "Custom":
        return custom(query.time_period)
    if query.timeframe.startswith("TheLast"):
        end = month - timedelta(days=1)
        return end.replace(day=1), end
    if query.timeframe == "WeekToDate":
        return today - timedelta(days=today.weekday()), today
    return month, today


def custom(asked: Period | None) -> tuple[date, date]:
    """The days of a period of one's own."""
    if asked is None:
        raise wrong("The timePeriod is required for the timeframe 'Custom'.")
    try:
        first, last = (datetime.fromisoformat(one).date() for one in (asked.first, asked.last))
    except ValueError as error:
        raise wrong(f"The timePeriod cannot be read: {error}") from error
    if last < first:
        raise wrong("The from date must be before the to date.")
    if (last - first).days >= MOST_DAYS:
        raise wrong("The time period for pulling the data cannot exceed 1 year(s).")
    return first, last


def naming(grouping: Sequence[Group]) -> Callable[[Charge], Key]:
    """How charges are put into groups; a tag takes two columns, its key and its value."""

    def name(charge: Charge) -> Key:
        found: list[str] = []
        for group in grouping:
            if group.type == "Dimension":
                found.append(charge.facts[DIMENSIONS[group.name]])
            else:
                found += [group.name.lower(), tag(charge, group.name)]
        return tuple(found)

    return name


def columns(grouping: Sequence[Group]) -> list[str]:
    """The names of the columns that ``naming`` fills."""
    found: list[str] = []
    for group in grouping:
        found += [group.name] if group.type == "Dimension" else ["TagKey", "TagValue"]
    return found


def keeping(filter_: dict[str, Any] | None) -> Callable[[Charge], bool]:
    """Which charges a filter lets through; raises Refused for one that is not understood."""
    if not filter_:
        return lambda _charge: True
    (kind, value), *others = filter_.items()
    if others or kind.lower() not in ("and", "or", "dimensions", "tags"):
        raise wrong(f"Invalid filter: {[*filter_]}; one of and, or, dimensions, tags.")
    if kind.lower() in ("and", "or"):
        parts = [keeping(one) for one in value]
        meets = all if kind.lower() == "and" else any
        return lambda charge: meets(part(charge) for part in parts)
    wanted = {str(one).lower() for one in value["values"]}
    name = value["name"]
    if kind.lower() == "tags":
        return lambda charge: tag(charge, name).lower() in wanted
    if name not in DIMENSIONS:
        raise wrong(f"Invalid filter dimension: '{name}'; valid values: {[*DIMENSIONS]}.")
    return lambda charge: charge.facts[DIMENSIONS[name]].lower() in wanted


def tag(charge: Charge, name: str) -> str:
    """The value of a tag, whose name's case means nothing; empty where there is none."""
    return next((v for n, v in charge.tags.items() if n.lower() == name.lower()), "")


def wrong(words: str) -> Refused:
    """A query that cannot be answered."""
    return Refused(400, "BadRequest", f"Invalid query definition: {words}")
