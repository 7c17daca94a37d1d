"""The charges of one subscription: who costs what on which day, exact to the last digit.

Amounts are whole numbers of 10^-15, so that however a query groups them, their sum is the
same: a control total holds to the digit.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

import msgspec

from quarterdeck.providers.simulator.chance import share
from quarterdeck.providers.simulator.costs.prices import FREE, PRICES, Wave
from quarterdeck.providers.simulator.estate import Json

EXPONENT = 15
"""An amount is divided by 10 to this power: 10^-8, by thousandths, by ten-thousandths."""

FINE = 100
"""How many units of a charge make a millionth, the unit of prices."""

FINAL_AFTER_DAYS = 5
"""A month's charges change until this day after its end; learn.microsoft.com/azure/
cost-management-billing/costs/understand-cost-mgt-data."""

FOREVER = date.max
Basis = Literal["ActualCost", "AmortizedCost"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """What one resource costs.

    Attributes:
        facts: its value of each dimension, by the dimension's name.
        day: the usual cost of a day, in 10^-8 of the currency.
        last: the last day on which it costs anything.
    """

    facts: Mapping[str, str]
    tags: Mapping[str, str]
    day: int
    wave: Wave
    first: date
    last: date = FOREVER


@dataclass(frozen=True, slots=True, kw_only=True)
class Restatement:
    """A later correction: the days from ``first`` to ``last`` cost ``permille`` thousandths."""

    first: date
    last: date
    permille: int


def charges(items: Iterable[bytes], gone: Iterable[tuple[Json, datetime]]) -> Iterator[Charge]:
    """What stands and what is gone, as far as it costs anything."""
    for item in items:
        yield from charge(msgspec.json.decode(item), FOREVER)
    for resource, moment in gone:
        yield from charge(resource, moment.date())


def charge(resource: Json, last: date) -> Iterator[Charge]:
    """The charge of one resource; nothing for one that is free."""
    type_ = resource["type"].lower()
    price = PRICES.get(type_, FREE)
    if not price.day:
        return
    parts = resource["id"].lower().split("/")
    made = resource.get("createdTime", "2020-01-01")
    facts = {
        "SubscriptionId": parts[2],
        "ResourceGroupName": parts[4],
        "ResourceId": resource["id"].lower(),
        "ResourceType": type_,
        "ResourceLocation": resource.get("location", ""),
        "ServiceName": price.service,
        "MeterCategory": price.service,
        "ChargeType": "Usage",
        "PublisherType": "Azure",
        "PricingModel": "OnDemand",
    }
    yield Charge(
        facts=facts,
        tags=resource.get("tags", {}),
        day=int(price.day * FINE * (0.4 + 1.2 * share(resource["id"].lower(), "price"))),
        wave=price.wave,
        first=date.fromisoformat(made[:10]),
        last=last,
    )


def reservation(subscription: str, stage: str) -> Charge | None:
    """The reservation of a subscription for production, paid on the first of each month.

    By its actual cost it stands on that day; amortized, on each day of the month.
    """
    if stage != "prod":
        return None
    order = f"/providers/microsoft.capacity/reservationorders/{subscription}"
    facts = {
        "SubscriptionId": subscription,
        "ResourceGroupName": "",
        "ResourceId": order,
        "ResourceType": "microsoft.capacity/reservationorders",
        "ResourceLocation": "",
        "ServiceName": "Virtual Machines",
        "MeterCategory": "Virtual Machines",
        "ChargeType": "Purchase",
        "PublisherType": "Azure",
        "PricingModel": "Reservation",
    }
    usual = int(20_000_000 * FINE * (1 + share(subscription, "reservation")))
    return Charge(
        facts=facts, tags={}, day=usual, wave=Wave.FLAT, first=date(2024, 1, 1), last=FOREVER
    )


def known(subscription: str, day: date, now: datetime) -> int:
    """How much of a day's cost is known at ``now``, in ten-thousandths.

    Today's is a third, the next days bring more; then it moves a little from day to day until
    its month is final.
    """
    if day > now.date() or now >= final(day):
        return 0 if day > now.date() else 10_000
    age = (now.date() - day).days
    if age < len(ARRIVING):
        return ARRIVING[age]
    return 9_960 + int(80 * share(subscription, day, now.date()))


ARRIVING: Sequence[int] = (3_300, 8_450, 9_610)


def final(day: date) -> datetime:
    """The moment from which a day's cost does not change any more."""
    following = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    end = datetime.fromisoformat(f"{following}T00:00:00+00:00")
    return end + timedelta(days=FINAL_AFTER_DAYS)


def days(first: date, last: date) -> list[date]:
    """Each day from ``first`` to ``last``, both included."""
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]
