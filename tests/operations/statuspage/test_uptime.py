"""Uptime: worked out from spans, over what is known, by days that have 24 hours everywhere."""

import itertools
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.operations.health.model.state import State
from quarterdeck.operations.statuspage.model.component import (
    ORDER,
    Status,
    status_of,
    worst,
)
from quarterdeck.operations.statuspage.model.overall import overall
from quarterdeck.operations.statuspage.model.uptime import (
    SHOWN_DAYS,
    Lasted,
    Span,
    days,
    together,
)

NOW = datetime(2025, 10, 30, 15, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)

moments = st.integers(0, 120 * 24 * 3600).map(lambda s: NOW - timedelta(seconds=s))


@st.composite
def histories(draw: st.DrawFn) -> list[Span]:
    """Spans that follow one another, with gaps; the last may go on."""
    at = sorted(draw(st.lists(moments, min_size=2, max_size=12, unique=True)))
    pairs = list(itertools.pairwise(at))
    kept = [pair for pair in pairs if draw(st.booleans())]
    spans = [
        Span(since=since, until=until, status=draw(st.sampled_from(ORDER))) for since, until in kept
    ]
    if draw(st.booleans()):
        spans.append(Span(since=at[-1], until=None, status=draw(st.sampled_from(ORDER))))
    return spans


def total(spans: list[Span]) -> Lasted:
    return together([day.lasted for day in days(spans, NOW)])


@given(spans=histories(), cut=st.floats(0.01, 0.99))
def test_a_span_in_two_parts_is_the_same_as_whole(spans: list[Span], cut: float) -> None:
    parts = []
    for span in spans:
        until = span.until or NOW
        middle = span.since + (until - span.since) * cut
        parts += [
            Span(since=span.since, until=middle, status=span.status),
            Span(since=middle, until=span.until, status=span.status),
        ]
    assert days(parts, NOW) == days(spans, NOW)


@given(spans=histories())
def test_all_that_is_known_within_90_days_is_counted_once(spans: list[Span]) -> None:
    begin = datetime(2025, 8, 2, tzinfo=UTC)  # midnight, 89 days before today
    known = sum(
        (max(min(span.until or NOW, NOW) - max(span.since, begin), timedelta(0)) for span in spans),
        timedelta(0),
    )
    found = days(spans, NOW)
    assert len(found) == SHOWN_DAYS
    assert total(spans).known == known
    assert all(day.lasted.known <= timedelta(days=1) for day in found)
    assert [day.date for day in found] == sorted({day.date for day in found})


@given(spans=histories())
def test_uptime_is_a_share_and_whole_only_where_nothing_was_lost(spans: list[Span]) -> None:
    lasted = total(spans)
    percent = lasted.percent
    counted = lasted.known - lasted.by.get(Status.MAINTENANCE, timedelta(0))
    assert (percent is None) == (not counted)
    if percent is not None:
        assert 0 <= percent <= 100
        lost = {Status.PARTIAL, Status.MAJOR} & {*lasted.by}
        assert (percent == 100) == (not lost)


@given(spans=histories(), order=st.randoms())
def test_the_order_of_spans_says_nothing(spans: list[Span], order: object) -> None:
    mixed = [*spans]
    order.shuffle(mixed)  # type: ignore[attr-defined]  # a Random
    assert days(mixed, NOW) == days(spans, NOW)


@pytest.mark.parametrize(
    ("by", "percent"),
    [
        ({}, None),
        ({Status.MAINTENANCE: HOUR}, None),
        ({Status.OPERATIONAL: HOUR}, "100.00"),
        ({Status.DEGRADED: HOUR}, "100.00"),
        ({Status.MAJOR: HOUR}, "0.00"),
        ({Status.PARTIAL: HOUR}, "70.00"),
        ({Status.OPERATIONAL: HOUR, Status.MAJOR: HOUR}, "50.00"),
        ({Status.OPERATIONAL: 999_999 * HOUR, Status.MAJOR: HOUR}, "99.99"),
        ({Status.OPERATIONAL: HOUR, Status.MAINTENANCE: HOUR, Status.MAJOR: HOUR}, "50.00"),
    ],
)
def test_what_counts_and_how_much(by: dict[Status, timedelta], percent: str | None) -> None:
    assert Lasted(by=by).percent == (None if percent is None else Decimal(percent))


def test_a_day_is_of_utc_whatever_clocks_do() -> None:
    # In the night to 2025-10-26 clocks in Europe were set back: UTC's were not.
    since = datetime(2025, 10, 25, 22, tzinfo=UTC)
    span = Span(since=since, until=since + timedelta(hours=30), status=Status.MAJOR)
    lasted = {str(d.date): d.lasted.known for d in days([span], NOW) if d.lasted.by}
    assert lasted == {
        "2025-10-25": 2 * HOUR,
        "2025-10-26": 24 * HOUR,
        "2025-10-27": 4 * HOUR,
    }


@given(
    said=st.sampled_from([None, *Status]),
    state=st.sampled_from([None, *State]),
    covered=st.booleans(),
)
def test_what_is_not_known_is_never_operational(
    said: Status | None, state: State | None, *, covered: bool
) -> None:
    found = status_of(said, state, covered=covered)
    if said is None and not covered:
        assert (found is None) == (state in (None, State.UNKNOWN))
    if found is Status.OPERATIONAL:
        assert not covered
        assert said is Status.OPERATIONAL or state is State.HEALTHY
    if said not in (None, Status.OPERATIONAL):
        assert found is said


@given(statuses=st.lists(st.sampled_from([None, *Status]), max_size=5))
def test_all_is_well_only_where_all_is_known(statuses: list[Status | None]) -> None:
    found = overall(statuses, [])
    well = found.description == "All Systems Operational"
    assert well == (bool(statuses) and {*statuses} == {Status.OPERATIONAL})
    bad = worst([one for one in statuses if one])
    assert (found.indicator == "critical") == (bad is Status.MAJOR)
