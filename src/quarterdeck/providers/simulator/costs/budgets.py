"""The budgets of subscriptions: made so that they hold, until costs rise or one is set lower."""

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, timedelta

import msgspec

from quarterdeck.providers.simulator.chance import share
from quarterdeck.providers.simulator.costs.books import Asked, Books
from quarterdeck.providers.simulator.costs.ledger import EXPONENT, Charge, reservation
from quarterdeck.providers.simulator.costs.prices import Wave, moved
from quarterdeck.providers.simulator.costs.rows import decimal
from quarterdeck.providers.simulator.estate import Json, guid
from quarterdeck.providers.simulator.world import World

HAVE = 0.8
"""The share of subscriptions that have a budget."""

MONTH_DAYS = 31
UNIT = 10**8
"""A charge's ``day`` is divided by this."""


class Budgets:
    """What subscriptions may cost in a month, and what they have."""

    def __init__(self, world: World, books: Books) -> None:
        self._world = world
        self._books = books
        self._made: dict[str, int] = {}
        self._set: dict[str, int] = {}

    def set(self, subscription: str, amount: int) -> None:
        """Make a subscription's budget ``amount``, in whole units of what it is billed in."""
        self._set[subscription] = amount

    def clear(self) -> None:
        """Each is as it was made."""
        self._set.clear()

    def listed(self, subscription: str) -> list[Json]:
        """The budgets of a subscription, one or none, with what is spent of it so far."""
        amount = self._amount(subscription)
        if amount is None:
            return []
        today = self._world.now().date()
        currency = self._books.currency(subscription, today)
        lines = self._books.lines(subscription, this_month(today))
        spent = sum(line.amount for line in lines if line.currency == currency)
        return [budget(subscription, amount, spent, currency, self._world.born)]

    def _amount(self, subscription: str) -> int | None:
        if subscription in self._set:
            return self._set[subscription]
        if share(subscription, "has a budget") >= HAVE:
            return None
        # Kept: what is added later is spent, and allows nothing.
        if subscription not in self._made:
            self._made[subscription] = self._enough(subscription)
        return self._made[subscription]

    def _enough(self, subscription: str) -> int:
        """A round amount that exceeds the month by a fifth to four fifths of it."""
        held = reservation(subscription, self._world.subscriptions[subscription].stage)
        today = self._world.now().date()
        day = dearest_day([*self._books.charges(subscription), *([held] if held else [])], today)
        permille = 1_200 + int(600 * share(subscription, "budget"))
        return (day * MONTH_DAYS * permille // 1_000 // UNIT // 10 + 1) * 10


def dearest_day(charges: Iterable[Charge], today: date) -> int:
    """What they cost at most on a day of the month of ``today``, in 10^-8."""
    ends = (today.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    week = [ends - timedelta(days=back) for back in range(7)]
    usual: Counter[Wave] = Counter()
    for charge in charges:
        usual[charge.wave] += charge.day
    return sum(
        amount * max(moved(wave, day) for day in week) // 1_000 for wave, amount in usual.items()
    )


def this_month(today: date) -> Asked:
    """A question for the whole cost of this month, to today."""
    return Asked(
        first=today.replace(day=1),
        last=today,
        basis="ActualCost",
        name=lambda _charge: (),
        keep=lambda _charge: True,
    )


def budget(subscription: str, amount: int, spent: int, currency: str, since: datetime) -> Json:
    """A budget for each month, as Consumption lists it."""
    name = "monthly"
    now = msgspec.Raw(decimal(spent, EXPONENT).encode())
    return {
        "id": f"/subscriptions/{subscription}/providers/Microsoft.Consumption/budgets/{name}",
        "name": name,
        "type": "Microsoft.Consumption/budgets",
        "eTag": f'"{guid(subscription, "budget")}"',
        "properties": {
            "timePeriod": {
                "startDate": f"{since.year - 1}-01-01T00:00:00Z",
                "endDate": f"{since.year + 9}-01-01T00:00:00Z",
            },
            "timeGrain": "Monthly",
            "amount": amount,
            "currentSpend": {"amount": now, "unit": currency},
            "category": "Cost",
            "notifications": {
                "actual_GreaterThan_80_Percent": {
                    "enabled": True,
                    "operator": "GreaterThan",
                    "threshold": 80,
                    "thresholdType": "Actual",
                    "contactEmails": ["platform@example.com"],
                    "contactRoles": [],
                    "contactGroups": [],
                    "locale": "en-us",
                }
            },
        },
    }
