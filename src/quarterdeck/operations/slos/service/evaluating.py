"""Counts what is new of each SLO, and says how each stands."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction

from sqlalchemy import Engine
from sqlalchemy.exc import DataError, IntegrityError

from quarterdeck.kernel.clock import EPOCH, Clock, micros
from quarterdeck.kernel.db import BULK_ROWS, DatabaseUnavailable
from quarterdeck.kernel.errors import QuarterdeckError
from quarterdeck.kernel.jobs.model import Cancelled, LeaseLost, Stopping
from quarterdeck.kernel.work import Actor, Tenants, Work, read
from quarterdeck.operations.maintenance import service as maintenance
from quarterdeck.operations.maintenance.model import Window as Maintenance
from quarterdeck.operations.slos.judging import Moment, judge, unknown
from quarterdeck.operations.slos.model.budget import Tally
from quarterdeck.operations.slos.model.measure import Counted, Measure, Slices, UnusableQuery, met
from quarterdeck.operations.slos.model.openslo import Slo
from quarterdeck.operations.slos.model.standing import Standing
from quarterdeck.operations.slos.planning import Known, Planned, known, plan
from quarterdeck.operations.slos.ports import Numbers, SourceSilent
from quarterdeck.operations.slos.service import crossing
from quarterdeck.operations.slos.service.applying import SLO, NoSuchSlo, kept
from quarterdeck.operations.slos.store import counting, objects, standing

LAG = timedelta(minutes=1)
"""Samples come in a while after they were taken."""

BACK = timedelta(days=15)
"""How far back the first look at an SLO goes: as long as each point is kept."""

AGAIN = timedelta(hours=1)
"""What came in late is looked for so long; what was counted stays as it is."""

KEPT = timedelta(days=62)
"""Slices are kept so much longer than a window reaches, of the objective or of a burn rate: the
report of a month that has passed is asked for within the next one, and of the one before it.
"""

CHUNK = timedelta(days=1)

ENDING = (Cancelled, LeaseLost, Stopping, DatabaseUnavailable)
"""What ends a round: none of it is of one SLO."""

OF_ONE = (
    *(QuarterdeckError, ArithmeticError, LookupError, TypeError, ValueError),
    *(DataError, IntegrityError),
)
"""What the bad input of one SLO comes out as, or what its source says."""

Working = Callable[[], AbstractContextManager[Work]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluating:
    """One round over the SLOs of one tenant. One that fails stops no other.

    Attributes:
        working: a unit of work that commits only while the round's job is held.
        numbers: sources by their type.
        check: raises where the round shall not go on.
    """

    tenant: str
    engine: Engine
    clock: Clock
    working: Working
    numbers: Mapping[str, Numbers]
    check: Callable[[], None] = field(default=lambda: None)

    @property
    def own(self) -> Tenants:
        """The one tenant that it touches."""
        return Tenants(frozenset({self.tenant}))

    def round(self) -> list[Standing]:
        """Count what is new, judge every objective, and tell what begins and ends.

        Raises:
            Exception: the first failure that is of one SLO, once every other had its turn.
        """
        with read(self.engine, NOBODY, self.clock) as work:
            every = kept(work, self.own)
        among = known(every)
        found: list[Standing] = []
        failures = [
            failure
            for slo in every
            if isinstance(slo, Slo) and (failure := self._tried(slo, among, found)) is not None
        ]
        if failures:
            raise failures[0]
        return found

    def _tried(self, slo: Slo, among: Known, found: list[Standing]) -> Exception | None:
        """Judge an SLO; how that failed, which stops no other."""
        try:
            found += self._slo(slo, plan(self.tenant, slo, among))
        except NoSuchSlo:
            return None
        except ENDING:
            raise
        except OF_ONE as error:
            return error
        return None

    @contextmanager
    def _while_there(self, slo: Slo) -> Iterator[Work]:
        """A unit of work in which an SLO cannot be removed; raise NoSuchSlo if it was."""
        with self.working() as work:
            if not objects.hold(work.db, self.own, SLO, slo.metadata.name):
                raise NoSuchSlo(f"the SLO {slo.metadata.name} is no more")
            yield work

    def _slo(self, slo: Slo, planned: Sequence[Planned]) -> list[Standing]:
        faults = {
            one.measure.key: self._counted(one, one.measure)
            for one in planned
            if one.measure is not None
        }
        with self._while_there(slo) as work:
            found = [self._judged(work, one, faults) for one in planned]
            for one in found:
                standing.put(work.db, self.own, one)
                crossing.tell(work, self.own, slo, one)
            self._tidy(work, slo, planned, found)
        return found

    def _tidy(
        self, work: Work, slo: Slo, planned: Sequence[Planned], found: Sequence[Standing]
    ) -> None:
        """Drop what belongs to objectives and measures that are no more, and what is too old."""
        name, numbers = slo.metadata.name, [one.objective for one in found]
        crossing.release(work, self.own, self.tenant, slo, numbers)
        standing.forget(work.db, self.own, name, numbers)
        if all(one.measure for one in found):  # what cannot be planned now may be again
            counting.forget(work.db, self.own, name, [one.measure for one in found])
        for of, one in zip(planned, found, strict=True):
            first = min(one.since, one.at - of.reach)
            counting.prune(work.db, self.own, one.measure, first - KEPT)

    def _counted(self, planned: Planned, measure: Measure) -> str:
        """Count the slices that are new; why some cannot be, or ""."""
        numbers = self.numbers.get(measure.type)
        if numbers is None:
            known_types = ", ".join(sorted(self.numbers))
            return f"no source of type {measure.type[:40]!r} is known here; there are {known_types}"
        try:
            for ends in self._due(planned, measure):
                self.check()
                self._keep(planned, measure, ends, numbers.slices(self.tenant, measure, ends))
        except (SourceSilent, UnusableQuery) as error:
            return str(error)
        return ""

    def _due(self, planned: Planned, measure: Measure) -> Iterator[list[datetime]]:
        """The ends of slices that have passed and were not counted, a day at a time."""
        now = self.clock()
        last = floored(now - LAG, measure.step)
        with read(self.engine, NOBODY, self.clock) as work:
            done = counting.counted_to(work.db, self.own, measure.key)
        first = min(planned.slo.window.around(last)[0], last - planned.reach)
        first = max(first, now - BACK)
        at = floored(max(first, min(done, last - AGAIN)) if done else first, measure.step)
        at += measure.step
        while at <= last:
            many = min((last - at) // measure.step + 1, CHUNK // measure.step or 1)
            yield [at + measure.step * n for n in range(many)]
            at += measure.step * many

    def _keep(
        self, planned: Planned, measure: Measure, ends: Sequence[datetime], found: Slices
    ) -> None:
        with read(self.engine, NOBODY, self.clock) as work:
            closed = maintenance.spans(work, self.own, ends[0] - measure.step, ends[-1])
        about = (self.tenant, planned.environment, planned.slo.service)
        closed = [one for one in closed if one.covers(*about)]
        rows = [
            row
            for at in ends
            if (row := _row(self.tenant, measure, at, found.get(at), closed)) is not None
        ]
        for n in range(0, max(len(rows), 1), BULK_ROWS):
            with self._while_there(planned.slo) as work:
                counting.add(work.db, rows[n : n + BULK_ROWS])
                done = ends[-1] if n + BULK_ROWS >= len(rows) else None
                if done is not None:
                    counting.count_to(work.db, self.own, self._mark(planned, measure, done))

    def _mark(self, planned: Planned, measure: Measure, done: datetime) -> dict[str, object]:
        return {
            "tenant": self.tenant,
            "measure": measure.key,
            "slo": planned.slo.metadata.name,
            "counted_to": micros(done),
        }

    def _judged(self, work: Work, planned: Planned, faults: Mapping[str, str]) -> Standing:
        measure = planned.measure
        if measure is None:
            return unknown(self.tenant, planned, work.now)
        at = Moment(now=work.now, counted=floored(work.now - LAG, measure.step))

        def tally(since: datetime, until: datetime) -> Tally:
            return tallied(work, self.own, measure, since, until, at.counted)

        return judge(self.tenant, planned, measure, tally, at, faults[measure.key])


NOBODY = Actor("quarterdeck", frozenset())


def tallied(
    work: Work, own: Tenants, measure: Measure, since: datetime, until: datetime, counted: datetime
) -> Tally:
    """What the slices in (since, until] add up to, of which those up to ``counted`` have passed."""
    found = counting.sums(work.db, own, measure.key, since, until)
    expected, elapsed = (
        max((min(until, end) - since) // measure.step - found.excluded, 0)
        for end in (until, counted)
    )
    return Tally(
        expected=expected,
        elapsed=elapsed,
        known=found.known,
        met=found.met,
        good=found.good,
        total=found.total,
        shares=found.shares,
        newest=found.newest,
    )


def floored(at: datetime, step: timedelta) -> datetime:
    """The last end of a slice that is not after ``at``."""
    return at - (at - EPOCH) % step


def _row(
    tenant: str,
    measure: Measure,
    at: datetime,
    counted: Counted | None,
    closed: Sequence[Maintenance],
) -> dict[str, object] | None:
    """A slice as it is kept; None: nothing is known of it."""
    start = at - measure.step
    counted = counted if counted is not None and counted.usable else None
    excluded = any(one.start < at and (one.ended_at or one.end) > start for one in closed)
    if counted is None and not excluded:
        return None
    share = Fraction(1) if counted is None else counted.share
    return {
        "tenant": tenant,
        "measure": measure.key,
        "at": micros(at),
        "good": counted.kept if counted else 0.0,
        "total": counted.total if counted else 0.0,
        "share": float(share),
        "known": int(counted is not None),
        "met": int(counted is not None and met(counted, measure.slice_target)),
        "excluded": int(excluded),
    }
