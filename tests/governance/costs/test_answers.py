"""Cost Management's rows become charges, and what is none is refused."""

from datetime import date
from decimal import Decimal

import pytest

from governance.costs.ledgers import euro, key, row
from quarterdeck.governance.costs.answers import UnreadableCosts, charge, gathered, total
from quarterdeck.governance.costs.model import Line


def test_a_row_is_read_with_the_digits_that_were_sent() -> None:
    found = charge(row("20260301", "0.1234567894999"), "service")
    assert found.line == Line("EUR", "Storage", "rg")
    assert (found.day, found.amount) == (date(2026, 3, 1), euro("0.123456789"))


def test_a_large_number_with_an_exponent_is_exact() -> None:
    assert charge(row("20260301", "1.5E+3"), "service").amount.amount == Decimal(1500)


def test_a_row_by_tag_is_read_by_the_tags_value() -> None:
    item = b'{"PreTaxCost":1,"UsageDate":20260301,"TagKey":"team","TagValue":"a","Currency":"EUR"}'
    assert charge(item, "tag:team").line == Line("EUR", "a")


@pytest.mark.parametrize(
    "item",
    [
        b"",
        b"{",
        b"[]",
        b"\xff",
        b'{"Cost":"1","UsageDate":20260301,"Currency":"EUR"}',
        b'{"Cost":true,"UsageDate":20260301,"Currency":"EUR"}',
        b'{"Cost":1,"UsageDate":20260231,"Currency":"EUR"}',
        b'{"Cost":1,"UsageDate":"soon","Currency":"EUR"}',
        b'{"Cost":1,"UsageDate":20260301,"Currency":"euro"}',
        b'{"Cost":1,"UsageDate":20260301}',
        b'{"UsageDate":20260301,"Currency":"EUR"}',
        b'{"Cost":1e40,"UsageDate":20260301,"Currency":"EUR"}',
        b'{"Cost":1e9999999999999999999,"UsageDate":20260301,"Currency":"EUR"}',
    ],
)
def test_what_is_no_charge_is_refused(item: bytes) -> None:
    with pytest.raises(UnreadableCosts):
        charge(item, "service")


def test_a_total_without_a_currency_is_refused() -> None:
    with pytest.raises(UnreadableCosts):
        total(b'{"Cost":1}')


def test_a_row_that_comes_twice_counts_once() -> None:
    charges = [charge(row("20260301", "5"), "service")] * 2
    assert gathered(charges) == {key(1): euro("5")}


def test_groups_that_differ_in_case_alone_are_one_and_add_up() -> None:
    items = [row("20260301", "5", group="RG"), row("20260301", "2", group="rg")]
    assert gathered(charge(i, "service") for i in items) == {key(1): euro("7")}


def test_a_currency_that_changes_in_mid_month_is_two_currencies() -> None:
    items = [row("20260301", "5"), row("20260301", "2", cur="USD")]
    found = gathered(charge(i, "service") for i in items)
    assert found == {key(1): euro("5"), key(1, cur="USD"): euro("2", "USD")}
