"""The running check of retention and residency: a part of each log at each beat.

A promise that is broken is told once, opens an investigation, which freezes, and is told of
again when it holds. What came last is looked at first, then everything in turn.
"""

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from operator import itemgetter

from sqlalchemy import Engine

from quarterdeck.events.keeping import ComplianceRestored, ComplianceViolated
from quarterdeck.kernel.clock import Clock, micros
from quarterdeck.kernel.db import reading
from quarterdeck.kernel.errors import Unavailable
from quarterdeck.kernel.work import Actor, Tenants, Work, begin, read
from quarterdeck.trail.freeze import service as freezes
from quarterdeck.trail.freeze.model import Suspicion
from quarterdeck.trail.holds import service as holds
from quarterdeck.trail.holds.model import Hold, keeping
from quarterdeck.trail.log.model import Leaf, Log
from quarterdeck.trail.log.purges import Range
from quarterdeck.trail.log.record import PLATFORM_SOURCE
from quarterdeck.trail.log.storage import leaves
from quarterdeck.trail.policy import service as policy
from quarterdeck.trail.policy.keeping import Residency
from quarterdeck.trail.policy.model import Kind, digest_of
from quarterdeck.trail.retention import store
from quarterdeck.trail.retention.breaches import (
    Breach,
    Judged,
    Mark,
    Promise,
    Rules,
    Scan,
    Tally,
    Verdict,
    begun,
    judge,
    over,
)
from quarterdeck.trail.retention.model import joined
from quarterdeck.trail.retention.reading import (
    PAGE,
    UNREADABLE,
    Classes,
    Seen,
    Subjects,
    came_from,
    read_leaf,
)
from quarterdeck.trail.retention.service.planning import Ground, floor_of, ranges, retention_of
from quarterdeck.trail.retention.service.reports import LATE_US
from quarterdeck.trail.retention.storage import watched

WATCH = Actor("quarterdeck", frozenset())
BUDGET = 8192
"""Records that one beat looks at most of a log's tail, and as many of the rest."""

ALL = 131_072
"""And of all logs: however many there are, a few seconds of a minute are spent."""

RECORDS, SEGMENTS = "records", "segments"
"""The places where records stand: the log with its read models, and sealed segments."""

