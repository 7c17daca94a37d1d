"""Control totals: what was read adds up to this, and the cloud says it does to that. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from quarterdeck.governance.cloud.ports import CostBasis
from quarterdeck.governance.costs.model import Chunk, Key, summed
from quarterdeck.kernel.ids import TenantId
from quarterdeck.kernel.money import Money

PER_ROW = Decimal("1e-9")
"""Each row was rounded to a nano: so far may their sum be off."""

PER_UNIT = Decimal("1e-9")
"""The cloud adds floats of 15 to 17 digits: so far may its own total be off, per unit."""


class Verdict(StrEnum):
    """What comparing a sum with its control total shows."""

    AGREES = "agrees"
    DIFFERS = "differs"
    NOT_KNOWN = "not_known"


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """The two numbers of one month of one subscription and cut, in one currency.

    Attributes:
        stated: what the cloud's ungrouped query says; None where that could not be asked.
        rows: what ``summed`` was added from.
        reason: why it is not known; empty where it is.
    """

    tenant: TenantId
    scope: str
    cut: str
    basis: CostBasis
    first: date
    last: date
    stated: Money | None
    summed: Money
    rows: int
    at: datetime
    reason: str = ""

    @property
    def verdict(self) -> Verdict:
        """Whether the two agree, to the rounding that both went through."""
        if self.stated is None:
            return Verdict.NOT_KNOWN
        slack = PER_ROW * self.rows + PER_UNIT * abs(self.stated.amount)
        off = abs(self.stated.amount - self.summed.amount)
        return Verdict.AGREES if off <= slack else Verdict.DIFFERS


def controls(
    chunk: Chunk,
    rows: Mapping[Key, Money],
    stated: Mapping[str, Money] | None,
    at: datetime,
    reason: str = "",
) -> Iterator[Control]:
    """The controls of what was read: one for each currency that either number knows."""
    sums = summed(rows.values())
    for currency in sorted(sums.keys() | (stated or {}).keys()):
        nothing = Money(Decimal(0), currency)
        yield Control(
            tenant=chunk.tenant,
            scope=chunk.scope,
            cut=chunk.cut,
            basis=chunk.basis,
            first=chunk.first,
            last=chunk.last,
            stated=None if stated is None else stated.get(currency, nothing),
            summed=sums.get(currency, nothing),
            rows=sum(amount.currency == currency for amount in rows.values()),
            at=at,
            reason=reason,
        )
