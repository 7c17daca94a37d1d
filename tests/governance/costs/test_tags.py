"""Costs are kept by tags too: read as far back as the services, and a gap is said."""

from datetime import date

import pytest

from governance.costs.ledgers import BY, MARCH, POLICIES, Ledger, row, say, sync, total
from governance.estate import Estate, FakeCloud
from quarterdeck.governance.cloud.ports import CloudFailure, CostBasis, FailureClass
from quarterdeck.governance.costs.calendar import Span
from quarterdeck.governance.costs.question import Question
from quarterdeck.governance.costs.service import files, summaries
from quarterdeck.governance.sync.domains import cost_options
from quarterdeck.governance.sync.readings.costs import Options
from quarterdeck.kernel.cache import Cache
from quarterdeck.kernel.errors import Invalid
from quarterdeck.kernel.ids import TenantId
from quarterdeck.kernel.settings import Settings

TEAM = ("tag:team",)
FILE = (
    b"BilledCost,BillingCurrency,ChargePeriodStart,ServiceName,SubAccountId\n"
    b"5,EUR,2026-03-01T00:00:00Z,Storage,s9\n"
)
TODAY = date(2026, 3, 20)
JANUARY = (date(2026, 1, 19), date(2026, 1, 31))
FEBRUARY = (date(2026, 2, 1), date(2026, 2, 28))
TO_DATE = (MARCH.first, TODAY)


def by_team(day: str, cost: str, team: str | None) -> bytes:
    """A row of an answer grouped by a tag; null where a resource bears none."""
    value = "null" if team is None else f'"{team}"'
    return (
        f'{{"Cost":{cost},"UsageDate":{day},"TagKey":"team","TagValue":{value},"Currency":"EUR"}}'
    ).encode()


@pytest.fixture
def cloud(march: Estate) -> FakeCloud:
    """12.50 in March and 4 in February; of March 10.50 is of team a."""
    march.options = Options(tags=("team",))
    _, cloud = march.connect("acme", POLICIES)
    say(cloud, [row("20260301", "10.5"), row("20260302", "2")], [total("12.5")])
    say(cloud, [row("20260203", "4")], [total("4")], days=FEBRUARY)
    for basis in CostBasis:
        cloud.said["costs", "s1", *TO_DATE, basis, TEAM] = [
            [by_team("20260301", "10.5", "a"), by_team("20260302", "2", None)]
        ]
        cloud.said["costs", "s1", *FEBRUARY, basis, TEAM] = [[by_team("20260203", "4", "a")]]
    return cloud


def summary(march: Estate, span: Span = MARCH) -> summaries.Summary:
    with march.look() as work:
        return summaries.summary(work, Question(span=span, by="tag:team"), None, Cache(0))


def test_costs_are_read_by_each_tag_and_sum_up_to_the_same(march: Estate, cloud: FakeCloud) -> None:
    del cloud
    sync(march)
    book = Ledger(march)
    assert book.sums("tag:team") == {"a": "10.50 EUR", "": "2.00 EUR"}
    assert book.sums() == {"": "12.50 EUR"}
    found = summary(march)
    assert (found.contrast.state, list(found.coverage.silent)) == ("agrees", [])
    with march.look() as work:
        assert summaries.tags(work) == ["team"]


def test_a_tag_that_is_set_later_is_read_as_far_back_as_the_first_time(
    march: Estate, cloud: FakeCloud
) -> None:
    march.options = Options()
    sync(march)
    gap = summary(march).coverage.silent
    assert [one.reason for one in gap] == [
        "costs by tag:team were not read of 2026-03; backfill reads them"
    ]
    march.options = Options(tags=("team",))
    march.pass_time(hours=2)
    cloud.asked.clear()
    sync(march)
    asked = {(call[2], call[5]) for call in cloud.asked if call[0] == "costs"}
    assert {first for first, by in asked if by == TEAM} == {FEBRUARY[0], MARCH.first}
    assert {first for first, by in asked if by == BY} == {MARCH.first}
    whole = Span(FEBRUARY[0], MARCH.last)
    assert Ledger(march).sums("tag:team", whole) == {"a": "14.50 EUR", "": "2.00 EUR"}
    assert list(summary(march, whole).coverage.silent) == []
    march.pass_time(hours=2)
    cloud.asked.clear()
    sync(march)
    assert {call[2] for call in cloud.asked if call[0] == "costs"} == {MARCH.first}


@pytest.mark.parametrize("basis", list(CostBasis))
def test_months_that_a_tag_was_not_read_of_are_read_though_others_were(
    march: Estate, cloud: FakeCloud, basis: CostBasis
) -> None:
    say(cloud, [row("20260120", "3")], [total("3")], days=JANUARY)
    say(cloud, [row("20260120", "3")], [total("3")], CostBasis.AMORTIZED, JANUARY)
    say(cloud, [row("20260203", "4")], [total("4")], CostBasis.AMORTIZED, FEBRUARY)
    for one in CostBasis:
        cloud.said["costs", "s1", *JANUARY, one, TEAM] = [[by_team("20260120", "3", "a")]]
    march.options = Options()
    sync(march)
    march.options = Options(tags=("team",))
    march.pass_time(hours=2)
    whole = cloud.said["costs", "s1", *FEBRUARY, basis, TEAM]
    late = CloudFailure(FailureClass.TIMEOUT, "late")
    cloud.said["costs", "s1", *FEBRUARY, basis, TEAM] = [late]
    sync(march)
    since = Span(JANUARY[0], FEBRUARY[1])
    assert Ledger(march).sums("tag:team", since, basis=basis) == {"a": "3.00 EUR"}
    cloud.said["costs", "s1", *FEBRUARY, basis, TEAM] = whole
    march.pass_time(hours=2)
    cloud.asked.clear()
    sync(march)
    assert Ledger(march).sums("tag:team", since, basis=basis) == {"a": "7.00 EUR"}
    asked = {call[2] for call in cloud.asked if call[0] == "costs" and call[5] == TEAM}
    assert asked == {FEBRUARY[0], MARCH.first}


def test_what_files_brought_is_not_known_by_a_tag_and_the_costs_say_so(march: Estate) -> None:
    march.tenant("acme")
    with march.work() as work:
        files.bring_in(work, TenantId("acme"), FILE)
    assert [(one.subscription, one.reason) for one in summary(march).coverage.silent] == [
        ("s9", "costs by tag:team were not read of 2026-03: a file brought them in, by no tag")
    ]
    assert [one.reason for one in summary(march, Span(*FEBRUARY)).coverage.silent] == [
        "no file brought days before 2026-03-01"
    ]


def test_how_far_back_the_first_reading_goes_is_a_setting(march: Estate, cloud: FakeCloud) -> None:
    march.options = Options(days_back=5)
    sync(march)
    assert {call[2] for call in cloud.asked if call[0] == "costs"} == {MARCH.first}


def test_settings_name_tags_once_each_and_a_tag_that_cannot_be_is_refused() -> None:
    found = cost_options(Settings(cost_tags=" team, costCenter ,,team", cost_days_back=90))
    assert (found.days_back, found.cuts) == (90, ["service", "tag:team", "tag:costCenter"])
    assert cost_options(Settings()).cuts == ["service"]
    with pytest.raises(Invalid):
        cost_options(Settings(cost_tags="x" * 513))
