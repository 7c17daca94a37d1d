"""What the costs cover: of the subscriptions that exist, and of the days asked for."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from governance.costs.ledgers import MARCH, POLICIES, row, say, sync, total
from governance.estate import Estate
from quarterdeck.governance.costs.calendar import DAY, Span
from quarterdeck.governance.costs.coverage import Scope, coverage, reaching
from quarterdeck.governance.costs.service import summaries
from quarterdeck.kernel.ids import TenantId

SINCE = date(2026, 3, 10)
TODAY = date(2026, 3, 20)
ACME = TenantId("acme")


def scope(known_since: date | None) -> Scope:
    read_at = datetime(2026, 3, 20, tzinfo=UTC)
    fields = {"tenant": ACME, "id": "s1", "name": "One", "source": "c"}
    return Scope(**fields, read_at=read_at, known_since=known_since)  # type: ignore[arg-type]


def test_days_before_the_first_reading_are_not_known_and_say_how_they_can_be() -> None:
    [silent] = coverage([ACME], [scope(SINCE)], MARCH).silent
    assert "before 2026-03-10 were never read" in silent.reason
    assert "backfill from 2026-03-01" in silent.reason


def test_days_that_were_all_read_are_known() -> None:
    assert coverage([ACME], [scope(SINCE)], Span(SINCE, TODAY)).silent == []


def test_a_backfill_that_leaves_a_gap_reaches_no_further_back() -> None:
    gap = Span(date(2026, 2, 1), SINCE - 2 * DAY)
    assert reaching(SINCE, gap, first=False) == SINCE
    assert reaching(SINCE, Span(gap.first, SINCE - DAY), first=False) == gap.first
    assert reaching(None, gap, first=False) is None


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=6))
def test_every_day_since_it_was_read(reads: list[tuple[int, int]]) -> None:
    since: date | None = SINCE
    known = {SINCE + timedelta(n) for n in range((TODAY - SINCE).days + 1)}
    for first, length in reads:
        span = Span(TODAY - timedelta(first + length), TODAY - timedelta(first))
        since = reaching(since, span, first=False)
        known |= {span.first + timedelta(n) for n in range(span.days)}
    assert since is not None
    assert {since + timedelta(n) for n in range((TODAY - since).days + 1)} <= known


def test_after_a_first_sync_a_longer_question_says_what_was_never_read(march: Estate) -> None:
    _, cloud = march.connect("acme", POLICIES)
    say(cloud, [row("20260301", "10.5")], [total("10.5")])
    sync(march)
    with march.look() as work:
        month = summaries.coverage(work, span=MARCH)
        year = summaries.coverage(work, span=Span(date(2025, 4, 1), TODAY))
    assert month.silent == []
    assert "before 2026-01-19 were never read" in year.silent[0].reason
