"""Windows by the calendar meet each other, whatever clocks and months do."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.operations.slos.model.spans import (
    Calendar,
    Span,
    Unit,
    UnusableLength,
    Window,
    span,
)

ZONES = ("UTC", "America/New_York", "Europe/Stockholm", "Australia/Lord_Howe")
starts = st.datetimes(datetime(1980, 1, 1), datetime(2050, 1, 1)).map(  # noqa: DTZ001  a clock's
    lambda at: at.replace(second=0, microsecond=0)
)
instants = st.datetimes(
    datetime(1990, 1, 1),  # noqa: DTZ001  hypothesis adds the zone
    datetime(2060, 1, 1),  # noqa: DTZ001  likewise
    timezones=st.just(UTC),
)
calendars = st.builds(Calendar, starts, st.sampled_from(ZONES))
spans = st.sampled_from(["1d", "3d", "1w", "2w", "1M", "3M", "1Q", "1Y"]).map(span)


@given(spans, calendars, instants)
def test_every_instant_lies_in_one_window_and_the_next_begins_where_it_ends(
    length: Span, calendar: Calendar, now: datetime
) -> None:
    window = Window(span=length, calendar=calendar)
    since, until = window.around(now)
    assert since <= now < until
    assert window.around(until)[0] == until
    assert window.around(since) == (since, until)


def test_a_month_begins_at_its_hour_in_its_zone() -> None:
    window = Window(
        span=Span(1, Unit.MONTH),
        calendar=Calendar(datetime(2022, 1, 31, 12), "America/New_York"),  # noqa: DTZ001  a clock's
    )
    since, until = window.around(datetime(2026, 3, 10, tzinfo=UTC))
    assert since == datetime(2026, 2, 28, 17, tzinfo=UTC)
    assert until == datetime(2026, 3, 31, 16, tzinfo=UTC)


def test_a_window_that_rolls_ends_now() -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    assert Window(span=span("30d")).around(now) == (now - timedelta(days=30), now)
    assert Window(span=span("1M")).around(now) == (now - timedelta(days=30), now)


@pytest.mark.parametrize("words", ["", "d", "0d", "1", "1s", "-1d", "1.5h", "1D", "99999d"])
def test_what_is_no_length_is_refused(words: str) -> None:
    with pytest.raises(UnusableLength):
        span(words)
