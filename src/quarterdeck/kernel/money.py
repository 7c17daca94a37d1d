"""Money: an exact amount and its currency. Amounts of two currencies never mix.

It is stored and summed as two integers, units and nanos (1e-9 of a unit), so that no
database and no float ever rounds it.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal, Inexact, InvalidOperation
from functools import total_ordering

from quarterdeck.kernel.errors import Invalid

NANO = Decimal("1e-9")
NANOS = 1_000_000_000
DIGITS = 27  # 18 of units, 9 of nanos
STORED = Context(prec=DIGITS, traps=[Inexact, InvalidOperation])
NEAREST = Context(prec=DIGITS, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation])


class CurrencyMismatch(TypeError):
    """Two amounts in different currencies met; a bug, not bad input."""


@total_ordering
@dataclass(frozen=True, slots=True)
class Money:
    """An amount in major units (12.50 is twelve euros fifty) of an ISO 4217 currency."""

    amount: Decimal
    currency: str

    @classmethod
    def of(cls, units: int, nanos: int, currency: str) -> Money:
        """Money from its stored ``parts``, or from sums of them."""
        exact = (Decimal(units) + nanos * NANO).normalize()
        return cls(Decimal(f"{exact:f}"), currency)

    @classmethod
    def nearest(cls, amount: Decimal, currency: str) -> Money:
        """Money nearest to ``amount``: digits beyond a nano are rounded, half to even.

        Raises:
            Invalid: it is no finite number, or has 19 digits or more before the point.
        """
        try:
            rounded = amount.quantize(NANO, context=NEAREST)
        except InvalidOperation as error:
            raise Invalid(f"{amount!s:.40} is no amount of money that can be kept") from error
        if not rounded.is_finite():
            raise Invalid(f"{amount} is no amount of money that can be kept")
        return cls.of(*_parts(rounded), currency)

    @property
    def parts(self) -> tuple[int, int]:
        """Units, and nanos of the same sign: how money is stored and summed.

        Raises:
            Invalid: the amount is finer than a nano, or has 19 digits or more before the point.
        """
        try:
            exact = self.amount.quantize(NANO, context=STORED)
        except (Inexact, InvalidOperation) as error:
            raise Invalid(f"{self.amount} has more digits than money can have") from error
        return _parts(exact)

    @property
    def text(self) -> str:
        """The amount as JSON and CSV say it: plain digits, at least two behind the point."""
        whole, point, rest = f"{self.amount:f}".partition(".")
        return f"{whole}.{rest if point else '':0<2}"

    def __add__(self, other: Money) -> Money:
        return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.amount - self._same(other), self.currency)

    def __mul__(self, factor: Decimal | int) -> Money:
        return Money(self.amount * factor, self.currency)

    def __truediv__(self, divisor: Decimal | int) -> Money:
        return Money(self.amount / divisor, self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.amount < self._same(other)

    def _same(self, other: Money) -> Decimal:
        if other.currency != self.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency}")
        return other.amount


def carried(units: int, nanos: int) -> tuple[int, int]:
    """Sums of units and of nanos as ``Money.parts`` has them: nanos below one unit, one sign."""
    total = units * NANOS + nanos
    whole, rest = divmod(abs(total), NANOS)
    return (whole, rest) if total >= 0 else (-whole, -rest)


def _parts(exact: Decimal) -> tuple[int, int]:
    return carried(0, int(exact.scaleb(9)))
