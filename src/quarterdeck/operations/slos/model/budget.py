"""The arithmetic of an error budget, in exact fractions. Pure.

Time is cut into slices, each known or not, and in maintenance or not. Those in maintenance are
no part of any sum. Of the others a window knows how much was lost:

- by occurrences, bad events among all events that are known;
- by time slices, bad slices among all slices of the window, so that what is not known, or is yet
  to come, spends nothing: what is spent is spent for certain, and the coverage says how much of
  the window that is known of;
- by the ratios of slices likewise, each slice losing the part of it that was bad.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from quarterdeck.operations.slos.model.openslo import Budgeting

MINUTE = timedelta(minutes=1)
WHOLE = Fraction(1)
NONE = Fraction(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What the slices of a window add up to.

    Attributes:
        expected: all slices of the window, but those in maintenance; some may be yet to come.
        elapsed: of these, those that have passed.
        known: of these, those of which there are data.
        met: of these, the good ones.
        good, total: events of the slices that are known.
        shares: the good part of each slice that is known, added up.
        newest: the end of the newest slice that is known.
    """

    expected: int
    elapsed: int
    known: int = 0
    met: int = 0
    good: Fraction = NONE
    total: Fraction = NONE
    shares: Fraction = NONE
    newest: datetime | None = None

    @property
    def coverage(self) -> Fraction:
        """How much of what has passed is known."""
        return min(Fraction(self.known, self.elapsed), WHOLE) if self.elapsed else NONE


def lost(tally: Tally, method: Budgeting) -> Fraction | None:
    """Which part of a window was lost, 0 to 1; None: nothing is known of it."""
    if method is Budgeting.OCCURRENCES:
        return (tally.total - tally.good) / tally.total if tally.total else None
    if not tally.known or not tally.expected:
        return None
    whole = tally.met if method is Budgeting.TIMESLICES else tally.shares
    return min((tally.known - whole) / Fraction(tally.expected), WHOLE)


def attained(tally: Tally, method: Budgeting) -> Fraction | None:
    """Which part of what is known was good."""
    if method is Budgeting.OCCURRENCES:
        return tally.good / tally.total if tally.total else None
    if not tally.known:
        return None
    whole = Fraction(tally.met) if method is Budgeting.TIMESLICES else tally.shares
    return whole / tally.known


def allowed(target: Decimal) -> Fraction:
    """Which part may be lost."""
    return WHOLE - Fraction(target)


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What may be lost in a window, and what was.

    Attributes:
        minutes: that may be lost. Events count as the part of the minutes that they are of all.
        consumed: minutes that were lost.
        share: the part of the budget that is consumed; more than 1 where it is overdrawn.
        attained: the part that was good of what is known.
        coverage: how much of what has passed is known.

    ``consumed``, ``share`` and ``attained`` are None where nothing is known.
    """

    minutes: Fraction
    consumed: Fraction | None
    share: Fraction | None
    attained: Fraction | None
    coverage: Fraction

    @property
    def left(self) -> Fraction | None:
        """Minutes; below 0 where it is overdrawn."""
        return None if self.consumed is None else self.minutes - self.consumed


def budget(target: Decimal, method: Budgeting, tally: Tally, step: timedelta) -> Budget:
    """The budget of a window of slices of ``step`` each.

    Where nothing may be lost, anything lost is the whole budget.
    """
    window = tally.expected * Fraction(step // MINUTE)
    may = allowed(target)
    gone = lost(tally, method)
    return Budget(
        minutes=may * window,
        consumed=None if gone is None else gone * window,
        share=None if gone is None else _share(gone, may),
        attained=attained(tally, method),
        coverage=tally.coverage,
    )


def _share(gone: Fraction, may: Fraction) -> Fraction:
    if may:
        return gone / may
    return WHOLE if gone else NONE
