"""The books of all subscriptions: sums of charges by day, as asked and as known by now."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from quarterdeck.providers.simulator.costs.ledger import (
    FOREVER,
    Basis,
    Charge,
    Restatement,
    charges,
    days,
    known,
    reservation,
)
from quarterdeck.providers.simulator.costs.prices import Wave, moved
from quarterdeck.providers.simulator.world import World

CHANGE_DAY = 16
"""Of the month in which a bill changes its currency."""

REMEMBERED = 32
"""Subscriptions whose charges are kept at hand; those of a large estate take much room."""

Key = tuple[str, ...]
Name = Callable[[Charge], Key]
"""The group that a charge belongs to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a query asks of the books: days, both included, and how charges are grouped."""

    first: date
    last: date
    basis: Basis
    name: Name
    keep: Callable[[Charge], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The sum of one group on one day; ``amount`` is in units of 10^-15."""

    day: date
    key: Key
    currency: str
    amount: int


class Books:
    """Reads charges off the estate as it stands, and remembers corrections."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._charges: dict[str, tuple[int, list[Charge]]] = {}
        self._corrected: dict[str, list[Restatement]] = {}

    def restate(self, subscription: str, restatement: Restatement) -> None:
        """Correct days that are past, final ones too."""
        self._corrected.setdefault(subscription, []).append(restatement)

    def charges(self, subscription: str) -> Sequence[Charge]:
        """All that costs, or has cost; reservations are apart."""
        shelf = self._world.shelves[subscription]
        seen, found = self._charges.get(subscription, (-1, []))
        if seen != shelf.version:
            found = list(charges(shelf, self._world.gone[subscription]))
            self._charges = dict([*self._charges.items()][1 - REMEMBERED :])
            self._charges[subscription] = (shelf.version, found)
        return found

    def lines(self, subscription: str, asked: Asked) -> list[Line]:
        """Each group that cost anything, on each day, in the order of days and groups."""
        usual: dict[tuple[Key, Wave], list[Charge]] = {}
        for charge in self.charges(subscription):
            if asked.keep(charge) and charge.first <= asked.last and charge.last >= asked.first:
                usual.setdefault((asked.name(charge), charge.wave), []).append(charge)
        sums = {group: Steady(found, asked) for group, found in usual.items()}
        found = []
        for day in days(asked.first, asked.last):
            found += self._day(subscription, day, sums, asked)
        return found

    def _day(
        self,
        subscription: str,
        day: date,
        sums: Mapping[tuple[Key, Wave], "Steady"],
        asked: Asked,
    ) -> list[Line]:
        part = known(subscription, day, self._world.now())
        if not part:
            return []
        amounts: dict[Key, int] = {}
        for (key, wave), steady in sums.items():
            amount = steady.on(day) * moved(wave, day) * part
            amounts[key] = amounts.get(key, 0) + amount
        held = reservation(subscription, self._world.subscriptions[subscription].stage)
        if held is not None and asked.keep(held) and (amount := paid(held, day, asked.basis)):
            key = asked.name(held)
            amounts[key] = amounts.get(key, 0) + amount * 1_000 * 10_000
        currency = self.currency(subscription, day)
        return [
            Line(day=day, key=key, currency=currency, amount=self._true(subscription, day, amount))
            for key, amount in sorted(amounts.items())
            if amount
        ]

    def currency(self, subscription: str, day: date) -> str:
        """What a day is billed in."""
        before, _, after = self._world.subscriptions[subscription].currency.partition(">")
        month_before = self._world.born.date().replace(day=1) - timedelta(days=1)
        return after if after and day >= month_before.replace(day=CHANGE_DAY) else before

    def _true(self, subscription: str, day: date, amount: int) -> int:
        """An amount after all corrections of its day."""
        for one in self._corrected.get(subscription, ()):
            if one.first <= day <= one.last:
                amount = amount * one.permille // 1_000
        return amount


class Steady:
    """The usual cost of a day of one group: those that stand all the time, summed once."""

    def __init__(self, charges: Iterable[Charge], asked: Asked) -> None:
        self._always = 0
        self._sometimes: list[Charge] = []
        for charge in charges:
            if charge.first <= asked.first and charge.last == FOREVER:
                self._always += charge.day
            else:
                self._sometimes.append(charge)

    def on(self, day: date) -> int:
        """In 10^-8, on ``day``."""
        return self._always + sum(
            charge.day for charge in self._sometimes if charge.first <= day <= charge.last
        )


def paid(held: Charge, day: date, basis: Basis) -> int:
    """What a reservation costs on a day, in 10^-8."""
    if basis == "AmortizedCost":
        return held.day
    if day.day != 1:
        return 0
    following = (day + timedelta(days=32)).replace(day=1)
    return held.day * (following - day).days
