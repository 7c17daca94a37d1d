"""A budget as it was spent over its window. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from quarterdeck.operations.slos.model.budget import Tally, budget
from quarterdeck.operations.slos.model.openslo import Budgeting
from quarterdeck.operations.slos.model.standing import Standing, number
from quarterdeck.operations.slos.planning import Planned

POINTS = 90
"""Of one line."""


@dataclass(frozen=True, slots=True)
class Left:
    """How much of a budget was left at an instant, 1 is all; None: nothing was known then."""

    at: datetime
    share: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What the slices of one part of the window add up to."""

    excluded: int = 0
    known: int = 0
    met: int = 0
    good: Fraction = Fraction(0)
    total: Fraction = Fraction(0)
    shares: Fraction = Fraction(0)
    newest: datetime | None = None


def every(found: Standing, step: timedelta) -> timedelta:
    """How long the parts are: whole slices, some ninety of a window."""
    length = found.until - found.since
    return max(step, length // POINTS // step * step)


def burn_down(
    planned: Planned, found: Standing, parts: Mapping[int, Part], step: timedelta
) -> list[Left]:
    """What was left at the end of each part of the window that has passed.

    It begins whole and ends where the objective stands; of events, each bad one takes the same.
    """
    length, until = every(found, step), min(found.at, found.until)
    slices = (found.until - found.since) // step - sum(one.excluded for one in parts.values())
    whole = sum((one.total for one in parts.values()), Fraction(0))
    line, sofar = [Left(found.since, 1.0)], Part()
    for n in range(-((found.since - until) // length)):
        part = parts.get(n, Part())
        sofar = _added(sofar, part)
        at = min(found.since + length * (n + 1), until)
        tally = _tally(planned.slo.budgeting, sofar, slices, whole)
        share = budget(planned.objective.target, planned.slo.budgeting, tally, step).share
        seen = part.known or part.excluded
        line.append(Left(at, number(1 - (share or Fraction(0))) if seen else None))
    return line


def _tally(method: Budgeting, sofar: Part, slices: int, whole: Fraction) -> Tally:
    events = method is Budgeting.OCCURRENCES
    return Tally(
        expected=slices,
        elapsed=slices,
        known=sofar.known,
        met=sofar.met,
        good=whole - (sofar.total - sofar.good) if events else sofar.good,
        total=whole if events else sofar.total,
        shares=sofar.shares,
    )


def _added(one: Part, other: Part) -> Part:
    return Part(
        excluded=one.excluded + other.excluded,
        known=one.known + other.known,
        met=one.met + other.met,
        good=one.good + other.good,
        total=one.total + other.total,
        shares=one.shares + other.shares,
    )


def lefts(line: Sequence[Left]) -> list[float | None]:
    """The shares alone, in per cent of the budget; an overdrawn one is 0 here."""
    return [None if one.share is None else max(0.0, one.share * 100) for one in line]
