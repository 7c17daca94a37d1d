"""FOCUS 1.2, the open format of cost data: entries as its rows, and its rows as charges. Pure.

https://focus.finops.org/focus-specification/v1-2/ says what each column means. All
its mandatory ones are written, empty where nobody here knows what they ask for; others that
are not known are left out of what is written, and kept as they came when read. No quantity is
known: Cost Management's query sums over meters, whose units differ.
"""

import csv
import io
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation

from quarterdeck.governance.cloud.ports import CostBasis
from quarterdeck.governance.costs.calendar import LAST_DAY, end_of_month, month_of
from quarterdeck.governance.costs.categories import category_of
from quarterdeck.governance.costs.model import MAX_WORD, Entry, Key, Line
from quarterdeck.kernel.errors import Invalid
from quarterdeck.kernel.ids import TenantId
from quarterdeck.kernel.money import Money
from quarterdeck.kernel.tabular import FORMULA

VERSION = "1.2"
NEEDED = ("BilledCost", "BillingCurrency", "ChargePeriodStart", "ServiceName", "SubAccountId")
"""Columns without which a file cannot be brought in."""

READ = frozenset({*NEEDED, "EffectiveCost", "SubAccountName", "ResourceId", "x_ResourceGroupName"})
GROUP = re.compile(r"/resourceGroups/([^/]+)", re.IGNORECASE)
MOST_FAULTS = 5
MOST_DIGITS = 30
FIRST_DAY = date(1970, 1, 1)
MIDNIGHT = time()

Reading = tuple[TenantId, str, date, CostBasis]
"""Of a tenant's subscription: a month, by its first day, on a basis."""


class UnreadableFile(Invalid):
    """A file is no FOCUS data that can be brought in; says which line, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line's charge of one day, on both bases.

    Attributes:
        billed: 0 where it stands on the amortized basis alone: what pays for it was bought.
        effective: 0 where it stands on the actual basis alone; each None where it is not known.
    """

    entry: Entry
    account: str
    provider: str
    billed: Money | None
    effective: Money | None

    @property
    def purchase(self) -> bool:
        """Whether it pays for what is charged elsewhere, as a reservation does."""
        spread = self.effective is not None and not self.effective.amount
        return spread and self.billed is not None and bool(self.billed.amount)

    @property
    def priced(self) -> Money:
        """What it costs by a price of the list, or of a contract: without discount.

        The cloud tells neither; so none is claimed, and this is what is paid for it.
        """
        return (None if self.purchase else self.effective) or self.billed or self.entry.amount

    @property
    def key(self) -> tuple[int, int, str]:
        """Its place in the list: behind both of its entries."""
        series, day, _ = self.entry.spot
        return series, day, max(basis.value for basis in CostBasis)


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """What a file says.

    Attributes:
        charges: amounts by subscription and basis.
        names: of subscriptions by their ids.
        kept: columns that nobody here reads.
    """

    rows: int
    charges: Mapping[tuple[str, CostBasis], Mapping[Key, Money]]
    names: Mapping[str, str]
    kept: Sequence[str]


COLUMNS: Mapping[str, Callable[[Row], object]] = {
    "BilledCost": lambda row: row.billed.amount if row.billed else None,
    "BillingAccountId": lambda row: row.entry.tenant,
    "BillingAccountName": lambda _row: None,
    "BillingCurrency": lambda row: row.entry.amount.currency,
    "BillingPeriodEnd": lambda row: _midnight(end_of_month(row.entry.day) + timedelta(days=1)),
    "BillingPeriodStart": lambda row: _midnight(month_of(row.entry.day)),
    "ChargeCategory": lambda row: "Purchase" if row.purchase else "Usage",
    "ChargeClass": lambda _row: None,
    "ChargeDescription": lambda row: f"{row.entry.label} in {row.entry.group or 'no group'}",
    "ChargePeriodEnd": lambda row: _midnight(row.entry.day + timedelta(days=1)),
    "ChargePeriodStart": lambda row: _midnight(row.entry.day),
    "ContractedCost": lambda row: row.priced.amount,
    "EffectiveCost": lambda row: row.effective.amount if row.effective else None,
    "InvoiceIssuerName": lambda row: row.provider or None,
    "ListCost": lambda row: row.priced.amount,
    "PricingQuantity": lambda _row: None,
    "PricingUnit": lambda _row: None,
    "ProviderName": lambda row: row.provider or None,
    "PublisherName": lambda row: row.provider or None,
    "ServiceCategory": lambda row: category_of(row.entry.label).value,
    "ServiceName": lambda row: row.entry.label,
    "SubAccountId": lambda row: row.entry.scope,
    "SubAccountName": lambda row: row.account or None,
    "x_ObservedAt": lambda row: row.entry.observed_at,
    "x_ResourceGroupName": lambda row: row.entry.group or None,
}
"""What is written, in the order of the specification: by name, and our own columns last."""


