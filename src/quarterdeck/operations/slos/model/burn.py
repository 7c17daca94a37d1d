"""Burn rates: how much faster than it may a budget is spent, and when that calls somebody. Pure.

A rate of 1 spends the budget in exactly its window. The pairs of a long and a short window are
those of the SRE Workbook (chapter 5, table 5-8): the long one says that it matters, the short
one that it goes on. Beside them stands the runbook's own: a tenth of the budget in one hour
(runbook 004, L375), which is a rate of 72 where the window is 30 days.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from fractions import Fraction
from math import ceil

from quarterdeck.operations.slos.model.budget import Tally, allowed, lost
from quarterdeck.operations.slos.model.openslo import (
    AlertCondition,
    Budgeting,
    Objective,
    Op,
    Severity,
)
from quarterdeck.operations.slos.model.spans import Window

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TENTH = Fraction(1, 10)
ENOUGH = Fraction(1, 2)
"""Of a window must be known before one says that it does not burn."""

FEW = 5
"""Bad events; fewer say no more than that something may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BurnRule:
    """A rate that must not last.

    Attributes:
        long, short: windows in both of which the rate is above ``rate``; ``short`` may be as long.
        inclusive: whether the rate itself is too much already.
        after: how long it must be too much before it calls somebody.
    """

    name: str
    long: timedelta
    short: timedelta
    rate: Fraction
    severity: Severity
    inclusive: bool = False
    after: timedelta = timedelta(0)

    def exceeded(self, rate: Fraction) -> bool:
        """Whether a rate is too much."""
        return rate > self.rate or (self.inclusive and rate == self.rate)


def _rule(long: timedelta, short: timedelta, rate: str, severity: Severity) -> BurnRule:
    name = f"{named(long)}/{named(short)}"
    return BurnRule(name=name, long=long, short=short, rate=Fraction(rate), severity=severity)


def named(length: timedelta) -> str:
    """As Prometheus writes it: ``5m``, ``1h``, ``3d``."""
    minutes = length // timedelta(minutes=1)
    for unit, size in (("d", 1440), ("h", 60)):
        if minutes % size == 0:
            return f"{minutes // size}{unit}"
    return f"{minutes}m"


STANDARD = (
    _rule(HOUR, timedelta(minutes=5), "14.4", Severity.PAGE),
    _rule(6 * HOUR, timedelta(minutes=30), "6", Severity.PAGE),
    _rule(DAY, 2 * HOUR, "3", Severity.TICKET),
    _rule(3 * DAY, 6 * HOUR, "1", Severity.TICKET),
)


def rules(window: Window, step: timedelta) -> tuple[BurnRule, ...]:
    """The rules for a window that is judged in slices of ``step``.

    A rule that looks back as long as the window, or at less than one slice, says nothing.
    """
    length = window.span.length
    tenth = BurnRule(
        name="10 % in 1h",
        long=HOUR,
        short=HOUR,
        rate=TENTH * Fraction(length // timedelta(minutes=1), 60),
        severity=Severity.PAGE,
        inclusive=True,
    )
    every = (tenth, *STANDARD)
    return tuple(one for one in every if one.long < length and one.short >= step)


class BurnState(StrEnum):
    """What a rule says."""

    QUIET = "quiet"
    BURNING = "burning"
    LITTLE = "not enough traffic"
    UNKNOWN = "not known"


@dataclass(frozen=True, slots=True, kw_only=True)
class Burn:
    """What a rule found.

    Attributes:
        long, short: the rates; None: not known, or, where nothing may be lost, without a number.
        events, least: in the long window, and how many it takes for a word on it.
    """

    rule: BurnRule
    state: BurnState
    long: Fraction | None
    short: Fraction | None
    events: Fraction
    least: int


def least_events(rate: Fraction, may: Fraction) -> int:
    """How many events it takes so that a rate of ``rate`` means ``FEW`` bad ones, or more."""
    threshold = rate * may
    return ceil(FEW / threshold) if threshold else 1


def burn(
    rule: BurnRule, of: Objective, method: Budgeting, tallies: Sequence[Tally], least: int
) -> Burn:
    """What ``rule`` says of an objective, by the tallies of its long and its short window.

    With fewer than ``least`` events in the long one it calls nobody.
    """
    may = allowed(of.target)
    parts = [lost(tally, method) for tally in tallies]
    long, short = (None if part is None or not may else part / may for part in parts)
    return Burn(
        rule=rule,
        state=_state(rule, may, parts, tallies, least),
        long=long,
        short=short,
        events=tallies[0].total,
        least=least,
    )


def _state(
    rule: BurnRule,
    may: Fraction,
    parts: Sequence[Fraction | None],
    tallies: Sequence[Tally],
    least: int,
) -> BurnState:
    hot = all(part is not None and _hot(rule, part, may) for part in parts)
    seen = tallies[0].coverage >= ENOUGH and all(tally.known for tally in tallies)
    enough = tallies[0].total >= least
    if hot and enough:
        # Whatever the rest may hold: of what is known this much is lost.
        return BurnState.BURNING
    if not enough and (hot or seen):
        return BurnState.LITTLE
    return BurnState.QUIET if seen else BurnState.UNKNOWN


def _hot(rule: BurnRule, part: Fraction, may: Fraction) -> bool:
    return rule.exceeded(part / may) if may else part > 0


def extra(one: AlertCondition) -> BurnRule:
    """A rule that an AlertCondition states."""
    paged = one.severity in ("page", "critical", "1", "high")
    return BurnRule(
        name=one.metadata.name,
        long=one.lookback.length,
        short=one.lookback.length,
        rate=Fraction(one.threshold),
        severity=Severity.PAGE if paged else Severity.TICKET,
        inclusive=one.op is Op.GTE,
        after=one.after.length if one.after else timedelta(0),
    )
