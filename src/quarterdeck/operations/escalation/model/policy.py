"""A policy: levels in order, each with whom it tells, and when by severity. Pure.

To be told is not to be engaged: ``notify_at`` is when somebody hears of it, ``engage_at`` when
they must join. Both are times since the page was opened.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from itertools import pairwise

from typing_extensions import override

from quarterdeck.kernel.text import is_storable
from quarterdeck.operations.escalation.model.faults import UnusableEscalation

NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,98}[A-Za-z0-9])?")
WORD = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
ANY = "any"
"""In place of a severity: each that is not named."""

MOST_LEVELS, MOST_TARGETS, MOST_REPEATS, LONGEST_TEXT = 20, 20, 100, 500
LONGEST = timedelta(days=30)
SHORTEST_REPEAT = timedelta(minutes=1)
NOTHING = timedelta(0)

Times = Mapping[str, timedelta | None]
"""By severity; None: never."""


class Kind(StrEnum):
    """What a target is."""

    SCHEDULE = "schedule"
    PERSON = "person"
    CONTACT = "contact"
    CHANNEL = "channel"
    MAIL = "mail"
    PHONE = "phone"


class Until(StrEnum):
    """What ends the engagement of further levels."""

    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Target:
    """Whom a level tells: ``schedule primary`` is whoever holds it at that time."""

    kind: Kind
    name: str

    def __post_init__(self) -> None:
        _check_text(f"the name of a {self.kind.value}", self.name, least=1)

    @override
    def __str__(self) -> str:
        return f"{self.kind.value} {self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One level of a policy.

    Attributes:
        by: the means by which they are to be reached, as the runbook says: ``phone``.
        only_with: flags without one of which it is told nothing.
        at_once_with: flags with one of which it is told, and must join, at once.
        repeat_every, repeat_most: how often it is told again while nobody answers.
    """

    name: str
    targets: tuple[Target, ...]
    title: str = ""
    by: tuple[str, ...] = ()
    notify_at: Times = field(default_factory=dict)
    engage_at: Times = field(default_factory=dict)
    only_with: frozenset[str] = frozenset()
    at_once_with: frozenset[str] = frozenset()
    repeat_every: timedelta | None = None
    repeat_most: int = 0
    note: str = ""

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise UnusableEscalation(
                f"{self.name[:80]!r} is no level; 1 to 100 letters, digits and _ . -"
            )
        for what in (self.title, self.note, *self.by):
            _check_text(f"{self.name}: a text", what)
        if not 1 <= len(self.targets) <= MOST_TARGETS:
            raise UnusableEscalation(
                f"{self.name} tells nobody; it has 1 to {MOST_TARGETS} targets"
            )
        for flag in (*self.only_with, *self.at_once_with):
            if not WORD.fullmatch(flag):
                raise UnusableEscalation(f"{self.name}: {flag[:80]!r} is no flag")
        self._check_times()
        self._check_repeats()

    @property
    def severities(self) -> tuple[str, ...]:
        """Those it names."""
        return tuple(dict.fromkeys((*self.notify_at, *self.engage_at)))

    def notified(self, severity: str, flags: frozenset[str]) -> timedelta | None:
        """When it is told; None: never, or not before it must join."""
        return self._when(self.notify_at, severity, flags)

    def engaged(self, severity: str, flags: frozenset[str]) -> timedelta | None:
        """When it must join; None: never."""
        return self._when(self.engage_at, severity, flags)

    def _when(self, times: Times, severity: str, flags: frozenset[str]) -> timedelta | None:
        if self.at_once_with & flags:
            return NOTHING
        if self.only_with and not self.only_with & flags:
            return None
        return times[severity] if severity in times else times.get(ANY)

    def _check_times(self) -> None:
        times = (*self.notify_at.values(), *self.engage_at.values())
        known = [one for one in times if one is not None]
        if not known and not self.at_once_with:
            raise UnusableEscalation(f"{self.name} is never told; give it notify_at or engage_at")
        if any(not NOTHING <= one <= LONGEST for one in known):
            raise UnusableEscalation(f"{self.name}: a time is 0 to {LONGEST.days} days")
        for severity in self.severities:
            told, joins = (
                self._plain(times, severity) for times in (self.notify_at, self.engage_at)
            )
            if told is not None and joins is not None and told > joins:
                raise UnusableEscalation(f"{self.name} joins at {severity} before it is told")

    def _plain(self, times: Times, severity: str) -> timedelta | None:
        return times.get(severity, times.get(ANY))

    def _check_repeats(self) -> None:
        if (self.repeat_every is None) != (self.repeat_most == 0):
            raise UnusableEscalation(f"{self.name}: repeat_every and repeat_most go together")
        if not 0 <= self.repeat_most <= MOST_REPEATS:
            raise UnusableEscalation(f"{self.name}: repeat_most is 0 to {MOST_REPEATS}")
        if self.repeat_every is not None and not SHORTEST_REPEAT <= self.repeat_every <= LONGEST:
            raise UnusableEscalation(f"{self.name}: repeat_every is 1m to {LONGEST.days}d")


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Levels in order, and what ends it.

    Attributes:
        acknowledged_holds: after which an acknowledged page that is not resolved wants somebody
            again; None: it never does.
        engages_until: whether levels must join also while somebody looks after it.
        then, then_after: the policy that goes on, and how long after the page was opened.
        external: whom to ask outside, in words.
    """

    name: str
    levels: tuple[Level, ...]
    description: str = ""
    acknowledged_holds: timedelta | None = None
    engages_until: Until = Until.ACKNOWLEDGED
    then: str = ""
    then_after: timedelta = NOTHING
    external: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        check_name(self.name)
        _check_text("description", self.description)
        names = [level.name for level in self.levels]
        if not 1 <= len(names) <= MOST_LEVELS or len(set(names)) < len(names):
            raise UnusableEscalation(
                f"a policy has 1 to {MOST_LEVELS} levels of different names, got {names!r:.200}"
            )
        holds = self.acknowledged_holds
        if holds is not None and not SHORTEST_REPEAT <= holds <= LONGEST:
            raise UnusableEscalation(f"acknowledged_holds is a minute to {LONGEST.days} days")
        if self.then == self.name:
            raise UnusableEscalation(f"policy {self.name} hands over to itself")
        for severity in (*self.severities, ANY):
            _check_forwards(self.levels, severity)

    @property
    def severities(self) -> tuple[str, ...]:
        """Those that are named anywhere in it."""
        named = [one for level in self.levels for one in level.severities if one != ANY]
        return tuple(dict.fromkeys(named))

    def level(self, name: str) -> Level | None:
        """The level of that name."""
        return next((one for one in self.levels if one.name == name), None)

    def after(self, name: str) -> Sequence[Level]:
        """The levels behind one, in order."""
        names = [level.name for level in self.levels]
        return self.levels[names.index(name) + 1 :] if name in names else ()

    def followed_by(self, other: "Policy") -> "Policy":
        """Itself, gone on with by what it hands over to: so it can be frozen whole."""
        later = [_later(level, other.name, self.then_after) for level in other.levels]
        return replace(
            self,
            levels=(*self.levels, *later),
            then=other.then,
            then_after=self.then_after + other.then_after,
        )


def check_name(name: str) -> None:
    """Refuse what cannot be a policy's name."""
    if not NAME.fullmatch(name):
        raise UnusableEscalation(f"{name[:80]!r}: a name has 1 to 100 letters, digits and _ . -")


