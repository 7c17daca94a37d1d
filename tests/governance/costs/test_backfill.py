"""A backfill that is interrupted within its second month goes on there, and comes to the same."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date

import pytest
from sqlalchemy import func, select, update
from typing_extensions import override

from governance.costs.ledgers import BY, POLICIES, row, total
from governance.estate import Estate, FakeCloud
from quarterdeck.governance.cloud.ports import CloudFailure, CostBasis, FailureClass, Page
from quarterdeck.governance.costs.calendar import Span
from quarterdeck.governance.costs.question import Listing
from quarterdeck.governance.costs.service import summaries
from quarterdeck.governance.costs.store.tables import entries, past_entries
from quarterdeck.governance.sync.model import RunState
from quarterdeck.governance.sync.service.backfills import request_backfill
from quarterdeck.kernel.jobs.table import jobs
from quarterdeck.kernel.work import Tenants

MONTHS = [
    (date(2026, 1, 1), date(2026, 1, 31)),
    (date(2026, 2, 1), date(2026, 2, 28)),
    (date(2026, 3, 1), date(2026, 3, 20)),
]
SPAN = Span(MONTHS[0][0], MONTHS[-1][1])
LATE = CloudFailure(FailureClass.TIMEOUT, "no answer in 60 s")
Asked = tuple[date, CostBasis]


class PowerCut(BaseException):
    """The worker is gone: nothing after this is run, nothing is settled."""


def nothing() -> None:
    """What happens between two pages, mostly."""


def power_cut() -> None:
    raise PowerCut


def timeout() -> None:
    raise LATE


@dataclass
class Costly(FakeCloud):
    """A cloud that charges on two pages a month; ``harm`` is done once, between those of ``at``."""

    harm: Callable[[], None] = nothing
    at: Asked = (MONTHS[1][0], CostBasis.ACTUAL)
    read: list[Asked] = field(default_factory=list)

    @override
    def costs(
        self, subscription: str, first: date, last: date, basis: CostBasis, by: tuple[str, ...]
    ) -> Iterator[Page]:
        pages = super().costs(subscription, first, last, basis, by)
        for page in pages:
            yield page
            harm, self.harm = self._harm(first, basis)
            harm()
        self.read.append((first, basis))

    def _harm(self, first: date, basis: CostBasis) -> tuple[Callable[[], None], Callable[[], None]]:
        return (self.harm, nothing) if (first, basis) == self.at else (nothing, self.harm)


def charging(estate: Estate, tenant: str) -> Costly:
    """A connected tenant whose one subscription is charged every month, on both bases."""
    estate.connect(tenant, POLICIES)
    cloud = estate.clouds[tenant] = Costly(pages={"s1": []})
    for (first, last), basis in ((days, basis) for days in MONTHS for basis in CostBasis):
        cost = first.month + (basis is CostBasis.AMORTIZED) / 2
        pages = [[row(f"{day:%Y%m%d}", str(cost), name)] for day in (first, last) for name in "ab"]
        cloud.said["costs", "s1", first, last, basis, BY] = list(pages)
        cloud.said["cost_total", "s1", first, last, basis] = [[total(str(4 * cost))]]
    return cloud


def ask(estate: Estate, tenant: str) -> None:
    with estate.work() as work:
        request_backfill(work, POLICIES, SPAN.first, SPAN.last, own(tenant))


def own(tenant: str) -> Tenants:
    return Tenants(frozenset({tenant}))


def ledger(estate: Estate, tenant: str) -> list[tuple[object, ...]]:
    """All that is known of a tenant: its charges, then its control totals."""
    with estate.look() as work:
        held = summaries.page(work, Listing(span=SPAN), own(tenant), None, 1000)
        found = [
            (c.first, c.last, c.basis, c.stated, c.summed, c.verdict)
            for basis in CostBasis
            for c in summaries.controls(work, SPAN, basis, own(tenant))
        ]
    charges = sorted((e.label, e.group, e.day, e.basis, str(e.amount)) for e in held)
    return [*charges, *found]


def ever(estate: Estate) -> int:
    """Entries that the ledgers hold, or ever held."""
    with estate.engine.connect() as db:
        counts = [select(func.count()).select_from(table) for table in (entries, past_entries)]
        return sum(db.scalar(count) or 0 for count in counts)


def die(estate: Estate) -> None:
    """A worker takes what is due and dies over it; its lease runs out."""
    with ThreadPoolExecutor(1) as pool:
        estate.worker().turn(pool)
    with estate.work() as work:
        work.db.execute(update(jobs).where(jobs.c.state == "running").values(due_at=0))


def fail(estate: Estate) -> None:
    """The run ends early and waits; what waits is due."""
    estate.run_due()
    [waiting] = estate.jobs("ready")
    assert waiting.kind == "governance.backfill"
    estate.wake()


@pytest.mark.parametrize("basis", list(CostBasis))
@pytest.mark.parametrize(("harm", "interrupt"), [(power_cut, die), (timeout, fail)])
def test_what_was_interrupted_goes_on_and_comes_to_the_same(
    march: Estate,
    harm: Callable[[], None],
    interrupt: Callable[[Estate], None],
    basis: CostBasis,
) -> None:
    charging(march, "whole")
    ask(march, "whole")
    march.run_due()
    held = ever(march)
    cloud = charging(march, "acme")
    cloud.harm, cloud.at = harm, (MONTHS[1][0], basis)
    ask(march, "acme")
    interrupt(march)
    before = list(cloud.read)
    assert before == every()[: every().index(cloud.at)], "it came to the second month"
    march.run_due()
    assert cloud.read == every(), "what was read is not read again"
    assert march.runs()[0].state is RunState.SUCCESS
    assert ledger(march, "acme") == ledger(march, "whole")
    assert len(ledger(march, "acme")) == 24 + 6
    assert ever(march) == 2 * held


def test_a_backfill_that_is_repeated_doubles_nothing(march: Estate) -> None:
    cloud = charging(march, "acme")
    ask(march, "acme")
    march.run_due()
    known, held = ledger(march, "acme"), ever(march)
    ask(march, "acme")
    march.run_due()
    assert cloud.read == every() * 2
    assert (ledger(march, "acme"), ever(march)) == (known, held)
    assert [run.counts.added for run in march.runs()] == [0, 24]


def every() -> list[Asked]:
    """What a backfill asks for, in its order."""
    return [(first, basis) for first, _ in MONTHS for basis in CostBasis]
