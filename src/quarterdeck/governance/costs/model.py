"""The ledger of costs: what each line was charged on each day, as it was known when.

A *line* is what one subscription is charged for one thing (a service in a resource group,
or the value of a tag) in one currency. An *entry* is its amount of one day on one basis.
A line's day has one current entry: whatever is read again replaces it and nothing adds to
it, so that no cost can be counted twice. What was known before stays, with from and until
when it was.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from quarterdeck.governance.cloud.ports import CostBasis
from quarterdeck.governance.costs.calendar import day_period
from quarterdeck.kernel.errors import Invalid
from quarterdeck.kernel.ids import TenantId
from quarterdeck.kernel.money import Money

SERVICES = "service"
"""The cut by service and resource group: what totals are summed from."""

TAG = "tag:"
"""A cut by the value of a tag: of the same money, so never added to the other."""

MAX_WORD = 400
CURRENCY_LETTERS = 3


class UnknownDimension(Invalid):
    """Costs are not kept by that dimension."""


class What(StrEnum):
    """How a re-read of a day changed an entry."""

    ADDED = "added"
    RESTATED = "restated"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Line:
    """What is charged, within one subscription and cut.

    Attributes:
        label: a service, or a tag's value; empty where the cloud names none.
        group: a resource group, in lower case: clouds mind no case there; empty in a tag's cut.
    """

    currency: str
    label: str
    group: str = ""

    def __post_init__(self) -> None:
        if not is_currency(self.currency):
            raise Invalid(f"expected a currency as EUR, got {self.currency[:40]!r}")
        if max(len(self.label), len(self.group)) > MAX_WORD or "\0" in self.label + self.group:
            raise Invalid(f"expected a name of at most {MAX_WORD} characters, got a longer one")


Key = tuple[Line, date]


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """An entry that the ledger holds now.

    Attributes:
        series: the number under which the ledger keeps its line.
        known_from: microseconds; when it was observed.
    """

    series: int
    amount: Money
    known_from: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a reading changes in one line's day: None where there was, or is, no entry."""

    line: Line
    day: date
    before: Held | None
    after: Money | None

    @property
    def what(self) -> What:
        """Its kind."""
        if self.before is None:
            return What.ADDED
        return What.LOST if self.after is None else What.RESTATED


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """What one query to a cloud covers: days of one subscription, one cut and basis."""

    tenant: TenantId
    scope: str
    cut: str
    basis: CostBasis
    first: date
    last: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line's charge of one day, as it is listed.

    Attributes:
        observed_at: when the cloud said so.
        series: the number of its line; with day and basis, its place in every list.
    """

    series: int
    tenant: TenantId
    scope: str
    cut: str
    label: str
    group: str
    day: date
    basis: CostBasis
    amount: Money
    observed_at: datetime

    @property
    def spot(self) -> tuple[int, int, str]:
        """Its place in every list: what a page's cursor says."""
        return self.series, day_period(self.day), self.basis.value


def is_currency(word: str) -> bool:
    """Whether ``word`` has the form of an ISO 4217 code."""
    return len(word) == CURRENCY_LETTERS and word.isascii() and word.isupper()


def difference(
    known: Mapping[Key, Held], seen: Mapping[Key, Money], at: int, *, whole: bool
) -> Iterator[Change]:
    """What ``seen``, observed ``at``, changes of what is ``known``, by day.

    Entries that ``seen`` lacks are lost only if it is the ``whole`` of its days. What was
    observed later than ``at`` already is left as it is.
    """
    keys: Iterable[Key] = seen.keys() | known.keys() if whole else seen.keys()
    for key in sorted(keys, key=lambda k: (k[1], k[0].label, k[0].group, k[0].currency)):
        before, after = known.get(key), seen.get(key)
        late = before is not None and before.known_from > at
        if late or (before is not None and before.amount == after):
            continue
        yield Change(line=key[0], day=key[1], before=before, after=after)


def summed(amounts: Iterable[Money]) -> dict[str, Money]:
    """Totals by currency: amounts of two currencies are never added."""
    totals: dict[str, Money] = {}
    for amount in amounts:
        known = totals.get(amount.currency)
        totals[amount.currency] = amount if known is None else known + amount
    return totals
