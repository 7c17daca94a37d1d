"""The rows of an answer of Cost Management: its columns, and numbers with all their digits."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import msgspec

from quarterdeck.providers.simulator.costs.books import Key, Line
from quarterdeck.providers.simulator.costs.ledger import EXPONENT
from quarterdeck.providers.simulator.costs.prices import RATES
from quarterdeck.providers.simulator.costs.query import Query, columns

RATE_DIGITS = 4
"""Of a rate of exchange; an amount in dollars has as many more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Columns in the form of the API, and encoded rows."""

    columns: Sequence[dict[str, str]]
    rows: Sequence[bytes]


def table(query: Query, lines: Iterable[Line]) -> Table:
    """The answer to a query."""
    sums: dict[tuple[str, Key, str], int] = {}
    for line in lines:
        place = (bucket(query, line.day), line.key, line.currency)
        sums[place] = sums.get(place, 0) + line.amount
    names = [one.name for one in query.dataset.aggregation.values()]
    return Table(
        columns=described(query, names),
        rows=[row(names, *place, amount) for place, amount in sums.items()],
    )


def described(query: Query, names: Sequence[str]) -> list[dict[str, str]]:
    """What each column is."""
    time = {"Daily": ("UsageDate", "Number"), "Monthly": ("BillingMonth", "Datetime")}
    found = [(name, "Number") for name in names]
    if query.dataset.granularity in time:
        found.append(time[query.dataset.granularity])
    found += [(name, "String") for name in [*columns(query.dataset.grouping), "Currency"]]
    return [{"name": name, "type": type_} for name, type_ in found]


def bucket(query: Query, day: date) -> str:
    """The time that a day is summed under, encoded; empty where time is not told apart."""
    if query.dataset.granularity == "Daily":
        return f"{day:%Y%m%d}"
    if query.dataset.granularity == "Monthly":
        return f'"{day:%Y-%m-01T00:00:00}"'
    return ""


def row(names: Sequence[str], time: str, key: Key, currency: str, amount: int) -> bytes:
    """One row, encoded."""
    numbers = [number(name, currency, amount) for name in names]
    texts = [msgspec.json.encode(text).decode() for text in (*key, currency)]
    return f"[{','.join([*numbers, *([time] if time else []), *texts])}]".encode()


def number(name: str, currency: str, amount: int) -> str:
    """An amount as a JSON number, exact."""
    if name == "CostUSD":
        return decimal(amount * RATES[currency], EXPONENT + RATE_DIGITS)
    return decimal(amount, EXPONENT)


def decimal(amount: int, exponent: int) -> str:
    """``amount`` divided by 10 to the power of ``exponent``, without trailing zeros."""
    whole, rest = divmod(amount, 10**exponent)
    return f"{whole}.{rest:0{exponent}}".rstrip("0").rstrip(".")


def months(first: date, last: date) -> int:
    """Months that a period touches, both ends included: what a query is charged for."""
    return (last.year - first.year) * 12 + last.month - first.month + 1
