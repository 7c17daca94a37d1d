"""A run reads the days that may have changed, compares them, and keeps what it can."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from governance.costs.ledgers import BY, MARCH, POLICIES, Ledger, row, say, sync, total
from governance.estate import Estate, FakeCloud
from quarterdeck.governance.cloud.ports import CloudFailure, CostBasis, Denied, FailureClass
from quarterdeck.governance.costs.control import Verdict
from quarterdeck.governance.costs.coverage import Age
from quarterdeck.governance.costs.service import summaries
from quarterdeck.governance.sync.model import Run, RunState

TODAY = date(2026, 3, 20)
NEXT_DAY = date(2026, 3, 21)


@pytest.fixture
def cloud(march: Estate) -> FakeCloud:
    """The cloud of tenant ``acme``, whose one subscription costs 10 and 2 on two days."""
    _, cloud = march.connect("acme", POLICIES)
    say(cloud, [row("20260301", "10.5"), row("20260302", "2")], [total("12.5")])
    return cloud


@pytest.fixture
def book(march: Estate) -> Ledger:
    return Ledger(march)


def newest(march: Estate) -> Run:
    return march.runs()[0]


@pytest.mark.census("AG-050")
def test_a_sync_lands_what_the_cloud_charges_with_its_control_total(
    march: Estate, cloud: FakeCloud, book: Ledger
) -> None:
    sync(march)
    assert newest(march).state is RunState.SUCCESS
    assert book.sums("service") == {"Storage": "12.50 EUR"}
    with march.look() as work:
        [control] = summaries.controls(work, MARCH, CostBasis.ACTUAL)
        coverage = summaries.coverage(work)
    assert (control.verdict, control.stated, control.summed) == (
        Verdict.AGREES,
        control.summed,
        control.stated,
    )
    assert (coverage.subscriptions, coverage.subscriptions_known) == (1, 1)
    assert cloud.asked.count(("costs", "s1", MARCH.first, TODAY, CostBasis.ACTUAL, BY)) == 1


def test_a_second_sync_reads_the_open_month_alone_and_restates(
    march: Estate, cloud: FakeCloud, book: Ledger
) -> None:
    sync(march)
    then, cloud.asked[:] = march.now, []
    march.pass_time(days=1)
    days = (MARCH.first, NEXT_DAY)
    say(cloud, [row("20260301", "11"), row("20260302", "2")], [total("13")], days=days)
    sync(march)
    assert {what[2] for what in cloud.asked if what[0] == "costs"} == {MARCH.first}
    assert book.sums() == {"": "13.00 EUR"}
    assert book.sums(as_of=then) == {"": "12.50 EUR"}


def test_a_sum_that_differs_from_the_control_total_is_kept_and_shown_with_both(
    march: Estate, cloud: FakeCloud, book: Ledger
) -> None:
    say(cloud, [row("20260301", "10")], [total("99")])
    sync(march)
    with march.look() as work:
        [control] = summaries.controls(work, MARCH, CostBasis.ACTUAL)
    assert control.verdict is Verdict.DIFFERS
    assert control.stated
    assert (control.stated.amount, control.summed.amount) == (Decimal(99), Decimal(10))
    assert book.sums() == {"": "10.00 EUR"}


def test_a_subscription_that_may_not_be_read_is_not_known_and_says_why(
    march: Estate, cloud: FakeCloud, book: Ledger
) -> None:
    cloud.pages["s2"] = []
    denied = Denied("no right to read costs", missing="Cost Management Reader")
    for basis in CostBasis:
        for days in ((date(2026, 1, 19), date(2026, 1, 31)), (MARCH.first, TODAY)):
            cloud.said["costs", "s2", *days, basis, BY] = [denied]
    sync(march)
    with march.look() as work:
        coverage = summaries.coverage(work)
    assert (coverage.subscriptions, coverage.subscriptions_known) == (2, 1)
    assert [(s.subscription, s.reason) for s in coverage.silent] == [
        ("s2", "not allowed: grant Cost Management Reader")
    ]
    assert book.sums() == {"": "12.50 EUR"}
    assert newest(march).state is RunState.PARTIAL


def test_a_cloud_that_answers_with_nothing_erases_nothing(
    march: Estate, cloud: FakeCloud, book: Ledger
) -> None:
    sync(march)
    march.pass_time(days=1)
    say(cloud, [], [], days=(MARCH.first, NEXT_DAY))
    sync(march)
    assert book.sums() == {"": "12.50 EUR"}
    assert newest(march).state is RunState.PARTIAL
    assert "no costs" in newest(march).error


def test_a_row_that_cannot_be_read_loses_no_other(
    march: Estate, cloud: FakeCloud, book: Ledger
) -> None:
    sync(march)
    march.pass_time(days=1)
    items = [row("20260301", "11"), b'{"Cost":"?"}']
    say(cloud, items, [total("13")], days=(MARCH.first, NEXT_DAY))
    sync(march)
    assert book.sums() == {"": "13.00 EUR"}
    assert (newest(march).state, newest(march).whole) == (RunState.PARTIAL, True)
    with march.look() as work:
        coverage = summaries.coverage(work)
    assert coverage.updated_at is not None
    assert coverage.updated_at > march.now - timedelta(hours=1)
    assert "1 of 2 items of the costs" in coverage.silent[0].reason


def test_throttling_stops_the_run_and_keeps_what_came_before(
    march: Estate, cloud: FakeCloud, book: Ledger
) -> None:
    busy = CloudFailure(FailureClass.RATE_LIMIT, "slow down", retry_after_s=30)
    cloud.said["costs", "s1", MARCH.first, TODAY, CostBasis.AMORTIZED, BY] = [busy]
    sync(march)
    assert book.sums() == {"": "12.50 EUR"}
    with march.look() as work:
        assert summaries.coverage(work).subscriptions_known == 0


@pytest.mark.census("AG-009")
def test_costs_are_stale_from_25_hours_on(march: Estate, cloud: FakeCloud) -> None:
    del cloud
    sync(march)
    with march.look() as work:
        found = summaries.coverage(work)
    at = found.updated_at or datetime.min.replace(tzinfo=UTC)
    march.now = at
    march.pass_time(hours=24)
    assert found.state(march.now) is Age.CURRENT
    march.pass_time(hours=1)
    assert found.state(march.now) is Age.STALE


def test_a_subscription_that_is_gone_keeps_its_costs_and_leaves_the_coverage(
    march: Estate, cloud: FakeCloud, book: Ledger
) -> None:
    sync(march)
    march.pass_time(days=1)
    del cloud.pages["s1"]
    cloud.pages["s9"] = []
    sync(march)
    with march.look() as work:
        assert summaries.coverage(work).subscriptions == 2, "not known whether it is gone"
    march.pass_time(minutes=30)
    march.wake()
    march.run_due()
    assert book.sums() == {"": "12.50 EUR"}
    with march.look() as work:
        assert summaries.coverage(work).subscriptions == 1


def test_a_currency_that_changes_in_mid_month_is_two_totals_and_both_agree(
    march: Estate, cloud: FakeCloud, book: Ledger
) -> None:
    rows = [row("20260301", "10"), row("20260316", "4", cur="USD")]
    say(cloud, rows, [total("10"), total("4", "USD")])
    sync(march)
    assert sorted(f"{f.amount.text} {f.amount.currency}" for f in book.ask()) == [
        "10.00 EUR",
        "4.00 USD",
    ]
    with march.look() as work:
        found = summaries.controls(work, MARCH, CostBasis.ACTUAL)
    assert {(c.summed.currency, c.verdict) for c in found} == {
        ("EUR", Verdict.AGREES),
        ("USD", Verdict.AGREES),
    }
