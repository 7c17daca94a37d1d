"""Problems of runbook 004 (topics 13 and 14) that the read models can have, as limits crossed.

Absence sends no event: whoever owns a clock asks, in the process that answers questions, so
that a dead worker is seen too.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from quarterdeck.events.trail import ProblemEnded, ProblemObserved
from quarterdeck.kernel.clock import Clock
from quarterdeck.kernel.db import reading
from quarterdeck.kernel.health import Entry, Health
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.work import Actor, begin
from quarterdeck.trail.projections.model import Standing
from quarterdeck.trail.projections.service.standing import measure, standings
from quarterdeck.trail.query.explorer import Explorer

LAG_S, MISSES_PERCENT, LEAST_ASKED, LEAST_SLOW = 30.0, 50.0, 50, 5
ITSELF = Actor("quarterdeck", frozenset())


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A limit that is crossed."""

    name: str
    value: float
    limit: float
    unit: str
    words: str


def problems(explorer: Explorer, found: Sequence[Standing]) -> list[Problem]:
    """Those that stand now."""
    return [*_lag(found), *cache_misses(explorer), *_slow(explorer), *_search(explorer)]


def query_health(explorer: Explorer) -> Entry:
    """Degraded while the cache does not know, questions are slow, or words cannot be searched."""
    standing = problems(explorer, ())
    stats, timings = explorer.cache.stats, explorer.watch.timings()
    words = "; ".join(f"{one.name}: {one.words}" for one in standing)
    slowest = f", the slowest took {timings[0].slowest_ms:.0f} ms" if timings else ""
    return Entry(
        status=Health.DEGRADED if standing else Health.HEALTHY,
        description=words
        or f"{stats.entries} answers kept, {stats.hit_rate_percent} % hits{slowest}",
    )


@dataclass(slots=True, kw_only=True)
class ProblemWatch:
    """Publishes both edges of each problem, once; sets the gauges on its way.

    Attributes:
        more: who else knows of problems.
    """

    engine: Engine
    explorer: Explorer
    clock: Clock
    more: Sequence[Callable[[], Sequence[Problem]]] = ()
    _standing: frozenset[str] = field(default_factory=frozenset)

    def beat(self) -> None:
        """Look, and tell what changed."""
        explorer = self.explorer
        found = standings(self.engine, explorer.read, explorer.reader, self.clock, explorer.names)
        measure(found, explorer.names)
        known = [*problems(explorer, found), *(one for ask in self.more for one in ask())]
        now = {one.name: one for one in known}
        begun, ended = now.keys() - self._standing, self._standing - now.keys()
        if begun or ended:
            with begin(self.engine, ITSELF, self.clock) as work:
                for name in sorted(begun):
                    work.publish(_observed(now[name]))
                for name in sorted(ended):
                    work.publish(ProblemEnded(tenant=PLATFORM, problem=name))
        self._standing = frozenset(now)


def _observed(one: Problem) -> ProblemObserved:
    return ProblemObserved(
        tenant=PLATFORM,
        problem=one.name,
        value=round(one.value, 1),
        limit=one.limit,
        unit=one.unit,
        words=one.words,
    )


def _lag(found: Sequence[Standing]) -> list[Problem]:
    worst = max(found, key=lambda one: one.lag_s, default=None)
    if worst is None or worst.lag_s <= LAG_S:
        return []
    words = f"{worst.projection} of {worst.log} is {worst.behind} records behind"
    return [
        Problem(name="ProjectionLagHigh", value=worst.lag_s, limit=LAG_S, unit="s", words=words)
    ]


def cache_misses(explorer: Explorer) -> list[Problem]:
    """The problem that the cache hardly ever knew of late; none where it does."""
    recent = list(explorer.recent)
    percent = 100 * recent.count(False) / len(recent) if recent else 0.0
    if len(recent) < LEAST_ASKED or percent <= MISSES_PERCENT:
        return []
    words = f"of the last {len(recent)} questions the cache knew {recent.count(True)}"
    return [
        Problem(
            name="CacheMissRateHigh", value=percent, limit=MISSES_PERCENT, unit="%", words=words
        )
    ]


def _slow(explorer: Explorer) -> list[Problem]:
    limit = explorer.watch.slow_ms
    # One slow answer is none: it may have been the first after a start.
    timings = explorer.watch.timings()
    slow = [one for one in timings if one.count >= LEAST_SLOW and one.mean_ms >= limit]
    if not slow:
        return []
    words = f"questions by {slow[0].shape} are slow; GET /api/v1/audit/queries shows their plans"
    return [
        Problem(
            name="SlowQueryPerformance",
            value=slow[0].mean_ms,
            limit=limit,
            unit="ms",
            words=words,
        )
    ]


def _search(explorer: Explorer) -> list[Problem]:
    if not explorer.search:
        return []
    try:
        with reading(explorer.read) as db:
            db.execute(text("SELECT 1 FROM read_text LIMIT 1"))
    except DBAPIError as error:
        words = f"questions with words answer 503: {error.orig}"
        return [Problem(name="SearchIndexUnavailable", value=0, limit=1, unit="index", words=words)]
    return []
