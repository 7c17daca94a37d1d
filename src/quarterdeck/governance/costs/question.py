"""What may be asked of the costs, and what the answer is made of. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from quarterdeck.governance.cloud.ports import CostBasis
from quarterdeck.governance.costs.calendar import Span
from quarterdeck.governance.costs.model import SERVICES, TAG, UnknownDimension
from quarterdeck.kernel.money import Money

TENANT, SUBSCRIPTION, SERVICE, GROUP = "tenant", "subscription", "service", "group"
DAY, MONTH, NOTHING = "day", "month", ""
DIMENSIONS = (TENANT, SUBSCRIPTION, SERVICE, GROUP, DAY, MONTH)
NARROWING = (SUBSCRIPTION, SERVICE, GROUP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Sums over some days.

    Attributes:
        by: the dimension that sums are parted by: one of ``DIMENSIONS``, ``tag:NAME``, or
            empty for the totals alone.
        narrowed: values that are counted only, by their dimension: of ``NARROWING``, or
            ``tag:NAME``.
        as_of: the sums as they were known then; None: as they are known now.
    """

    span: Span
    basis: CostBasis = CostBasis.ACTUAL
    by: str = NOTHING
    narrowed: Mapping[str, str] = field(default_factory=dict)
    as_of: datetime | None = None

    def __post_init__(self) -> None:
        if self.by and not self.by.startswith(TAG) and self.by not in DIMENSIONS:
            raise UnknownDimension(
                f"no dimension {self.by[:40]!r}; there are {', '.join(DIMENSIONS)}, tag:NAME"
            )
        named = {self.by, *self.narrowed}
        tags, others = {d for d in named if _tag(d)}, named & {*NARROWING}
        if len(tags) > 1 or (tags and others):
            raise UnknownDimension(
                "costs by a tag are read apart: they cannot be parted or narrowed by "
                "another tag, by subscription, service or group"
            )

    @property
    def cut(self) -> str:
        """The cut of the ledger that answers it."""
        return next((d for d in (self.by, *self.narrowed) if _tag(d)), SERVICES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A sum in one currency.

    Attributes:
        key: the value of the dimension that sums are parted by; empty where the cloud named none.
        day: of a daily series; else None.
    """

    key: str
    amount: Money
    entries: int
    day: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Which entries; an empty field asks for nothing."""

    span: Span
    cut: str = SERVICES
    basis: CostBasis | None = None
    subscription: str = ""
    label: str = ""
    group: str = ""
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """How often sums agree with the cloud's own totals: months of subscriptions and currencies."""

    agrees: int = 0
    differs: int = 0
    not_known: int = 0

    @property
    def state(self) -> str:
        """The worst of it; not known where nothing was compared."""
        if self.differs:
            return "differs"
        return "not_known" if self.not_known or not self.agrees else "agrees"


def totals(figures: Sequence[Figure]) -> list[Money]:
    """What figures add up to, one sum a currency, in order of currency."""
    found: dict[str, Money] = {}
    for figure in figures:
        known = found.get(figure.amount.currency)
        found[figure.amount.currency] = figure.amount if known is None else known + figure.amount
    return [found[currency] for currency in sorted(found)]


def _tag(dimension: str) -> bool:
    return dimension.startswith(TAG)