def joined(
    entries: Iterable[Entry],
    accounts: Mapping[str, str],
    providers: Mapping[str, str],
    read_before: Mapping[Reading, date],
) -> Iterator[Row]:
    """Entries in their order as rows: the two bases of a line's day stand in one.

    What a month lacks on a basis, before the day ``read_before`` says, is 0 there.
    """
    found: dict[tuple[int, date], list[Entry]] = defaultdict(list)
    for entry in entries:
        found[entry.series, entry.day].append(entry)
    for pair in found.values():
        amounts = {entry.basis: entry.amount for entry in pair}
        one = pair[-1]
        for basis in CostBasis:
            before = read_before.get((one.tenant, one.scope, month_of(one.day), basis), date.min)
            if one.day < before:
                amounts.setdefault(basis, Money(Decimal(0), one.amount.currency))
        yield Row(
            entry=one,
            account=accounts.get(pair[0].scope, ""),
            provider=providers.get(pair[0].scope, ""),
            billed=amounts.get(CostBasis.ACTUAL),
            effective=amounts.get(CostBasis.AMORTIZED),
        )


def read(text: str) -> File:
    """Read a file in FOCUS, as CSV.

    Raises:
        UnreadableFile: a column is missing, or a line is wrong; the first ones are named.
    """
    lines = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    columns = _columns(lines, text)
    sums: dict[tuple[str, CostBasis], dict[Key, Decimal]] = defaultdict(
        lambda: defaultdict(Decimal)
    )
    names: dict[str, str] = {}
    rows, faults = 0, []
    for line in _lines(lines):
        rows += 1
        try:
            _add(sums, names, line)
        except (Invalid, ValueError) as error:
            faults.append(f"line {lines.line_num}: {error}")
    if faults or not rows:
        raise UnreadableFile("; ".join(faults[:MOST_FAULTS]) or "it has no rows")
    return File(
        rows=rows,
        charges={at: _rounded(found) for at, found in sums.items()},
        names=names,
        kept=[name for name in columns if name not in READ],
    )


def _columns(lines: "csv.DictReader[str]", text: str) -> list[str]:
    if "\0" in text:
        raise UnreadableFile("it holds a NUL: it is no text")
    columns = [name for name in lines.fieldnames or () if name]
    missing = [name for name in NEEDED if name not in columns]
    if missing:
        raise UnreadableFile(f"no column {', '.join(missing)}; needed are {', '.join(NEEDED)}")
    twice = sorted(name for name in READ if columns.count(name) > 1)
    if twice:
        raise UnreadableFile(f"column {', '.join(twice)} stands in it twice")
    return columns


def _lines(lines: "csv.DictReader[str]") -> Iterator[dict[str, str]]:
    try:
        for line in lines:
            # A line that is too short, or too long, has None among its names or values.
            yield {name: _unquoted(text or "") for name, text in line.items() if name}
    except csv.Error as error:
        raise UnreadableFile(f"line {lines.line_num} is no CSV: {error}") from error


def _add(
    sums: Mapping[tuple[str, CostBasis], dict[Key, Decimal]],
    names: dict[str, str],
    line: dict[str, str],
) -> None:
    scope = line["SubAccountId"].strip().casefold()
    name = line.get("SubAccountName") or names.get(scope, scope)
    if not scope or max(len(scope), len(name)) > MAX_WORD:
        raise Invalid(f"expected SubAccountId and name of 1 to {MAX_WORD} characters")
    group = line.get("x_ResourceGroupName") or _group(line.get("ResourceId") or "")
    of = Line(line["BillingCurrency"].strip(), line["ServiceName"], group.lower())
    day = _day(line["ChargePeriodStart"].strip())
    names[scope] = name
    sums[scope, CostBasis.ACTUAL][of, day] += _number(line["BilledCost"])
    if line.get("EffectiveCost"):
        sums[scope, CostBasis.AMORTIZED][of, day] += _number(line["EffectiveCost"])


def _day(text: str) -> date:
    """The day of a moment in UTC: the specification has no other; of an offset, as UTC has it."""
    moment = datetime.fromisoformat(text)
    try:
        day = (moment if moment.tzinfo is None else moment.astimezone(UTC)).date()
    except OverflowError as error:
        raise Invalid(f"expected a day that UTC has a year for, got {text[:40]!r}") from error
    if not FIRST_DAY <= day <= LAST_DAY:
        raise Invalid(f"expected a day from {FIRST_DAY} to {LAST_DAY}, got {day}")
    return day


def _number(text: str) -> Decimal:
    try:
        found = Decimal(text.strip())
    except InvalidOperation as error:
        raise Invalid(f"expected a number as cost, got {text[:40]!r}") from error
    if not found.is_finite() or abs(found.adjusted()) > MOST_DIGITS:
        raise Invalid(f"expected a number as cost, got {text[:40]!r}")
    return found


def _unquoted(text: str) -> str:
    # What we led in by an apostrophe, so that no spreadsheet runs it, is read as it was.
    return text[1:] if text[:1] == "'" and text[1:].startswith(FORMULA) else text


def _rounded(found: Mapping[Key, Decimal]) -> dict[Key, Money]:
    return {key: Money.nearest(amount, key[0].currency) for key, amount in found.items()}


def _group(resource: str) -> str:
    found = GROUP.search(resource)
    return found.group(1) if found else ""


def _midnight(day: date) -> str:
    return f"{datetime.combine(day, MIDNIGHT).isoformat()}Z"
