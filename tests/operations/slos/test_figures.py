"""Shares and minutes are shown with the digits that they have, and never better than they are."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.operations.slos.model.figures import minutes, percent


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (None, "not known"),
        (1.0, "100 %"),
        (0.0, "0 %"),
        (0.999996, "99.9996 %"),
        (0.99999999, "99.999999 %"),
        (0.999999999999, "99.9999999999 %"),
        (0.9995, "99.95 %"),
        (0.99899, "99.899 %"),
        (0.999, "99.9 %"),
        (0.987654321, "98.76 %"),
        (0.1 + 0.7, "80 %"),
        (0.000162037, "0.0162 %"),
        (-0.5, "-50 %"),
        (1.000004, "100.0004 %"),
        (12.34567, "1234.56 %"),
    ],
)
def test_a_share_is_shown_with_the_digits_that_it_needs(share: float | None, words: str) -> None:
    assert percent(share) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "not known"),
        (0.0, "0 min"),
        (43.2, "43.2 min"),
        (43.1999, "43.19 min"),
        (43.199999999999996, "43.2 min"),
        (26_280.0, "26280 min"),
        (26_280.75, "26280 min"),
        (0.004321, "0.004321 min"),
        (-12.3456, "-12.35 min"),
    ],
)
def test_minutes_are_shown_without_an_exponent(value: float | None, words: str) -> None:
    assert minutes(value) == words


@given(st.integers(1, 10**9 - 1).map(lambda n: n / 10**9))
def test_a_part_is_never_shown_as_nothing_nor_as_all_nor_as_more_than_it_is(share: float) -> None:
    shown = Decimal(percent(share).removesuffix(" %"))
    assert 0 < shown < 100
    assert shown <= Decimal(repr(share)) * 100
