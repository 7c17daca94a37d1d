"""Budgets as the cloud keeps them, read out of what it sent. Pure.

Consumption, "Budgets - List"; what it does not say is not known, and never 0.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from quarterdeck.governance.costs.coverage import Budget
from quarterdeck.governance.costs.model import is_currency
from quarterdeck.kernel.errors import Invalid
from quarterdeck.kernel.ids import TenantId
from quarterdeck.kernel.money import Money

MOST_DIGITS = 30
"""Before or behind the point; beyond, sums and texts of them would fill the memory."""


class State(StrEnum):
    """How a budget stands. ``warned``: spent beyond a threshold that somebody set."""

    WITHIN = "within"
    WARNED = "warned"
    OVER = "over"
    NOT_KNOWN = "not_known"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """A budget of the cloud, and how much of it is spent.

    Attributes:
        grain: the cloud's word for what it renews after: Monthly, Quarterly, Annually.
        amount, spent: None where the cloud does not say.
        thresholds: percent of the amount at which the cloud tells somebody, ascending.
    """

    tenant: TenantId
    id: str
    scope: str
    name: str
    grain: str
    amount: Decimal | None
    spent: Money | None
    thresholds: tuple[Decimal, ...]
    read_at: datetime

    @property
    def percent(self) -> Decimal | None:
        """Spent of the amount, a tenth rounded down; None where either is not known."""
        if self.spent is None or not self.amount:
            return None
        return int(1000 * self.spent.amount / self.amount) / Decimal(10)

    @property
    def state(self) -> State:
        """Whether it holds."""
        if self.percent is None or self.spent is None or self.amount is None:
            return State.NOT_KNOWN
        if self.spent.amount > self.amount:
            return State.OVER
        reached = any(self.percent >= threshold for threshold in self.thresholds)
        return State.WARNED if reached else State.WITHIN


def spending(budget: Budget) -> Spending:
    """What a budget's body says."""
    said = _object(_parsed(budget.body).get("properties"))
    spent = _object(said.get("currentSpend"))
    return Spending(
        tenant=budget.tenant,
        id=budget.id,
        scope=budget.scope,
        name=budget.name,
        grain=_word(said.get("timeGrain")),
        amount=_number(said.get("amount")),
        spent=_money(spent),
        thresholds=_thresholds(_object(said.get("notifications"))),
        read_at=budget.read_at,
    )


def _parsed(body: str) -> Mapping[str, Any]:
    try:
        return _object(json.loads(body, parse_float=Decimal))
    except (ValueError, RecursionError, InvalidOperation):
        return {}


def _object(value: Any) -> Mapping[str, Any]:  # noqa: ANN401  a JSON value
    return value if isinstance(value, dict) else {}


def _word(value: Any) -> str:  # noqa: ANN401  a JSON value
    return value if isinstance(value, str) else ""


def _number(value: Any) -> Decimal | None:  # noqa: ANN401  a JSON value
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    found = Decimal(value)
    if not found.is_finite() or (found and found.adjusted() > MOST_DIGITS):
        return None
    # What is finer than any money is nothing; its reciprocal would have as many digits.
    return found if found and found.adjusted() >= -MOST_DIGITS else Decimal(0)


def _money(said: Mapping[str, Any]) -> Money | None:
    amount, currency = _number(said.get("amount")), _word(said.get("unit")).upper()
    if amount is None or not is_currency(currency):
        return None
    try:
        return Money.nearest(amount, currency)
    except Invalid:
        return None


def _thresholds(said: Mapping[str, Any]) -> tuple[Decimal, ...]:
    found = (_number(_object(one).get("threshold")) for one in said.values() if _enabled(one))
    return tuple(sorted(threshold for threshold in found if threshold is not None))


def _enabled(one: Any) -> bool:  # noqa: ANN401  a JSON value
    # What is forecast is no spending: only thresholds of what was charged count.
    said = _object(one)
    return said.get("enabled") is True and said.get("thresholdType", "Actual") == "Actual"
