"""What people ask about costs. Each function is one use case."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from quarterdeck.governance.cloud.ports import CostBasis
from quarterdeck.governance.connections import service as connections
from quarterdeck.governance.costs import coverage as covering
from quarterdeck.governance.costs.budgets import Spending, spending
from quarterdeck.governance.costs.calendar import Span, day_period, month_period
from quarterdeck.governance.costs.control import Control, Verdict
from quarterdeck.governance.costs.coverage import Coverage
from quarterdeck.governance.costs.model import SERVICES, Entry
from quarterdeck.governance.costs.question import Contrast, Figure, Listing, Question, totals
from quarterdeck.governance.costs.store import queries, readings
from quarterdeck.kernel.cache import Cache
from quarterdeck.kernel.money import Money
from quarterdeck.kernel.work import Tenants, Work

READ = "costs:read"
BUDGETS = "budgets:read"
HOLDS_S = 300.0  # sums hold for their edition of the ledger; this only bounds what is kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The answer to a question, with what it rests on.

    Attributes:
        totals: one a currency; never one sum over two.
        figures: by the dimension asked for, largest first.
    """

    asked: Question
    totals: Sequence[Money]
    figures: Sequence[Figure]
    coverage: Coverage
    contrast: Contrast


def summary(
    work: Work, asked: Question, only: Tenants | None, cache: Cache[Sequence[Figure]]
) -> Summary:
    """Totals and their parts over some days; ``only`` from ``costs:read``."""
    tenants = only or work.tenants(READ)
    figures = _cached(work, tenants, asked, cache, daily=False)
    return Summary(
        asked=asked,
        totals=totals(figures),
        figures=sorted(figures, key=lambda f: (f.amount.currency, -f.amount.amount, f.key)),
        coverage=_covered(work, tenants, asked),
        contrast=contrast(work, tenants, asked),
    )


def daily(
    work: Work, asked: Question, only: Tenants | None, cache: Cache[Sequence[Figure]]
) -> Sequence[Figure]:
    """The sums of each day, in order; a day that nothing is known of is left out."""
    return _cached(work, only or work.tenants(READ), asked, cache, daily=True)


def page(
    work: Work, asked: Listing, only: Tenants | None, after: queries.Spot | None, limit: int
) -> list[Entry]:
    """The next ``limit`` entries by line, day and basis."""
    return queries.page(work.db, only or work.tenants(READ), asked, after, limit)


def controls(
    work: Work, span: Span, basis: CostBasis, only: Tenants | None = None
) -> list[Control]:
    """Both numbers of every control total in the months of ``span``."""
    first, last = _months(span)
    return readings.controls_of(work.db, only or work.tenants(READ), first, last, basis)


def coverage(work: Work, only: Tenants | None = None, span: Span | None = None) -> Coverage:
    """How much of what exists the costs speak of, and of the days of ``span``."""
    tenants = only or work.tenants(READ)
    connected = {connection.tenant for connection in connections.of(work.db, tenants)}
    return covering.coverage(connected, readings.scopes_of(work.db, tenants), span)


def subscriptions(work: Work, only: Tenants | None = None) -> dict[str, str]:
    """Names of subscriptions by their ids."""
    found = readings.scopes_of(work.db, only or work.tenants(READ))
    return {scope.id: scope.name for scope in found}


def tags(work: Work, only: Tenants | None = None) -> list[str]:
    """The names of tags that costs can be parted by."""
    return queries.tags(work.db, only or work.tenants(READ))


def budgets(work: Work, only: Tenants | None = None) -> list[Spending]:
    """The cloud's own budgets, as it last sent them, by tenant and name."""
    tenants = only or work.tenants(BUDGETS)
    return [spending(budget) for budget in readings.budgets_of(work.db, tenants)]


def contrast(work: Work, only: Tenants, asked: Question) -> Contrast:
    """How the sums that answer ``asked`` compare with the cloud's own totals."""
    first, last = _months(asked.span)
    found = readings.verdicts(work.db, only, first, last, asked.basis, asked.cut)
    made = Counter(found)
    return Contrast(
        agrees=made[Verdict.AGREES],
        differs=made[Verdict.DIFFERS],
        not_known=made[Verdict.NOT_KNOWN],
    )


def _covered(work: Work, tenants: Tenants, asked: Question) -> Coverage:
    found = coverage(work, tenants, asked.span)
    if asked.cut == SERVICES:
        return found
    # Every month that a subscription was charged in was read by the tag too, or it is a gap.
    untold = readings.untold(work.db, tenants, *_months(asked.span), asked.cut)
    gaps = {(t, scope, month) for t, scope, month, basis in untold if basis is asked.basis}
    return covering.lacking(found, readings.scopes_of(work.db, tenants), gaps, asked.cut)


def _cached(
    work: Work, tenants: Tenants, asked: Question, cache: Cache[Sequence[Figure]], *, daily: bool
) -> Sequence[Figure]:
    whose = ",".join(sorted(tenants.ids))
    key = f"costs {whose} {asked} {daily} {queries.edition(work.db, tenants)}"
    return cache.get(key, lambda: queries.sums(work.db, tenants, asked, daily=daily), HOLDS_S)


def _months(span: Span) -> tuple[int, int]:
    return month_period(day_period(span.first)), month_period(day_period(span.last))
