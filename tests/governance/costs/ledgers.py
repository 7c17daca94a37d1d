"""Where the tests of costs play: charges as Cost Management sends them, and a ledger to look at."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from governance.estate import Estate, FakeCloud
from quarterdeck.governance.cloud.ports import CostBasis
from quarterdeck.governance.costs.calendar import Span
from quarterdeck.governance.costs.model import SERVICES, Chunk, Key, Line, difference
from quarterdeck.governance.costs.question import Figure, Question
from quarterdeck.governance.costs.service import ledger, summaries
from quarterdeck.governance.sync.model import policies
from quarterdeck.governance.sync.service.requests import request_sync
from quarterdeck.kernel.cache import Cache
from quarterdeck.kernel.clock import micros
from quarterdeck.kernel.ids import TenantId
from quarterdeck.kernel.money import Money
from quarterdeck.kernel.work import Tenants

NOON = datetime(2026, 3, 20, 12, tzinfo=UTC)
MARCH = Span(date(2026, 3, 1), date(2026, 3, 31))
POLICIES = policies(among=["costs"])
BY = ("ServiceName", "ResourceGroupName")


def row(
    day: str, cost: str, service: str = "Storage", group: str = "rg", cur: str = "EUR"
) -> bytes:
    """A row of a grouped answer, its number with the digits given."""
    fields = {"UsageDate": int(day), "ServiceName": service, "ResourceGroupName": group}
    text = json.dumps({**fields, "Currency": cur})
    return f'{{"Cost":{cost},{text[1:]}'.encode()


def total(cost: str, cur: str = "EUR") -> bytes:
    return f'{{"Cost":{cost},"Currency":"{cur}"}}'.encode()


def key(day: int, label: str = "Storage", group: str = "rg", cur: str = "EUR") -> Key:
    """A line's day in March."""
    return Line(cur, label, group), date(2026, 3, day)


def euro(amount: str, currency: str = "EUR") -> Money:
    return Money(Decimal(amount), currency)


@dataclass
class Ledger:
    """A tenant's ledger, written as a run would."""

    estate: Estate

    def read(
        self,
        seen: dict[Key, Money],
        *,
        whole: bool = True,
        cut: str = SERVICES,
        scope: str = "s1",
        basis: CostBasis = CostBasis.ACTUAL,
        tenant: str = "acme",
    ) -> str:
        """Have a run read March whole, an hour after the one before; its id."""
        self.estate.pass_time(hours=1)
        chunk = Chunk(
            tenant=TenantId(tenant),
            scope=scope,
            cut=cut,
            basis=basis,
            first=MARCH.first,
            last=MARCH.last,
        )
        own = Tenants(frozenset({tenant}))
        run = f"run-{micros(self.estate.now)}-{scope}-{cut}-{basis}"
        with self.estate.work() as work:
            at = micros(work.now)
            ledger.observe(work, chunk.tenant, run, "test")
            known = ledger.known(work, own, chunk)
            for portion in ledger.portions(difference(known, seen, at, whole=whole)):
                ledger.land(work, own, chunk, run, at, portion)
        return run

    def ask(
        self,
        by: str = "",
        span: Span = MARCH,
        *,
        daily: bool = False,
        **more: Any,  # noqa: ANN401  fields of a question
    ) -> Sequence[Figure]:
        """The sums of a span."""
        asked = Question(span=span, by=by, **more)
        fresh: Cache[Sequence[Figure]] = Cache(0)
        with self.estate.look() as work:
            if daily:
                return summaries.daily(work, asked, None, fresh)
            return summaries.summary(work, asked, None, fresh).figures

    def sums(self, by: str = "", span: Span = MARCH, **more: Any) -> dict[str, str]:  # noqa: ANN401
        """The sums as text, by key."""
        return {f.key: f"{f.amount.text} {f.amount.currency}" for f in self.ask(by, span, **more)}


def say(
    cloud: FakeCloud,
    items: Sequence[bytes],
    stated: Sequence[bytes] | None = None,
    basis: CostBasis = CostBasis.ACTUAL,
    days: tuple[date, date] = (MARCH.first, date(2026, 3, 20)),
) -> None:
    """Have the cloud answer with these rows, and this total, for one month and basis."""
    cloud.pages.setdefault("s1", [])
    cloud.said["costs", "s1", *days, basis, BY] = [list(items)]
    if stated is not None:
        cloud.said["cost_total", "s1", *days, basis] = [list(stated)]


def sync(estate: Estate) -> None:
    """Have a worker read the costs of everything, a second later."""
    with estate.work() as work:
        request_sync(work, POLICIES, "costs")
    estate.run_due()
