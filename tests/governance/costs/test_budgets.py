"""The cloud's own budgets: what they say, and what they do not say is not known."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from governance.costs.ledgers import POLICIES, say, sync
from governance.estate import Estate
from quarterdeck.governance.costs.budgets import Spending, State, spending
from quarterdeck.governance.costs.coverage import Budget
from quarterdeck.governance.costs.service import summaries
from quarterdeck.kernel.ids import TenantId

NOW = datetime(2026, 3, 20, tzinfo=UTC)


def budget(amount: Any = 100, spent: Any = "50", *, at: Any = 80, unit: str = "EUR") -> str:  # noqa: ANN401  also what no cloud should say
    """A budget as Consumption lists it."""
    notice = {"enabled": True, "operator": "GreaterThan", "threshold": at}
    about = {
        "timeGrain": "Monthly",
        "amount": amount,
        "currentSpend": {"amount": "SPENT", "unit": unit},
        "notifications": {
            "actual": notice | {"thresholdType": "Actual"},
            "forecast": notice | {"threshold": 1, "thresholdType": "Forecasted"},
            "off": {"enabled": False, "threshold": 1},
        },
    }
    body = json.dumps({"id": "/b/Monthly", "name": "monthly", "properties": about})
    return body.replace('"SPENT"', str(spent))


def read(body: str) -> Spending:
    kept = Budget(
        tenant=TenantId("t"), id="/b/monthly", scope="s1", name="monthly", body=body, read_at=NOW
    )
    return spending(kept)


@pytest.mark.parametrize(
    ("spent", "state", "percent"),
    [
        ("79.99", State.WITHIN, "79.9"),
        ("80", State.WARNED, "80"),
        ("100", State.WARNED, "100"),
        ("100.000000001", State.OVER, "100"),
        ("0", State.WITHIN, "0"),
        ("-3", State.WITHIN, "-3"),
        ("null", State.NOT_KNOWN, None),
        ('"50"', State.NOT_KNOWN, None),
        ("1e999999999", State.NOT_KNOWN, None),
        ("1e-999999", State.WITHIN, "0"),
        ("0e999999", State.WITHIN, "0"),
    ],
)
def test_a_budget_is_within_warned_over_or_not_known(
    spent: str, state: State, percent: str | None
) -> None:
    found = read(budget(spent=spent))
    assert found.state is state
    assert found.percent == (None if percent is None else Decimal(percent))
    assert found.thresholds == (Decimal(80),)


@pytest.mark.parametrize("amount", ["1e999999", "1e-999999", "-1e999999", "0e999999"])
def test_an_amount_that_no_money_has_is_not_known(amount: str) -> None:
    found = read(budget(amount="AMOUNT").replace('"AMOUNT"', amount))
    assert (found.state, found.percent) == (State.NOT_KNOWN, None)
    assert found.amount is None or found.amount == 0


def test_a_threshold_that_nothing_reaches_is_none() -> None:
    assert read(budget(at="AT").replace('"AT"', "1e999999")).thresholds == ()


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "{}",
        '{"properties": 3}',
        budget(amount=None),
        budget(amount=0),
        budget(unit="?"),
        budget(spent="1e9999999999999999999"),
    ],
)
def test_what_the_cloud_does_not_say_is_not_known_and_never_zero(body: str) -> None:
    found = read(body)
    assert (found.state, found.percent) == (State.NOT_KNOWN, None)


def test_a_sync_of_costs_brings_the_budgets(march: Estate) -> None:
    _, cloud = march.connect("acme", POLICIES)
    say(cloud, [], [])
    cloud.said["budgets", "s1"] = [[budget(spent="120").encode()]]
    sync(march)
    with march.look() as work:
        [found] = summaries.budgets(work)
    assert (found.name, found.state, found.scope) == ("monthly", State.OVER, "s1")
    assert found.spent is not None
    assert found.spent.text == "120.00"
