"""One run's way through the costs of a connection's subscriptions, a month and cut at a time."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from itertools import product
from typing import Any

from quarterdeck.governance.cloud.ports import (
    Cloud,
    CloudFailure,
    CostBasis,
    Denied,
    FailureClass,
    Subscription,
)
from quarterdeck.governance.connections import service as connections
from quarterdeck.governance.connections.model import Connection
from quarterdeck.governance.costs import answers
from quarterdeck.governance.costs.answers import Charge
from quarterdeck.governance.costs.calendar import Span, filled, months, wanted
from quarterdeck.governance.costs.control import controls
from quarterdeck.governance.costs.coverage import Budget, Scope, reaching
from quarterdeck.governance.costs.model import SERVICES, TAG, Chunk, Key, difference, summed
from quarterdeck.governance.costs.service import ledger
from quarterdeck.governance.sync.failures import (
    FAILURES_IN_A_ROW,
    STOPS_THE_RUN,
    Unread,
    Unseen,
    vanished,
)
from quarterdeck.kernel.clock import instant, micros
from quarterdeck.kernel.db import bulk
from quarterdeck.kernel.errors import Invalid
from quarterdeck.kernel.jobs.run import Run
from quarterdeck.kernel.money import Money
from quarterdeck.kernel.work import read

YIELD_S = 0.001
MAX_TAG = 512
"""Azure Resource Manager, "Limitations" of tags."""
BASES = (CostBasis.ACTUAL, CostBasis.AMORTIZED)
BY = ("ServiceName", "ResourceGroupName")
Plan = dict[str, list[Span]]
"""The days to read by cut."""

Stated = tuple[dict[str, Money] | None, str]
"""The cloud's own totals by currency; or None, and why they are not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What is asked for.

    Attributes:
        days_back: how many days the first reading of a subscription goes back.
        tags: names of tags that costs are kept by, beside services and resource groups.
    """

    days_back: int = 60
    tags: Sequence[str] = ()

    def __post_init__(self) -> None:
        if bad := [tag for tag in self.tags if not 0 < len(tag) <= MAX_TAG or "\0" in tag]:
            raise Invalid(f"a tag has 1 to {MAX_TAG} characters, not {bad[0][:40]!r}")

    @property
    def cuts(self) -> list[str]:
        """The cuts to read: each a query of its own."""
        return [SERVICES, *(TAG + tag for tag in self.tags)]


USUAL = Options()


def begin(run: Run, connection: Connection, options: Options = USUAL) -> "CostReading":
    """A reading of all days that may have changed since the last one."""
    return CostReading(run=run, connection=connection, options=options)


def begin_backfill(
    run: Run, connection: Connection, first: date, last: date, options: Options = USUAL
) -> "CostReading":
    """A reading of the days from ``first`` to ``last``, both in it."""
    return CostReading(run=run, connection=connection, options=options, span=Span(first, last))


@dataclass(slots=True, kw_only=True)
class CostReading:
    """What a run has read so far.

    Attributes:
        span: the days of a backfill; None where the calendar says which.
        seen: rows read.
        done: queries answered; ``total`` are to be asked.
        failures: what went wrong, in order.
        known: the tenant's subscriptions by id, as they were known when it began.
    """

    run: Run
    connection: Connection
    options: Options
    span: Span | None = None
    seen: int = 0
    done: int = 0
    total: int = 0
    failures: list[CloudFailure] = field(default_factory=list)
    known: dict[str, Scope] = field(default_factory=dict)
    since: datetime | None = None
    drift: int = 0
    at: int = 0

    @property
    def landed(self) -> bool:
        """Whether anything was read."""
        return self.done > 0

    def go(self, cloud: Cloud) -> None:
        """Read the costs of every subscription; each query of it is a keyed step.

        A subscription that may not be read is noted as such and the next one is read.
        """
        self.at = self.run.keyed("observed", lambda _key: self._observe())
        found = [Subscription(**s) for s in self.run.keyed("subscriptions", _listed(cloud))]
        self.known = self._known()
        if not found:
            self.failures.append(Unseen(len(self._scopes())))
            return
        plan = self._plan(found)
        asked = [spans for cuts in plan.values() for spans in cuts.values()]
        self.total = len(BASES) * sum(map(len, asked))
        in_a_row = 0
        for subscription in found:
            failure = self._subscription(cloud, subscription, plan[subscription.id])
            if failure is None or isinstance(failure, Denied):
                in_a_row = 0
                continue
            in_a_row += 1
            if failure.kind in STOPS_THE_RUN or in_a_row == FAILURES_IN_A_ROW:
                return
        if self.span is None:
            self._part_with({subscription.id.casefold() for subscription in found})

    def _part_with(self, there: set[str]) -> None:
        kept = set()
        for scope in self._scopes():
            doubt = vanished(self.run.body.get("doubted", ()), scope.id, 1, scope.name)
            if scope.id not in there and doubt is not None:
                self.failures.append(doubt)
                kept.add(scope.id)
        with self.run.work() as work:
            ledger.part(work, self.run.tenants, self.connection.id, sorted(there | kept))

    def _known(self) -> dict[str, Scope]:
        with read(self.run.engine, self.run.actor, self.run.clock) as work:
            return {scope.id: scope for scope in ledger.scopes(work, self.run.tenants)}

    def _scopes(self) -> list[Scope]:
        mine = [one for one in self.known.values() if one.source == self.connection.id]
        return [one for one in mine if one.gone_at is None]

    def _observe(self) -> int:
        with self.run.work() as work:
            ledger.observe(work, self.connection.tenant, self.run.job.id, self.connection.id)
            return micros(work.now)

    def _plan(self, found: Sequence[Subscription]) -> dict[str, Plan]:
        if self.span is not None:
            past = list(months(self.span))
            return {s.id: dict.fromkeys(self.options.cuts, past) for s in found}
        today = instant(self.at).date()
        reach = Span(today - timedelta(days=self.options.days_back), today)
        with read(self.run.engine, self.run.actor, self.run.clock) as work:
            gaps = {
                cut: ledger.untold(work, self.run.tenants, reach, cut)
                for cut in self.options.cuts
                if cut != SERVICES
            }
        return {one.id: self._wanted(self.known.get(one.id.casefold()), gaps) for one in found}

    def _wanted(self, known: Scope | None, gaps: Mapping[str, Mapping[str, set[int]]]) -> Plan:
        # A tag is read as far back as the first time of each month that the services were
        # charged in, and that was not read by it: it may have been set later, or cut short.
        today, back = instant(self.at).date(), self.options.days_back
        if known is None or known.read_at is None:
            return dict.fromkeys(self.options.cuts, wanted(today, None, back))
        usual = wanted(today, known.read_at.date(), back)
        return {
            cut: filled(usual, gaps.get(cut, {}).get(known.id, ()), known.known_since)
            for cut in self.options.cuts
        }

    def _subscription(
        self, cloud: Cloud, subscription: Subscription, plan: Plan
    ) -> CloudFailure | None:
        before, spans = len(self.failures), plan[SERVICES]
        every = sorted({span for cut in plan.values() for span in cut}, key=lambda s: s.first)
        try:
            for span, basis in product(every, BASES):
                cuts = [cut for cut in plan if span in plan[cut]]
                self._month(cloud, subscription, (span, basis), cuts)
            self._budgets(cloud, subscription)
        except CloudFailure as failure:
            self.failures.append(failure)
            self._speak(subscription, spans, _why(failure))
            return failure
        gaps = self.failures[before:]
        cut = any(not isinstance(gap, Unread) for gap in gaps)
        self._speak(subscription, spans, str(gaps[-1]) if gaps else "", cut=cut)
        return None

    def _month(
        self,
        cloud: Cloud,
        subscription: Subscription,
        of: tuple[Span, CostBasis],
        cuts: Sequence[str],
    ) -> None:
        stated: list[Stated] = []  # asked once for all cuts, and only if one of them is to be read
        span, basis = of
        for cut in cuts:
            chunk = self._chunk(subscription, span, basis, cut)
            name = f"{chunk.scope} {basis} {cut} {span.first} {span.last}"
            step = partial(self._step, cloud, subscription, chunk, stated)
            rows, told = self.run.keyed(name, step)
            self.seen += rows
            self.done += 1
            self._note(subscription, chunk, rows, told)
            self.run.progress(self.done, max(self.done, self.total), "queries")

    def _step(
        self,
        cloud: Cloud,
        subscription: Subscription,
        chunk: Chunk,
        stated: list[Stated],
        _key: str,
    ) -> tuple[int, dict[str, int]]:
        if not stated:
            stated.append(_control_total(cloud, subscription.id, chunk))
        charges, unread, rows = self._charges(cloud, subscription, chunk)
        seen = answers.gathered(charges)
        with read(self.run.engine, self.run.actor, self.run.clock) as work:
            known = ledger.known(work, self.run.tenants, chunk)
        # A cloud that answers 200 with nothing has not said that nothing was charged.
        emptied = bool(known) and not rows
        for portion in ledger.portions(
            difference(known, seen, self.at, whole=not unread and not emptied)
        ):
            with bulk(self.run.engine), self.run.work() as work:
                ledger.land(work, self.run.tenants, chunk, self.run.job.id, self.at, portion)
            self._let_others()
        self._compare(chunk, seen, *stated[0])
        return rows, {"unread": unread, "kept": len(known) if emptied else 0}

    def _note(
        self, subscription: Subscription, chunk: Chunk, rows: int, told: dict[str, int] | str
    ) -> None:
        where = _where(subscription, chunk)
        if isinstance(told, str):  # a step of an older release told the words alone
            self.failures += [CloudFailure(FailureClass.DATA, told)] if told else []
            return
        if told["kept"]:
            self.failures.append(CloudFailure(FailureClass.DATA, _emptied(where, told["kept"])))
        if told["unread"]:
            self.failures.append(Unread(told["unread"], rows, f"the costs {where}"))

    def _charges(
        self, cloud: Cloud, subscription: Subscription, chunk: Chunk
    ) -> tuple[list[Charge], int, int]:
        charges: list[Charge] = []
        unread = rows = 0
        by = BY if chunk.cut == SERVICES else (chunk.cut,)
        for page in cloud.costs(subscription.id, chunk.first, chunk.last, chunk.basis, by):
            with self.run.work() as work:
                ledger.keep_page(work, chunk, self.run.job.id, page.items)
            for item in page.items:
                rows += 1
                try:
                    found = answers.charge(item, chunk.cut)
                except answers.UnreadableCosts:
                    unread += 1  # its bytes stand among the pages
                else:
                    inside = chunk.first <= found.day <= chunk.last
                    charges += [found] if inside else []
                    unread += not inside
            self.run.check()
        return charges, unread, rows

    def _compare(
        self, chunk: Chunk, seen: dict[Key, Money], stated: dict[str, Money] | None, reason: str
    ) -> None:
        with self.run.work() as work:
            found = list(controls(chunk, seen, stated, instant(self.at), reason))
            ledger.keep_controls(work, self.run.tenants, chunk, found)

    def _budgets(self, cloud: Cloud, subscription: Subscription) -> None:
        # Budgets have a role of their own: without it, costs are known all the same.
        try:
            items = [item for page in cloud.budgets(subscription.id) for item in page.items]
        except Denied:
            return
        with self.run.work() as work:
            if connections.one_of(work.db, self.run.tenants, self.connection.id) is None:
                return  # disconnected meanwhile: who ended its budgets looks no more
            tenant, scope = self.connection.tenant, subscription.id.casefold()
            found = list(_budgets(items, self.connection, scope, self.at))
            ledger.keep_budgets(work, self.run.tenants, tenant, scope, found)

    def _speak(
        self, subscription: Subscription, spans: Sequence[Span], missing: str, *, cut: bool = True
    ) -> None:
        # ``cut``: days are missing. What single rows lack is said, and all else is known.
        read_now = Span(spans[0].first, spans[-1].last)
        known = self.known.get(subscription.id.casefold())
        before = None if known is None else known.known_since
        scope = Scope(
            tenant=self.connection.tenant,
            id=subscription.id.casefold(),
            name=subscription.name,
            source=self.connection.id,
            read_at=None if cut or self.span else instant(self.at),
            known_since=before if cut else reaching(before, read_now, first=not self.span),
            missing=missing,
        )
        with self.run.work() as work:
            ledger.keep_scope(work, self.run.tenants, scope)

    def _chunk(self, subscription: Subscription, span: Span, basis: CostBasis, cut: str) -> Chunk:
        return Chunk(
            tenant=self.connection.tenant,
            scope=subscription.id.casefold(),
            cut=cut,
            basis=basis,
            first=span.first,
            last=span.last,
        )

    def _let_others(self) -> None:
        # SQLite's writers wait for one lock; a bulk writer that takes it again at once
        # would starve them.
        if self.run.engine.dialect.name == "sqlite":
            self.run.stop.wait(YIELD_S)


def _listed(cloud: Cloud) -> Any:  # noqa: ANN401  a step, whose outcome is JSON
    return lambda _key: [asdict(s) for s in cloud.subscriptions()]


def _control_total(cloud: Cloud, subscription: str, chunk: Chunk) -> Stated:
    page = cloud.cost_total(subscription, chunk.first, chunk.last, chunk.basis)
    try:
        return summed(map(answers.total, page.items)), ""
    except answers.UnreadableCosts as error:
        return None, str(error)


def _why(failure: CloudFailure) -> str:
    # What to grant helps whoever reads it; the cloud's own words stand in the run.
    missing = failure.missing if isinstance(failure, Denied) else ""
    return f"not allowed: grant {missing}" if missing else str(failure)


def _where(subscription: Subscription, chunk: Chunk) -> str:
    days = f"{chunk.first} to {chunk.last} ({chunk.basis}, by {chunk.cut})"
    return f"of subscription {subscription.name}, {days}"


def _emptied(where: str, kept: int) -> str:
    return (
        f"the cloud answered with no costs {where}, where {kept} are known; they were kept. "
        "Look at the portal: if it shows costs there, sync again"
    )


def _budgets(
    items: Sequence[bytes], connection: Connection, scope: str, at: int
) -> Iterator[Budget]:
    for item in items:
        found = json.loads(item)
        yield Budget(
            tenant=connection.tenant,
            id=str(found.get("id", "")).casefold(),
            scope=scope,
            name=str(found.get("name", "")),
            body=item.decode(),
            read_at=instant(at),
        )
