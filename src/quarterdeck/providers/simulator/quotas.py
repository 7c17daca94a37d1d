"""How often a simulated cloud lets itself be asked."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Tick = Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """So many units in so many seconds."""

    units: int
    seconds: float


RESOURCE_GRAPH = (Limit(units=15, seconds=5),)
"""Of one principal; learn.microsoft.com/azure/governance/resource-graph/concepts/
guidance-for-throttled-requests."""

COST_QUERIES = (
    Limit(units=12, seconds=10),
    Limit(units=60, seconds=60),
    Limit(units=600, seconds=3_600),
)
"""Query processing units of a directory, one a month of data; learn.microsoft.com/azure/
cost-management-billing/costs/manage-automation."""


def times(limits: Sequence[Limit], many: int) -> Sequence[Limit]:
    """Limits that are so many times as wide."""
    return [Limit(units=one.units * many, seconds=one.seconds) for one in limits]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """The state of a quota after a request.

    Attributes:
        left: units that remain under each limit.
        wait_s: until the request would be let through; 0 when it was.
        resets_s: until the tightest limit begins to have more.
    """

    left: Sequence[int]
    wait_s: float
    resets_s: float


class Quota:
    """Counts requests of each caller against limits, in sliding windows."""

    def __init__(self, limits: Sequence[Limit], tick: Tick) -> None:
        self._limits = limits
        self._tick = tick
        self._taken: dict[str, deque[tuple[float, int]]] = {}

    def take(self, caller: str, units: int = 1, *, binding: bool = True) -> Spent:
        """Spend ``units``; where that is too many and the quota binds, nothing is spent."""
        now = self._tick()
        taken = self._taken.setdefault(caller, deque())
        while taken and taken[0][0] <= now - max(limit.seconds for limit in self._limits):
            taken.popleft()
        wait = max(wait_for(limit, taken, units, now) for limit in self._limits)
        if not (binding and wait):
            taken.append((now, units))
        tightest = min(self._limits, key=lambda limit: limit.seconds)
        recent = [when for when, _ in taken if when > now - tightest.seconds]
        return Spent(
            left=[max(limit.units - used(limit, taken, now), 0) for limit in self._limits],
            wait_s=wait if binding else 0.0,
            resets_s=recent[0] + tightest.seconds - now if recent else tightest.seconds,
        )


def used(limit: Limit, taken: deque[tuple[float, int]], now: float) -> int:
    """Units spent within the limit's window."""
    return sum(units for when, units in taken if when > now - limit.seconds)


def wait_for(limit: Limit, taken: deque[tuple[float, int]], units: int, now: float) -> float:
    """Seconds until ``units`` fit under the limit; 0 if they do, or never could."""
    over = used(limit, taken, now) + units - limit.units
    for when, spent in taken:
        if over <= 0:
            return 0.0
        if when > now - limit.seconds:
            over -= spent
            if over <= 0:
                return when + limit.seconds - now
    return 0.0
