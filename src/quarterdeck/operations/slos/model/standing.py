"""How an SLO stands. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from fractions import Fraction

from quarterdeck.operations.slos.model.budget import Budget
from quarterdeck.operations.slos.model.burn import Burn, BurnState, named

STALE = timedelta(minutes=10)
"""What is older says no more how things are, be it judged or counted."""

PLACES = 9
BURN, DEMAND, PENDING = "burn:", "demand:", "pending:"


class Verdict(StrEnum):
    """What is to be said of an objective in a word."""

    MET = "met"
    BURNING = "burning"
    EXHAUSTED = "exhausted"
    UNKNOWN = "not known"


WORST = (Verdict.EXHAUSTED, Verdict.BURNING, Verdict.UNKNOWN, Verdict.MET)


@dataclass(frozen=True, slots=True, kw_only=True)
class BurnShown:
    """What a rule of burn rates found, in numbers to look at.

    Attributes:
        rate: that must not last; ``long_rate`` and ``short_rate`` are what there is.
        after_s: how long it must be too much before it calls somebody, in seconds.
    """

    name: str
    long: str
    short: str
    severity: str
    rate: float
    state: str
    long_rate: float | None
    short_rate: float | None
    events: float
    least: int
    after_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How an objective stands.

    Attributes:
        objective: its place among those of the SLO, from 1 on.
        since, until: the window; of one that rolls, ``until`` is ``at``.
        reason: why it is not known, where somebody said.
        share: the part of the budget that is consumed; 1 is all.
        coverage: how much of what has passed is known, 0 to 1.
        excluded_minutes: of the window, spent in maintenance.
        newest: the end of the newest slice that is known.
        demands: of the error-budget policy.
        little: events are too few for the policy to demand anything.
        stale: nothing new is known; what holds goes on.
    """

    tenant: str
    slo: str
    objective: str
    title: str
    target: str
    measure: str
    at: datetime
    verdict: Verdict
    reason: str
    since: datetime
    until: datetime
    minutes: float
    consumed_minutes: float | None
    left_minutes: float | None
    share: float | None
    attained: float | None
    coverage: float
    excluded_minutes: float
    newest: datetime | None
    burns: tuple[BurnShown, ...]
    demands: tuple[str, ...]
    little: bool = False
    stale: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """Something that holds of an objective since an instant: a demand, or a burn.

    Attributes:
        what: ``demand:`` or ``burn:``, and its name; ``pending:``, of a burn that does not last
            for long enough yet.
    """

    objective: str
    what: str
    since: datetime

    @property
    def demand(self) -> str:
        """Of the error-budget policy; "": it is a burn."""
        return self.what.removeprefix(DEMAND) if self.what.startswith(DEMAND) else ""


def is_stale(newest: datetime | None, now: datetime, step: timedelta) -> bool:
    """Whether nothing new is known, of slices of ``step``."""
    return newest is None or now - newest > STALE + 2 * step


def verdict(budget: Budget, burns: Sequence[Burn], *, stale: bool) -> Verdict:
    """The word; never that it is met where nothing is known, or nothing new."""
    if budget.share is not None and budget.share >= 1:
        return Verdict.EXHAUSTED
    if any(one.state is BurnState.BURNING for one in burns):
        return Verdict.BURNING
    if budget.share is None or stale:
        return Verdict.UNKNOWN
    return Verdict.MET


def aged(one: Standing, now: datetime) -> Standing:
    """How an objective that was judged at ``one.at`` stands now: what was well is not known by now.

    That something burns, or is exhausted, is true until somebody says otherwise.
    """
    if now - one.at <= STALE:
        return one
    since = f"not judged since {one.at:%Y-%m-%d %H:%M} UTC"
    return replace(
        one,
        verdict=Verdict.UNKNOWN if one.verdict is Verdict.MET else one.verdict,
        reason=f"{since}; {one.reason}" if one.reason else since,
        burns=tuple(map(_aged, one.burns)),
        stale=True,
    )


def _aged(burn: BurnShown) -> BurnShown:
    quiet = burn.state == BurnState.QUIET
    return replace(burn, state=BurnState.UNKNOWN.value) if quiet else burn


def worst(found: Sequence[Verdict]) -> Verdict:
    """Of some objectives; of none, nothing is known."""
    return min(found, key=WORST.index, default=Verdict.UNKNOWN)


def shown(one: Burn) -> BurnShown:
    """A finding in numbers to look at."""
    return BurnShown(
        name=one.rule.name,
        long=named(one.rule.long),
        short=named(one.rule.short),
        severity=one.rule.severity.value,
        rate=float(one.rule.rate),
        state=one.state.value,
        long_rate=number(one.long),
        short_rate=number(one.short),
        events=float(one.events),
        least=one.least,
        after_s=one.rule.after.total_seconds(),
    )


def number(exact: Fraction | None) -> float | None:
    """A fraction as a number to look at."""
    return None if exact is None else round(float(exact), PLACES)