def _later(level: Level, policy: str, after: timedelta) -> Level:
    return replace(
        level,
        name=f"{policy}.{level.name}"[:100],
        notify_at=dict(_shifted(level.notify_at, after)),
        engage_at=dict(_shifted(level.engage_at, after)),
    )


def _shifted(times: Times, after: timedelta) -> Iterator[tuple[str, timedelta | None]]:
    for severity, at in times.items():
        yield severity, None if at is None else at + after


def _check_forwards(levels: Iterable[Level], severity: str) -> None:
    """Refuse a level that joins, or is told, before one that stands before it."""
    for what in ("notify_at", "engage_at"):
        times = [(one.name, getattr(one, what)) for one in levels]
        known = [(name, at.get(severity, at.get(ANY))) for name, at in times]
        for (before, earlier), (name, later) in pairwise(
            (name, at) for name, at in known if at is not None
        ):
            if later < earlier:
                raise UnusableEscalation(f"{what} of {name} at {severity} is before {before}")


def _check_text(what: str, text: str, *, least: int = 0) -> None:
    if not least <= len(text.strip()) or len(text) > LONGEST_TEXT:
        raise UnusableEscalation(f"{what} has {least} to {LONGEST_TEXT} characters")
    if not is_storable(text) or "\n" in text:
        raise UnusableEscalation(f"{what} must be one line, without NUL and lone surrogates")
