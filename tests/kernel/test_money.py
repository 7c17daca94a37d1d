"""Money comes back from the database as it went in, and sums as integers do."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.kernel.errors import Invalid
from quarterdeck.kernel.money import CurrencyMismatch, Money, carried

AMOUNTS = st.decimals(min_value=-(10**15), max_value=10**15, places=9)


@given(AMOUNTS)
def test_money_comes_back_from_its_parts_the_same(amount: Decimal) -> None:
    assert Money.of(*Money(amount, "EUR").parts, "EUR") == Money(amount, "EUR")


@given(AMOUNTS)
def test_units_and_nanos_have_one_sign_and_nanos_are_less_than_one_unit(amount: Decimal) -> None:
    units, nanos = Money(amount, "EUR").parts
    assert units * nanos >= 0
    assert abs(nanos) < 10**9


@given(st.lists(AMOUNTS))
def test_the_sum_of_parts_is_the_sum_of_amounts(amounts: list[Decimal]) -> None:
    parts = [Money(amount, "EUR").parts for amount in amounts]
    units, nanos = carried(sum(u for u, _ in parts), sum(n for _, n in parts))
    assert Money.of(units, nanos, "EUR").amount == sum(amounts)
    assert Money.of(units, nanos, "EUR").parts == (units, nanos)


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=20))
def test_what_is_finer_than_a_nano_is_rounded_to_the_nearest(amount: Decimal) -> None:
    assert abs(Money.nearest(amount, "EUR").amount - amount) <= Decimal("0.5e-9")


def test_what_is_finer_than_a_nano_is_never_stored_silently() -> None:
    with pytest.raises(Invalid, match="more digits"):
        _ = Money(Decimal("1e-10"), "EUR").parts


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "1e18", "-1e30"])
def test_what_is_no_amount_is_refused(amount: str) -> None:
    with pytest.raises(Invalid, match="no amount"):
        Money.nearest(Decimal(amount), "EUR")


@pytest.mark.parametrize(
    ("amount", "text"),
    [("0", "0.00"), ("1E+3", "1000.00"), ("-0.5", "-0.50"), ("12.345678901", "12.345678901")],
)
def test_an_amount_is_said_in_plain_digits(amount: str, text: str) -> None:
    assert Money(Decimal(amount), "EUR").text == text


def test_amounts_of_two_currencies_never_mix() -> None:
    one, other = Money(Decimal(1), "EUR"), Money(Decimal(1), "USD")
    with pytest.raises(CurrencyMismatch):
        _ = one + other
    with pytest.raises(CurrencyMismatch):
        _ = one < other
