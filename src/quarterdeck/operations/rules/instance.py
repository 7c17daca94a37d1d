"""One thing that a rule watches: how it comes to fire, goes on, and passes. Pure.

Time is that of the data. A gap in it, as a jump of the clock makes one, is never taken for a
time during which the condition held; and what is not known ends nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from quarterdeck.kernel.clock import MICROSECOND
from quarterdeck.operations.rules.model import State

GAP = timedelta(minutes=5) // MICROSECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a look at the data said of one thing.

    Attributes:
        holds: whether the condition does; None: not known.
        newest: when the newest point was that it is said by (microseconds since 1970).
    """

    labels: Mapping[str, str]
    holds: bool | None
    value: float | None
    newest: int
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One thing of which the condition holds, or held a moment ago.

    Attributes:
        state: ``pending`` or ``firing``.
        since: when the condition began to hold, by its data.
        true_at: the newest point by which it held.
        fired_at: when it began to fire, by its data; None: it is pending.
        known: False: it is as it was when something was last known.
    """

    labels: Mapping[str, str]
    state: State
    since: int
    true_at: int
    value: float | None
    fired_at: int | None = None
    known: bool = True
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How long a condition must hold to fire, and fires on after (microseconds).

    Attributes:
        gap: a silence longer than this is none in which the condition can be said to have held.
        not_before: points up to this instant say nothing new: a clock was set back to it.
    """

    hold: int = 0
    keep: int = 0
    gap: int = GAP
    not_before: int = 0


def advance(old: Instance | None, seen: Seen | None, terms: Terms) -> Instance | None:
    """How an instance goes on after a look; None: it is there no more, its cause has passed."""
    if seen is None and old is not None and old.state is State.PENDING:
        return None  # longer than any gap: it would begin anew
    if seen is None or seen.holds is None or seen.newest <= terms.not_before:
        return None if old is None else replace(old, known=False, why=_unknown(seen))
    if seen.holds:
        return _held(old, seen, terms)
    if old is None or old.state is State.PENDING:
        return None
    if seen.newest - old.true_at < terms.keep:
        return replace(old, value=seen.value, known=True, why="kept firing")
    return None


def _held(old: Instance | None, seen: Seen, terms: Terms) -> Instance:
    fires = old is not None and old.state is State.FIRING
    if old is None or (not fires and not 0 <= seen.newest - old.true_at <= terms.gap):
        since, fired_at = seen.newest, None
    else:
        since, fired_at = old.since, old.fired_at
    if not fires and seen.newest - since >= terms.hold:
        fires, fired_at = True, seen.newest
    return Instance(
        labels=seen.labels,
        state=State.FIRING if fires else State.PENDING,
        since=since,
        true_at=seen.newest,
        value=seen.value,
        fired_at=fired_at,
    )


def _unknown(seen: Seen | None) -> str:
    if seen is None:
        return "its series is gone"
    return seen.why or "the clock was set back"
