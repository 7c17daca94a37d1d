"""What the simulated estate costs, asked of Cost Management."""

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from providers.rehearsal import Rehearsal, rehearsing
from quarterdeck.providers.simulator.costs.query import DIMENSIONS
from quarterdeck.providers.simulator.options import SimulatorOptions
from quarterdeck.providers.simulator.server import running

START = datetime(2026, 5, 20, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def priced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    """Two directories whose clock stands at START when the first test begins."""
    folder = tmp_path_factory.mktemp("s")
    options = SimulatorOptions(folder=folder, tenants=2, resources=600, now=START)
    with running(options) as simulator, rehearsing(simulator) as rehearsal:
        yield rehearsal


@pytest.fixture
def simulator(priced: Rehearsal) -> Iterator[Rehearsal]:
    yield priced
    priced.calm()
    priced.lever("clock", "PUT", now=START.isoformat())


def question(first: date, last: date, **changes: Any) -> dict[str, Any]:  # noqa: ANN401  any field
    dataset = {
        "granularity": changes.pop("granularity", "None"),
        "aggregation": {"totalCost": {"name": changes.pop("column", "Cost"), "function": "Sum"}},
        "grouping": [{"type": kind, "name": name} for kind, name in changes.pop("grouping", ())],
        **({"filter": changes.pop("filter")} if "filter" in changes else {}),
    }
    period = {"from": f"{first}T00:00:00Z", "to": f"{last}T23:59:59Z"}
    whole = {"type": "ActualCost", "timeframe": "Custom", "timePeriod": period}
    return whole | {"dataset": dataset} | changes


def place(simulator: Rehearsal, number: int = 0, tenant: int = 0) -> str:
    held = simulator.subscription(number, tenant)
    return f"/subscriptions/{held}/providers/Microsoft.CostManagement/query"


def rows(
    simulator: Rehearsal, body: dict[str, Any], number: int = 0, tenant: int = 0
) -> list[list[Any]]:
    """All rows, every page asked for by POST; numbers with the digits that were sent."""
    link, found = place(simulator, number, tenant), []
    headers = simulator.bearer(tenant)
    asked: dict[str, str] | None = {"api-version": "2025-03-01"}
    while link:
        answer = simulator.http.post(link, params=asked, json=body, headers=headers)
        assert answer.status_code == 200, answer.text
        page = json.loads(answer.content, parse_float=Decimal)["properties"]
        found += page["rows"]
        link, asked = page["nextLink"] or "", None
    return found


def exact(found: list[list[Any]]) -> dict[str, Decimal]:
    """Sums by currency, to the last digit."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in found:
        sums[row[-1]] += row[0]
    return dict(sums)


FEBRUARY = (date(2026, 2, 1), date(2026, 2, 28))


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("Dimension"), st.sampled_from(sorted(DIMENSIONS))),
            st.tuples(st.just("TagKey"), st.sampled_from(["env", "owner", "nobody-has-it"])),
        ),
        max_size=2,
        unique=True,
    ),
    st.sampled_from(["None", "Daily", "Monthly"]),
    st.sampled_from(["ActualCost", "AmortizedCost"]),
)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_however_it_is_grouped_a_month_costs_the_same_to_the_last_digit(
    simulator: Rehearsal, grouping: list[tuple[str, str]], granularity: str, basis: str
) -> None:
    whole = rows(simulator, question(*FEBRUARY, type=basis))
    parts = rows(
        simulator, question(*FEBRUARY, grouping=grouping, granularity=granularity, type=basis)
    )
    assert len(whole) == 1
    assert exact(parts) == exact(whole)


def test_numbers_have_more_digits_than_a_billionth(simulator: Rehearsal) -> None:
    body = question(*FEBRUARY, grouping=[("Dimension", "ResourceId")], granularity="Daily")
    answer = simulator.post(place(simulator), body)
    digits = [
        len(row.partition(".")[2].partition(",")[0])
        for row in answer.text.split("[[")[1].split("],[")
    ]
    assert max(digits) > 9


def test_a_long_answer_is_read_page_by_page_and_each_row_once(simulator: Rehearsal) -> None:
    grouping = [("Dimension", "ResourceId"), ("Dimension", "ServiceName")]
    found = rows(simulator, question(*FEBRUARY, grouping=grouping, granularity="Daily"))
    assert len(found) > 2_000
    keys = [tuple(row[1:]) for row in found]
    assert len(keys) == len(set(keys))


def test_a_days_cost_is_restated_until_its_month_is_final(simulator: Rehearsal) -> None:
    day = date(2026, 5, 19)
    body = question(day, day)
    known = []
    for moment in (
        "05-19T12",
        "05-20T12",
        "05-22T12",
        "05-30T12",
        "06-05T23",
        "06-06T00",
        "06-20T00",
    ):
        simulator.lever("clock", "PUT", now=f"2026-{moment}:00:00Z")
        known.append(exact(rows(simulator, body))["EUR"])
    assert known[0] < known[1] < known[2]
    assert len(set(known)) == 6, "it changes until the sixth of June, and is final then"
    assert known[-2] == known[-1]
    simulator.lever("clock", "PUT", now="2026-05-30T12:00:00Z")
    assert exact(rows(simulator, body))["EUR"] == known[3], "the same clock tells the same"


def test_nothing_is_charged_for_days_to_come(simulator: Rehearsal) -> None:
    body = question(START.date(), START.date() + timedelta(days=9), granularity="Daily")
    assert {row[1] for row in rows(simulator, body)} == {20260520}


def test_a_correction_changes_days_that_were_final(simulator: Rehearsal) -> None:
    held = simulator.subscription(1, 1)
    january = question(date(2026, 1, 1), date(2026, 1, 31))
    before = exact(rows(simulator, january, 1, 1))
    simulator.lever(
        "restatements", subscription=held, first="2026-01-01", last="2026-01-31", permille=1_500
    )
    after = exact(rows(simulator, january, 1, 1))
    assert after == {name: amount * 3 / 2 for name, amount in before.items()}


def test_a_reservation_is_paid_at_once_and_used_each_day(simulator: Rehearsal) -> None:
    grouping = [("Dimension", "PricingModel")]
    found = {}
    for basis in ("ActualCost", "AmortizedCost"):
        days: dict[str, set[int]] = defaultdict(set)
        for number in range(len(simulator.estate()[0]["subscriptions"])):
            body = question(*FEBRUARY, grouping=grouping, granularity="Daily", type=basis)
            for row in rows(simulator, body, number):
                days[row[2]].add(row[1])
        found[basis] = days
    assert found["ActualCost"]["Reservation"] == {20260201}
    assert len(found["AmortizedCost"]["Reservation"]) == 28


def test_one_subscription_changes_its_currency_in_the_middle_of_a_month(
    simulator: Rehearsal,
) -> None:
    body = question(date(2026, 4, 1), date(2026, 4, 30), granularity="Daily")
    billed = [row[2] for row in sorted(rows(simulator, body, 1), key=lambda row: row[1])]
    assert billed == ["EUR"] * 15 + ["USD"] * 15
    changes = [one for one, other in pairwise(billed) if one != other]
    assert len(changes) == 1


def test_some_subscriptions_are_billed_in_another_currency(simulator: Rehearsal) -> None:
    assert {*exact(rows(simulator, question(*FEBRUARY), 0, 1))} == {"EUR"}
    assert {*exact(rows(simulator, question(*FEBRUARY), 1, 1))} == {"USD"}


def test_costs_can_be_told_in_dollars(simulator: Rehearsal) -> None:
    euros = exact(rows(simulator, question(*FEBRUARY)))["EUR"]
    dollars = exact(rows(simulator, question(*FEBRUARY, column="CostUSD")))["EUR"]
    assert dollars == euros * Decimal("1.0842")


def test_a_filter_leaves_the_rest_out(simulator: Rehearsal) -> None:
    by_service = rows(simulator, question(*FEBRUARY, grouping=[("Dimension", "ServiceName")]))
    wanted = {"dimensions": {"name": "ServiceName", "operator": "In", "values": ["storage"]}}
    tagged = {"tags": {"name": "env", "operator": "In", "values": ["nowhere"]}}
    (storage,) = [row for row in by_service if row[1] == "Storage"]
    assert exact(rows(simulator, question(*FEBRUARY, filter=wanted))) == exact([storage])
    assert rows(simulator, question(*FEBRUARY, filter={"and": [wanted, tagged]})) == []
    both = question(*FEBRUARY, filter={"or": [wanted, tagged]})
    assert exact(rows(simulator, both)) == exact([storage])


def test_a_group_has_its_own_scope(simulator: Rehearsal) -> None:
    by_group = rows(simulator, question(*FEBRUARY, grouping=[("Dimension", "ResourceGroup")]))
    amount, name, _ = max(by_group, key=lambda row: row[0])
    held = simulator.subscription()
    path = f"/subscriptions/{held}/resourceGroups/{name}/providers/Microsoft.CostManagement/query"
    (row,) = simulator.post(path, question(*FEBRUARY)).json()["properties"]["rows"]
    assert row[0] == pytest.approx(float(amount))


def test_what_is_deleted_has_cost_money_until_then(simulator: Rehearsal) -> None:
    body = question(date(2026, 5, 1), date(2026, 5, 19), grouping=[("Dimension", "ResourceId")])
    found = [row for row in rows(simulator, body, 0, 1) if row[1].startswith("/subscriptions")]
    most = max(found, key=lambda row: row[0])
    simulator.http.delete("/_simulator/resources", params={"id": most[1]})
    assert most in rows(simulator, body, 0, 1)
    simulator.lever("clock", "PUT", now="2026-07-01T00:00:00Z")
    later = question(date(2026, 6, 1), date(2026, 6, 30), grouping=[("Dimension", "ResourceId")])
    assert most[1] not in {row[1] for row in rows(simulator, later, 0, 1)}


@pytest.mark.parametrize(
    "change",
    [
        {"type": "Wish"},
        {"timePeriod": None},
        {"timePeriod": {"from": "soon", "to": "later"}},
        {"timePeriod": {"from": "2026-02-02", "to": "2026-02-01"}},
        {"timePeriod": {"from": "2024-02-02", "to": "2026-02-01"}},
        {"grouping": [("Dimension", "Mood")]},
        {"grouping": [("Dimension", "ServiceName"), ("TagKey", "a"), ("TagKey", "b")]},
        {"filter": {"not": {}}},
        {"filter": {"dimensions": {"name": "Mood", "operator": "In", "values": ["x"]}}},
        {"column": "Joy"},
    ],
)
def test_a_query_that_cannot_be_answered_is_refused(
    simulator: Rehearsal, change: dict[str, Any]
) -> None:
    answer = simulator.post(place(simulator), question(*FEBRUARY, **change))
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BadRequest")
    assert answer.json()["error"]["message"].startswith("Invalid query definition: ")


@pytest.mark.parametrize(
    ("timeframe", "days"),
    [("MonthToDate", 20), ("TheLastMonth", 30), ("WeekToDate", 3), ("BillingMonthToDate", 20)],
)
def test_periods_have_names(simulator: Rehearsal, timeframe: str, days: int) -> None:
    body = question(*FEBRUARY, granularity="Daily", timeframe=timeframe)
    assert len(rows(simulator, body)) == days


def test_a_quota_that_binds_tells_each_way_how_long_to_wait(simulator: Rehearsal) -> None:
    simulator.lever("quotas", "PUT", binding=True)
    body = question(date(2025, 6, 1), date(2026, 5, 1))
    answers = [simulator.post(place(simulator), body) for _ in range(2)]
    family = "x-ms-ratelimit-microsoft.costmanagement"
    assert [one.status_code for one in answers] == [200, 429]
    assert answers[0].headers[f"{family}-qpu-consumed"] == "12"
    assert answers[0].headers[f"{family}-qpu-remaining"].endswith("QueriesPer10Sec:0")
    for limit in ("qpu", "entity", "tenant", "client"):
        assert 0 < int(answers[1].headers[f"{family}-{limit}-retry-after"]) <= 10


def test_a_cloud_may_take_more_queries_of_costs_than_azure(tmp_path: Path) -> None:
    options = SimulatorOptions(
        folder=tmp_path, tenants=1, resources=20, quotas=True, cost_quotas=100
    )
    body = question(date(2025, 6, 1), date(2026, 5, 1))
    with running(options) as cloud, rehearsing(cloud) as simulator:
        answers = [simulator.post(place(simulator), body) for _ in range(5)]
    assert [one.status_code for one in answers] == [200] * 5
    left = answers[-1].headers["x-ms-ratelimit-microsoft.costmanagement-qpu-remaining"]
    assert left.endswith(f"QueriesPer10Sec:{1_200 - 5 * 12}")


def test_budgets_tell_what_is_spent_this_month(simulator: Rehearsal) -> None:
    held = simulator.subscription(0, 1)
    path = f"/subscriptions/{held}/providers/Microsoft.Consumption/budgets"
    (budget,) = simulator.get(path, 1).json()["value"]
    body = question(*FEBRUARY, timeframe="MonthToDate")
    spent = exact(rows(simulator, body, 0, 1))["EUR"]
    assert budget["properties"]["currentSpend"]["amount"] == pytest.approx(float(spent))


def budgets(simulator: Rehearsal) -> dict[str, tuple[int, float]]:
    """By subscription: the amount of its budget, and what is spent of it."""
    found = {}
    for number, tenant in enumerate(simulator.estate()):
        for held in (one["id"] for one in tenant["subscriptions"]):
            path = f"/subscriptions/{held}/providers/Microsoft.Consumption/budgets"
            for one in simulator.get(path, number).json()["value"]:
                said = one["properties"]
                found[held] = (said["amount"], said["currentSpend"]["amount"])
    return found


def test_budgets_hold_until_the_month_ends(simulator: Rehearsal) -> None:
    simulator.lever("clock", "PUT", now="2026-05-31T23:00:00Z")
    found = budgets(simulator)
    assert len(found) > 2
    assert all(0.3 * amount < spent < amount for amount, spent in found.values())


def test_costs_that_rise_exceed_a_budget_and_fall_below_it_again(simulator: Rehearsal) -> None:
    held, (amount, spent) = next(iter(budgets(simulator).items()))
    days = {"subscription": held, "first": "2026-05-01", "last": "2026-05-20"}
    simulator.lever("restatements", **days, permille=4_000)
    assert budgets(simulator)[held][1] == pytest.approx(4 * spent)
    assert 4 * spent > amount
    simulator.lever("restatements", **days, permille=250)
    assert budgets(simulator)[held][0] == amount > budgets(simulator)[held][1]


def test_a_budget_is_set_and_is_as_it_was(simulator: Rehearsal) -> None:
    before = budgets(simulator)
    every = {one["id"] for tenant in simulator.estate() for one in tenant["subscriptions"]}
    for held in every:
        simulator.lever("budgets", "PUT", subscription=held, amount=1)
    after = budgets(simulator)
    assert after.keys() == every > before.keys()
    assert all(amount == 1 < spent for amount, spent in after.values())
    simulator.http.delete("/_simulator/budgets")
    assert budgets(simulator).keys() == before.keys()
    assert {amount for amount, _ in budgets(simulator).values()} == {a for a, _ in before.values()}


@pytest.mark.parametrize(
    ("said", "status"), [({"amount": 0}, 400), ({}, 400), ({"amount": 5, "subscription": "x"}, 404)]
)
def test_a_budget_of_nothing_or_of_nobody_is_refused(
    simulator: Rehearsal, said: dict[str, Any], status: int
) -> None:
    asked = {"subscription": simulator.subscription()} | said
    assert simulator.http.put("/_simulator/budgets", json=asked).status_code == status