SUSPECTED = {
    Promise.STORAGE: Suspicion.COMPLIANCE,
    Promise.SOURCE: Suspicion.COMPLIANCE,
    Promise.KEPT: Suspicion.OVERDUE,
    Promise.EARLY: Suspicion.COMPLIANCE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplianceWatch:
    """Looks at every log, a part at a time; several may run.

    Attributes:
        stores: the region of each place where records stand; empty: no setting says.
    """

    engine: Engine
    ground: Ground
    clock: Clock
    stores: Mapping[str, str] = field(default_factory=dict)
    budget: int = BUDGET

    def beat(self) -> int:
        """Look at a part of each log; how many promises were found broken, or to hold again.

        Raises:
            LogDamaged: of the first log that cannot be read, once all others had their turn.
                What was known of it is not known any more in ten minutes.
        """
        with reading(self.engine) as db:
            logs = leaves.every(db)
        told, failed = 0, []
        budget = min(self.budget, max(PAGE, ALL // max(1, len(logs))))
        for log in logs:
            try:
                told += self._watch(log, budget)
            except Unavailable as error:
                failed.append(error)
        if failed:
            raise failed[0]
        return told

    def _watch(self, log: Log, budget: int) -> int:
        mine = Tenants(frozenset({log.tenant}))
        with read(self.engine, WATCH, self.clock) as work:
            rules = _rules(work, log.tenant, mine, self.stores)
            known = watched.of_tenants(work.db, mine)
            if not rules.any and not known:
                return 0  # nothing is asked, and nothing was
            size = self.ground.reader.size(log.tenant)
            before = _begun([scan for scan, _ in known], log.tenant, rules)
            look = _Look(work, self.ground, log.tenant, rules, partial(self._named, mine))
            after = _looked(look, before, size, budget)
        judged = judge(rules, after, size)
        with begin(self.engine, WATCH, self.clock) as work:
            watched.put(work.db, mine, replace(after, at=micros(work.now)), judged)
            return _tell(work, mine, judged, size)

    def _named(self, mine: Tenants) -> Sequence[Range]:
        """What purges have said by now that they remove."""
        with reading(self.engine) as db:
            return joined(ranges(store.of_tenants(db, mine)))


def _looked(look: "_Look", before: Scan, size: int, budget: int) -> Scan:
    end = min(before.position + budget, size)
    going = before.going.plus(look.tally(before.position, end))
    if end == size:
        return replace(
            before,
            position=0,
            tail=size,
            going=Tally(),
            fresh=Tally(),
            known=going,
            rounds=before.rounds + 1,
        )
    start = max(before.tail, end)
    tail = min(start + budget, size)
    fresh = before.fresh.plus(look.tally(start, tail))
    return replace(before, position=end, tail=tail, going=going, fresh=fresh)


class _Look:
    """What is asked of the records of one tenant now."""

    def __init__(
        self,
        work: Work,
        ground: Ground,
        tenant: str,
        rules: Rules,
        names: Callable[[], Sequence[Range]],
    ) -> None:
        self._reader, self._tenant, self._rules = ground.reader, tenant, rules
        self._now = micros(work.now)
        self._floor = floor_of(work, ground, tenant)
        self._classes = Classes(work.db, rules.retention)
        self._holds: Collection[Hold] = holds.standing(work.db, tenant)
        self._subjects = Subjects(work.db, ground.removal, tenant, self._holds)
        self._names, self._named = names, names()

    def tally(self, start: int, end: int) -> Tally:
        marks: list[tuple[int, Mark]] = []
        for at in range(start, end, PAGE):
            for leaf in self._reader.read(self._tenant, at, min(PAGE, end - at)):
                marks += [(leaf.index, mark) for mark in self._marks(leaf)]
        return Tally.of(end - start, self._sure(marks))

    def _sure(self, marks: list[tuple[int, Mark]]) -> list[tuple[int, Mark]]:
        """Without what a purge removed meanwhile: it said so before, and so has by now."""
        if not any(mark is Mark.GONE for _, mark in marks):
            return marks
        self._named = self._names()
        return [one for one in marks if one[1] is not Mark.GONE or not self._purged(one[0])]

    def _marks(self, leaf: Leaf) -> Iterator[Mark]:
        if not leaf.entry:
            if not self._purged(leaf.index):
                yield Mark.GONE
            return
        try:
            yield from [*self._of(read_leaf(leaf))]
        except UNREADABLE:
            yield Mark.UNREADABLE

    def _of(self, one: Seen) -> Iterator[Mark]:
        if self._rules.residency.sources:
            came = came_from(self._rules.residency, one) or self._ours(one)
            if not came:
                yield Mark.PLACELESS
            elif came not in self._rules.residency.sources:
                yield Mark.OUTSIDE
        _, due_at = self._classes.due(one)
        if due_at is not None and due_at + LATE_US <= self._now:
            kept = keeping(self._holds, self._subjects.held(one))
            away = one.index < self._floor
            yield Mark.HELD if kept else Mark.LATE if away else Mark.WAITING

    def _purged(self, index: int) -> bool:
        """Whether a purge names the record."""
        at = bisect_right(self._named, index, key=itemgetter(0)) - 1
        return at >= 0 and index < self._named[at][1]

    def _ours(self, one: Seen) -> str:
        """What the platform itself says comes from where it runs."""
        own = one.record["source"] == PLATFORM_SOURCE
        return self._rules.stores.get(RECORDS, "") if own else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What is known of a tenant's promises.

    Attributes:
        judged: as the check saw it last.
        breaches: those that stand, and of each promise the last that ended.
    """

    scan: Scan
    judged: Collection[Judged]
    breaches: Collection[Breach]

    def standing(self, promise: Promise) -> Breach | None:
        """The breach of a promise that is broken now."""
        here = (one for one in self.breaches if one.promise is promise and one.until is None)
        return next(here, None)


def standing(work: Work, tenant: str = "") -> list[Watched]:
    """What is known of the promises to the tenants that the actor may see; or to one of them."""
    right = "trail:verify"
    tenants = work.require(right, tenant) if tenant else work.tenants(right)
    broken = watched.of(work.db, tenants, over=True)
    return [
        Watched(
            scan=scan,
            judged=judged,
            breaches=[one for one in broken if one.tenant == scan.tenant],
        )
        for scan, judged in watched.of_tenants(work.db, tenants)
    ]


def known(work: Work, tenants: Tenants) -> list[tuple[Scan, list[Judged]]]:
    """What was judged of these tenants' logs: for metrics."""
    return watched.of_tenants(work.db, tenants)


def _rules(work: Work, tenant: str, mine: Tenants, stores: Mapping[str, str]) -> Rules:
    past = store.of_tenants(work.db, mine)
    return Rules(
        retention=retention_of(work, tenant),
        residency=Residency.of(policy.document(work.db, tenant, Kind.RESIDENCY)),
        stores=stores,
        early=[(one.id, one.count) for one in past if one.is_early],
    )


def _begun(known: Collection[Scan], tenant: str, rules: Rules) -> Scan:
    """Where to go on; under other rules, at the beginning."""
    asked = {
        "residency": rules.residency.document,
        "retention": rules.retention.document,
        "stores": dict(rules.stores),
    }
    digest = digest_of(asked)
    found = next((one for one in known if one.rules == digest), None)
    return found or Scan(tenant=tenant, rules=digest)


def _tell(work: Work, mine: Tenants, judged: Collection[Judged], size: int) -> int:
    (tenant,) = mine.ids
    before = watched.of(work.db, mine)
    ended = [one for one in over(judged, before) if _end(work, mine, one)]
    for one in judged:
        if one.verdict is Verdict.BROKEN:
            watched.change(work.db, mine, one)
    return len(ended) + sum(_begin(work, tenant, one, size) for one in begun(judged, before))


def _begin(work: Work, tenant: str, one: Judged, size: int) -> bool:
    where = f"{one.records} records"
    opened = freezes.opened(work, tenant, SUSPECTED[one.promise], where, one.words, size)
    breach = Breach(
        tenant=tenant,
        promise=one.promise,
        words=one.words,
        records=one.records,
        since=micros(work.now),
        until=None,
        investigation=opened.id,
    )
    if not watched.begin(work.db, Tenants(frozenset({tenant})), breach):
        return False
    freezes.keep(work, opened)
    work.publish(
        ComplianceViolated(
            tenant=tenant,
            promise=one.promise,
            records=one.records,
            words=one.words,
            investigation=opened.id,
        )
    )
    return True


def _end(work: Work, mine: Tenants, one: Breach) -> bool:
    if not watched.end(work.db, mine, one.promise, micros(work.now)):
        return False
    work.publish(
        ComplianceRestored(tenant=one.tenant, promise=one.promise, investigation=one.investigation)
    )
    return True
