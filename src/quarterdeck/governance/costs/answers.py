"""Cost Management's answers, as charges. Pure.

Rows are objects of column and value ("Query - Usage", its columns): the cost, ``UsageDate``
as 20260228, ``Currency``, and the columns that were grouped by.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from quarterdeck.governance.costs.calendar import day_of
from quarterdeck.governance.costs.model import TAG, Key, Line
from quarterdeck.kernel.errors import Invalid
from quarterdeck.kernel.money import Money

AMOUNTS = ("cost", "pretaxcost", "totalcost")
DAYS = ("usagedate", "date")
CURRENCIES = ("currency", "billingcurrency")
LABELS = ("servicename",)
GROUPS = ("resourcegroupname", "resourcegroup")
VALUES = ("tagvalue",)

DAY = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})(T.*)?")
_DECODER = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)


class UnreadableCosts(Invalid):
    """A row is no charge that can be kept: its schema may have changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """A row of an answer; ``exact`` names the line as the cloud wrote it, case and all."""

    line: Line
    day: date
    amount: Money
    exact: tuple[str, ...]


def charge(item: bytes, cut: str) -> Charge:
    """Read one row of a grouped answer; raise UnreadableCosts."""
    row = _row(item)
    value = _word(row, VALUES if cut.startswith(TAG) else LABELS)
    group = "" if cut.startswith(TAG) else _word(row, GROUPS)
    try:
        line = Line(_word(row, CURRENCIES).upper(), value, group.lower())
        amount = Money.nearest(_number(row), line.currency)
    except Invalid as error:
        raise UnreadableCosts(f"{error} in {_shown(item)}") from error
    return Charge(line=line, day=_day(row, item), amount=amount, exact=(value, group))


def total(item: bytes) -> Money:
    """Read one row of an ungrouped answer; raise UnreadableCosts."""
    row = _row(item)
    try:
        return Money.nearest(_number(row), Line(_word(row, CURRENCIES).upper(), "").currency)
    except Invalid as error:
        raise UnreadableCosts(f"{error} in {_shown(item)}") from error


def gathered(charges: Iterable[Charge]) -> dict[Key, Money]:
    """Charges as the ledger holds them, each line's day once.

    A row that comes twice counts once: grouped answers have each line's day once, so the
    second is a page that was repeated. Rows that differ in the case of a resource group
    alone are of one group, and add up.
    """
    rows = {(c.exact, c.line.currency, c.day): c for c in charges}
    found: dict[Key, Money] = {}
    for one in rows.values():
        key = (one.line, one.day)
        found[key] = found[key] + one.amount if key in found else one.amount
    return found


def _row(item: bytes) -> dict[str, Any]:
    try:
        found = _DECODER.decode(item)
    except (msgspec.MsgspecError, RecursionError, UnicodeError, InvalidOperation) as error:
        raise UnreadableCosts(
            f"expected a row of costs, got what cannot be read: {error}"
        ) from error
    return {name.lower(): value for name, value in found.items()}


def _word(row: Mapping[str, Any], names: Iterable[str]) -> str:
    value = next((row[name] for name in names if row.get(name) is not None), "")
    return value if isinstance(value, str) else str(value)


def _number(row: Mapping[str, Any]) -> Decimal:
    value = next((row[name] for name in AMOUNTS if name in row), None)
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise Invalid(f"expected a number as cost, got {str(value)[:40]!r}")
    return Decimal(value)


def _day(row: Mapping[str, Any], item: bytes) -> date:
    found = DAY.fullmatch(_word(row, DAYS))
    try:
        if found:
            return day_of(int("".join(found.groups()[:3])))
    except ValueError:
        pass
    raise UnreadableCosts(f"expected a day as 20260228, got {_shown(item)}")


def _shown(item: bytes) -> str:
    return item[:200].decode(errors="replace")
