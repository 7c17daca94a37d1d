"""Ranges of days are cut so that no day is lost and none is counted twice."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.governance.costs.calendar import (
    DAY,
    InvalidSpan,
    Span,
    day_of,
    day_period,
    months,
    open_since,
    periods,
    wanted,
)

DAYS = st.dates(date(2000, 1, 1), date(2099, 12, 31))
SPANS = st.builds(
    lambda first, n: Span(first, first + timedelta(days=n)), DAYS, st.integers(0, 800)
)


def every_day(span: Span) -> list[date]:
    return [span.first + DAY * n for n in range(span.days)]


@given(SPANS)
def test_months_join_to_the_span(span: Span) -> None:
    parts = list(months(span))
    assert [day for part in parts for day in every_day(part)] == every_day(span)
    assert all(part.first.month == part.last.month for part in parts)


@given(SPANS)
def test_periods_hold_each_day_of_the_span_once(span: Span) -> None:
    held: list[date] = []
    for part in periods(span):
        if part.first <= 999_912:
            first, last = day_of(part.first), day_of(part.last)
            ended = (last + timedelta(days=31)).replace(day=1) - DAY
        else:
            first, ended = day_of(part.first), day_of(part.last)
        held += every_day(Span(first, ended))
    assert sorted(held) == every_day(span)


@given(DAYS)
def test_a_day_comes_back_from_its_number(day: date) -> None:
    assert day_of(day_period(day)) == day


@pytest.mark.parametrize(
    ("today", "opened"),
    [
        (date(2026, 3, 5), date(2026, 2, 1)),
        (date(2026, 3, 6), date(2026, 3, 1)),
        (date(2026, 1, 1), date(2025, 12, 1)),
    ],
)
def test_a_month_stays_open_until_the_fifth_day_of_the_next(today: date, opened: date) -> None:
    assert open_since(today) == opened


def test_the_first_reading_goes_back_so_many_days() -> None:
    spans = wanted(date(2026, 3, 20), None, 30)
    assert spans == [
        Span(date(2026, 2, 18), date(2026, 2, 28)),
        Span(date(2026, 3, 1), date(2026, 3, 20)),
    ]


def test_a_month_that_was_open_when_it_was_read_last_is_read_again() -> None:
    spans = wanted(date(2026, 4, 20), date(2026, 3, 3), 30)
    assert spans[0].first == date(2026, 2, 1)
    assert spans[-1].last == date(2026, 4, 20)


def test_a_range_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(InvalidSpan, match="9998-12-31, the last that there is"):
        Span(date.max, date.max)
    with pytest.raises(InvalidSpan, match="before"):
        Span(date(2026, 3, 2), date(2026, 3, 1))
