"""Shares and minutes in digits: as many as it takes, and none that says more than there is. Pure.

Digits are cut off, not rounded: 99.9996 % is never shown as 100 %, nor 43.19 min as 43.2 min.
"""

from decimal import ROUND_FLOOR, Decimal

DIGITS = 4
"""That count of a number of minutes, where it has no more before its point."""

SHARE_NOISE, MINUTES_NOISE = 15, 9
"""Decimal places from which on a float holds what arithmetic left there."""


def percent(share: float | None) -> str:
    """A share, 1 is all: two decimal places, or three digits of what it is off 0 and 100 %."""
    if share is None:
        return "not known"
    exact = Decimal(repr(round(share, SHARE_NOISE))).scaleb(2)
    off = min(abs(exact), abs(100 - exact))
    return f"{_cut(exact, max(2, 2 - off.adjusted()) if off else 0)} %"


def minutes(value: float | None) -> str:
    """A number of minutes, without an exponent."""
    if value is None:
        return "not known"
    exact = Decimal(repr(round(value, MINUTES_NOISE)))
    return f"{_cut(exact, max(0, DIGITS - 1 - exact.adjusted()) if exact else 0)} min"


def _cut(exact: Decimal, places: int) -> str:
    words = f"{exact.quantize(Decimal(1).scaleb(-places), ROUND_FLOOR):f}"
    return words.rstrip("0").rstrip(".") if "." in words else words
