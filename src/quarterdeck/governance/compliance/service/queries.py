"""What people ask of compliance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from quarterdeck.governance.compliance import metrics
from quarterdeck.governance.compliance.model.coverage import Age, Coverage, Part, coverage
from quarterdeck.governance.compliance.model.posture import USUAL_SCORE, KeptAdvice
from quarterdeck.governance.compliance.model.state import Change, Filter, PolicyState
from quarterdeck.governance.compliance.model.verdict import Tally
from quarterdeck.governance.compliance.store import advice as advices
from quarterdeck.governance.compliance.store import heard, names, queries
from quarterdeck.governance.compliance.store.queries import DriftSpot, Spot, drift_spot, spot
from quarterdeck.governance.connections import service as connections
from quarterdeck.kernel.cache import Cache
from quarterdeck.kernel.errors import Invalid, NotFound
from quarterdeck.kernel.ids import TenantId
from quarterdeck.kernel.work import Tenants, Work

__all__ = ["drift_spot", "spot"]

READ = "compliance:read"
HISTORY = 200
LONGEST_TREND = 400


class StateNotFound(NotFound):
    """No such policy state."""


class GroupNotFound(NotFound):
    """No policy says anything of such a resource group."""


class NoSuchTrend(Invalid):
    """A trend has from 1 to 400 days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """A secure score over subscriptions; points add up, percentages do not.

    Attributes:
        subscriptions: those whose score is known.
        coverage: how much of what there is speaks of its score.
    """

    current: float
    most: float
    subscriptions: int
    coverage: Coverage

    @property
    def percent(self) -> float | None:
        """0 to 100, a tenth rounded down; None where none is known."""
        return int(1000 * self.current / self.most) / 10 if self.most else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How one tenant stands; ``tally`` holds nothing where nothing was read."""

    tenant: TenantId
    tally: Tally
    points: Points
    coverage: Coverage


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """How all that was asked for stands.

    Attributes:
        failing_resources: of which at least one policy says that they are non-compliant.
        policies: tallies by policy name, worst first.
        titles: what people call policies and assignments, by their folded names.
    """

    tally: Tally
    failing_resources: int
    points: Points
    coverage: Coverage
    state: Age
    at: datetime
    tenants: tuple[Standing, ...]
    policies: tuple[tuple[str, Tally], ...]
    titles: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """How one resource group stands, with its policies, worst first."""

    tenant: TenantId
    subscription: str
    group: str
    tally: Tally
    failing_resources: int
    policies: tuple[tuple[str, str, Tally], ...]
    titles: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """How a day ended; a day on which nothing was read has no tally: it is a gap."""

    day: date
    tally: Tally | None
    score_percent: float | None
    secure_percent: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """A state with what the cloud sent, and its newest changes, newest first."""

    state: PolicyState
    body: str
    history: Sequence[Change]


def summary(work: Work, only: Tenants | None, cache: Cache[Summary]) -> Summary:
    """How ``only`` (None: all that the actor may see) stands; at most a TTL old."""
    tenants = only or work.tenants(READ)
    key = f"compliance {','.join(sorted(tenants.ids))}"
    return cache.get(key, lambda: summed(work, tenants))


def summed(work: Work, tenants: Tenants) -> Summary:
    """How ``tenants`` stand, for use cases that checked their own permission."""
    everything = Filter()
    by_tenant = queries.count_by(work.db, tenants, everything, "tenant")
    by_policy = queries.count_by(work.db, tenants, everything, "policy")
    covered = covered_by(work, tenants, Part.STATES)
    return Summary(
        tally=sum(by_tenant.values(), Tally()),
        failing_resources=queries.failing_resources(work.db, tenants, everything),
        points=points_of(work, tenants),
        coverage=covered,
        state=covered.state(work.now),
        at=work.now,
        tenants=_standings(work, tenants, {key[0]: t for key, t in by_tenant.items()}),
        policies=_worst_first({key[0]: t for key, t in by_policy.items()}),
        titles=names.by_name(work.db, tenants),
    )


def measure(work: Work, tenants: Tenants) -> None:
    """Tell the metrics how ``tenants`` stand; for the process that answers."""
    metrics.show(
        queries.count_by(work.db, tenants, Filter(), "tenant"),
        len(covered_by(work, tenants, Part.STATES).silent),
    )


def covered_by(work: Work, tenants: Tenants, part: Part) -> Coverage:
    """How much of what ``tenants`` have speaks of ``part``."""
    connected = [c.tenant for c in connections.of(work.db, tenants)]
    return coverage(connected, heard.heard_of(work.db, tenants, part))


def points_of(work: Work, tenants: Tenants) -> Points:
    """The usual secure score over ``tenants``."""
    rows = heard.scores_of(work.db, tenants)
    known = [
        (current, most)
        for _, _, name, _, current, most in rows
        if name == USUAL_SCORE and current is not None and most
    ]
    return Points(
        current=sum(current for current, _ in known),
        most=sum(most for _, most in known),
        subscriptions=len(known),
        coverage=covered_by(work, tenants, Part.SCORES),
    )


def page(
    work: Work, wanted: Filter, only: Tenants | None, after: Spot | None, limit: int
) -> list[PolicyState]:
    """The next ``limit`` states, by resource and id."""
    return queries.page(work.db, only or work.tenants(READ), wanted, after, limit)


def total(work: Work, wanted: Filter, only: Tenants | None) -> Tally:
    """How many states ``wanted`` finds, by verdict."""
    found = queries.count_by(work.db, only or work.tenants(READ), wanted, "tenant")
    return sum(found.values(), Tally())


def described(work: Work, state: str) -> Described:
    """One state with its body and history, also a closed one; else StateNotFound."""
    tenants = work.tenants(READ)
    found = queries.of_id(work.db, tenants, state)
    if found is None:
        raise StateNotFound(f"no policy state {state[:80]}")
    held, body = found
    return Described(
        state=held, body=body, history=queries.history(work.db, tenants, state, HISTORY)
    )


def drift(
    work: Work, wanted: Filter, only: Tenants | None, after: DriftSpot | None, limit: int
) -> list[PolicyState]:
    """What turned from compliant to non-compliant and still is, newest first."""
    return queries.drifted(work.db, only or work.tenants(READ), wanted, after, limit)


def groups(work: Work, wanted: Filter, only: Tenants | None) -> list[tuple[str, str, str, Tally]]:
    """Tenant, subscription, resource group and tally; worst first."""
    tenants = only or work.tenants(READ)
    found = queries.count_by(work.db, tenants, wanted, "group")
    rows = [(tenant, sub, group, tally) for (tenant, sub, group), tally in found.items()]
    return sorted(rows, key=lambda row: (-row[3].non_compliant, row[:3]))


def group(work: Work, name: str, wanted: Filter, only: Tenants | None) -> list[Group]:
    """How resource group ``name`` stands in each subscription that has one of that name.

    Raises:
        GroupNotFound: no policy says anything of such a group.
    """
    tenants = only or work.tenants(READ)
    found = [
        _group(work, tenant, subscription, name.casefold())
        for tenant, subscription, group_name, _ in groups(work, wanted, tenants)
        if group_name == name.casefold()
    ]
    if not found:
        raise GroupNotFound(f"no policy says anything of a resource group {name[:80]}")
    return found


def trend(work: Work, only: Tenants | None, first: date, last: date) -> list[Day]:
    """How each day from ``first`` to ``last`` ended; days unread are gaps, never zero."""
    length = (last - first).days + 1
    if not 1 <= length <= LONGEST_TREND:
        raise NoSuchTrend(f"a trend has 1 to {LONGEST_TREND} days, not {length}")
    tenants = only or work.tenants(READ)
    rows = heard.days_of(work.db, tenants, first.isoformat(), last.isoformat())
    found: dict[str, list[tuple[Tally, float | None, float | None]]] = {}
    for day, _, tally, points, most in rows:
        found.setdefault(day, []).append((tally, points, most))
    days = [first + timedelta(days=n) for n in range(length)]
    return [_day(day, found.get(day.isoformat(), [])) for day in days]


def advice(
    work: Work, category: str, only: Tenants | None, after: advices.Spot | None, limit: int
) -> list[KeptAdvice]:
    """The next ``limit`` recommendations that are open, those of high impact first."""
    return advices.page(work.db, only or work.tenants(READ), category, after, limit)


advice_spot = advices.spot


def _standings(work: Work, tenants: Tenants, tallies: dict[str, Tally]) -> tuple[Standing, ...]:
    connected = {c.tenant for c in connections.of(work.db, tenants)}
    return tuple(
        Standing(
            tenant=tenant,
            tally=tallies.get(tenant, Tally()),
            points=points_of(work, Tenants(frozenset({tenant}))),
            coverage=covered_by(work, Tenants(frozenset({tenant})), Part.STATES),
        )
        for tenant in sorted(connected | {TenantId(name) for name in tallies})
    )


def _group(work: Work, tenant: str, subscription: str, name: str) -> Group:
    mine = Tenants(frozenset({tenant}))
    wanted = Filter(group=name, subscription=subscription)
    found = queries.count_by(work.db, mine, wanted, "finding")
    ordered = sorted(found.items(), key=lambda item: (-item[1].non_compliant, item[0]))
    return Group(
        tenant=TenantId(tenant),
        subscription=subscription,
        group=name,
        tally=sum(found.values(), Tally()),
        failing_resources=queries.failing_resources(work.db, mine, wanted),
        policies=tuple((key[0], key[1], tally) for key, tally in ordered),
        titles=names.by_name(work.db, mine),
    )


def _worst_first(found: dict[str, Tally]) -> tuple[tuple[str, Tally], ...]:
    return tuple(sorted(found.items(), key=lambda item: (-item[1].non_compliant, item[0])))


def _day(day: date, rows: list[tuple[Tally, float | None, float | None]]) -> Day:
    if not rows:
        return Day(day=day, tally=None, score_percent=None, secure_percent=None)
    tally = sum((row[0] for row in rows), Tally())
    known = [(points, most) for _, points, most in rows if points is not None and most]
    most = sum(one for _, one in known)
    secure = int(1000 * sum(one for one, _ in known) / most) / 10 if most else None
    return Day(day=day, tally=tally, score_percent=tally.score_percent, secure_percent=secure)
