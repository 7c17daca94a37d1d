"""What is to be told of budgets, from how they stood and how they stand. Pure."""

from collections.abc import Iterable, Iterator

from quarterdeck.events.governance import BudgetExceeded, BudgetHeld
from quarterdeck.governance.costs.budgets import Spending, State
from quarterdeck.kernel.money import Money

HOLD = (State.WITHIN, State.WARNED)


def budget_facts(
    before: Iterable[Spending], now: Iterable[Spending]
) -> Iterator[BudgetExceeded | BudgetHeld]:
    """One of each budget that is exceeded; one of each that was not within, and now is or is gone.

    What is not known ends nothing.
    """
    stood = {one.id: one for one in before}
    for one in now:
        old = stood.pop(one.id, None)
        if one.state is State.OVER and one.spent is not None:
            yield _exceeded(one, one.spent)
        elif one.state in HOLD and old is not None and old.state not in HOLD:
            yield BudgetHeld(tenant=one.tenant, budget=one.id)
    for gone in stood.values():
        if gone.state not in HOLD:
            yield BudgetHeld(tenant=gone.tenant, budget=gone.id)


def _exceeded(one: Spending, spent: Money) -> BudgetExceeded:
    return BudgetExceeded(
        tenant=one.tenant,
        budget=one.id,
        name=one.name,
        subscription=one.scope,
        spent=spent.text,
        amount=f"{one.amount:f}",
        currency=spent.currency,
        percent=str(one.percent),
    )
