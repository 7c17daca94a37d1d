"""Cost Management's query: what is asked, and how its table becomes items.

https://learn.microsoft.com/rest/api/cost-management/query/usage.
"""

from datetime import date
from typing import Any

import msgspec

from quarterdeck.governance.cloud.ports import CostBasis, Page
from quarterdeck.providers.azure.arm import COST_READER, within
from quarterdeck.providers.azure.asks import Api, Ask
from quarterdeck.providers.azure.listing import decoded, unreadable
from quarterdeck.providers.azure.transport import Answer

PATH = "providers/Microsoft.CostManagement/query?api-version=2023-11-01"
CLIENT_TYPE = {"clienttype": "Quarterdeck"}
"""A quota of our own: without it, all unnamed clients of a subscription share one."""

TYPES = {CostBasis.ACTUAL: "ActualCost", CostBasis.AMORTIZED: "AmortizedCost"}
TAG = "tag:"


class Column(msgspec.Struct, frozen=True):
    """A column of the answer."""

    name: str


class Table(msgspec.Struct, frozen=True, rename="camel"):
    """The answer's rows; values stay as they were sent, to the last digit."""

    columns: list[Column]
    rows: list[list[msgspec.Raw]]
    next_link: str | None = None


class QueryResult(msgspec.Struct, frozen=True):
    """The answer's body."""

    properties: Table


RESULT = msgspec.json.Decoder(QueryResult)


def daily(
    endpoint: str, subscription: str, span: tuple[date, date], basis: CostBasis, by: tuple[str, ...]
) -> Ask:
    """Costs by day and up to two dimensions; ``span``: first and last day, both inclusive."""
    dataset = query_of("Daily", [dimension(name) for name in by])
    return query(endpoint, subscription, span, basis, dataset)


def total(endpoint: str, subscription: str, span: tuple[date, date], basis: CostBasis) -> Ask:
    """One sum for each currency."""
    return query(endpoint, subscription, span, basis, query_of("None", []))


def query(
    endpoint: str,
    subscription: str,
    span: tuple[date, date],
    basis: CostBasis,
    dataset: dict[str, Any],
) -> Ask:
    """A query of a span of days; both ends count, so the last one ends a second early."""
    first, last = span
    body = {
        "type": TYPES[basis],
        "timeframe": "Custom",
        "timePeriod": {"from": f"{first}T00:00:00+00:00", "to": f"{last}T23:59:59+00:00"},
        "dataset": dataset,
    }
    return Ask(
        api=Api.COST,
        url=f"{within(endpoint, subscription)}/{PATH}",
        needs=COST_READER,
        method="POST",
        body=msgspec.json.encode(body),
        headers=CLIENT_TYPE,
    )


def query_of(granularity: str, grouping: list[dict[str, str]]) -> dict[str, Any]:
    """What is summed up, and by what."""
    dataset: dict[str, Any] = {
        "granularity": granularity,
        "aggregation": {"totalCost": {"name": "Cost", "function": "Sum"}},
    }
    return dataset | ({"grouping": grouping} if grouping else {})


def dimension(name: str) -> dict[str, str]:
    """A dimension by its name, or a tag as ``tag:NAME``."""
    if name.startswith(TAG):
        return {"type": "TagKey", "name": name.removeprefix(TAG)}
    return {"type": "Dimension", "name": name}


def understand(answer: Answer) -> tuple[Page, str]:
    """The page in an answer, each row an object by column, and the address of the next."""
    table = decoded(answer, RESULT).properties
    names = [msgspec.json.encode(column.name) for column in table.columns]
    if any(len(row) != len(names) for row in table.rows):
        raise unreadable(answer, "a row has not one value a column", passing=False)
    items = tuple(item(names, row) for row in table.rows)
    return Page(items=items, request_id=answer.request_id), table.next_link or ""


def item(names: list[bytes], row: list[msgspec.Raw]) -> bytes:
    """A row as a JSON object."""
    pairs = (name + b":" + bytes(value) for name, value in zip(names, row, strict=True))
    return b"{" + b",".join(pairs) + b"}"
