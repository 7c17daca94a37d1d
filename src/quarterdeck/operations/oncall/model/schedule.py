"""A schedule: layers, and what people put over them. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from quarterdeck.operations.oncall.model.faults import UnusableSchedule
from quarterdeck.operations.oncall.model.hours import Span
from quarterdeck.operations.oncall.model.layer import Layer
from quarterdeck.operations.oncall.model.wall import EARLIEST, LATEST, check_instant, zone_of

NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
MOST_LAYERS, MOST_OVERRIDES, MOST_SWAPS, MOST_HOLIDAYS = 20, 500, 100, 500
LONGEST_PERSON, LONGEST_TEXT = 200, 500
LONGEST_OVERRIDE = timedelta(days=366)


class SwapState(StrEnum):
    """Where a swap is."""

    ASKED = "asked"
    ACCEPTED = "accepted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """A person takes a span, whoever else would have it.

    Attributes:
        by: who put it there; swap: by which swap, where it was one.
    """

    id: str
    person: str
    span: Span
    by: str = ""
    why: str = ""
    swap: str = ""

    def __post_init__(self) -> None:
        check_person(self.person)
        check_span(self.span)
        if len(self.why) > LONGEST_TEXT:
            raise UnusableSchedule(f"a reason has at most {LONGEST_TEXT} characters", "#/why")


@dataclass(frozen=True, slots=True, kw_only=True)
class Swap:
    """Two people exchange two spans.

    Attributes:
        person, gives: who asks, and which span of theirs the other shall take.
        other, takes: who is asked, and which span of theirs they would be rid of.
    """

    id: str
    person: str
    gives: Span
    other: str
    takes: Span
    state: SwapState = SwapState.ASKED
    by: str = ""

    def __post_init__(self) -> None:
        for person, span in ((self.person, self.gives), (self.other, self.takes)):
            check_person(person)
            check_span(span)
        if self.person == self.other:
            raise UnusableSchedule("nobody swaps with themselves", "#/other")

    @property
    def end(self) -> datetime:
        """When both spans are over."""
        return max(self.gives.end, self.takes.end)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holiday:
    """A day of the schedule's zone that is special; ``person``, where given, takes all of it."""

    day: date
    name: str = ""
    person: str = ""

    def __post_init__(self) -> None:
        if not EARLIEST.year <= self.day.year < LATEST.year or len(self.name) > LONGEST_TEXT:
            raise UnusableSchedule(f"holiday {self.day}: its year or its name cannot be")


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Who is on call: the last layer that holds, unless a holiday is somebody's, or an override.

    Attributes:
        zone: of holidays, and of how it is shown; each layer carries its own.
        overrides: as they were put there: a later one lies over an earlier one.
    """

    name: str
    zone: str
    layers: tuple[Layer, ...]
    description: str = ""
    holidays: tuple[Holiday, ...] = ()
    overrides: tuple[Override, ...] = ()
    swaps: tuple[Swap, ...] = ()

    def __post_init__(self) -> None:
        check_name(self.name)
        zone_of(self.zone)
        if len(self.description) > LONGEST_TEXT:
            raise UnusableSchedule(f"a description has at most {LONGEST_TEXT} characters")
        names = [layer.name for layer in self.layers]
        if not 1 <= len(names) <= MOST_LAYERS or len(set(names)) < len(names):
            raise UnusableSchedule(
                f"a schedule has 1 to {MOST_LAYERS} layers of different names, got {names!r:.200}"
            )
        _check_most("holidays", self.holidays, MOST_HOLIDAYS)
        _check_most("overrides", self.overrides, MOST_OVERRIDES)
        _check_most("swaps", self.swaps, MOST_SWAPS)
        days = [one.day for one in self.holidays]
        if len(set(days)) < len(days):
            raise UnusableSchedule("a holiday stands there twice")
        for name in self.people:
            check_person(name)

    @property
    def people(self) -> tuple[str, ...]:
        """Everybody who is named in it, in order."""
        layers = [name for layer in self.layers for name in layer.people]
        free = [one.person for one in self.holidays if one.person]
        return tuple(dict.fromkeys([*layers, *free, *(one.person for one in self.overrides)]))

    @property
    def days_off(self) -> frozenset[date]:
        """The holidays' days."""
        return frozenset(one.day for one in self.holidays)

    def since(self, now: datetime) -> "Schedule":
        """Itself without what is over: versions before it say what was."""
        return replace(
            self,
            overrides=tuple(one for one in self.overrides if one.span.end > now),
            swaps=tuple(one for one in self.swaps if one.end > now),
        )


def check_name(name: str) -> None:
    """Refuse what cannot be a schedule's name."""
    if not NAME.fullmatch(name):
        raise UnusableSchedule(
            f"schedule {name[:80]!r}: a name has 1 to 100 letters, digits and _ . -"
        )


def check_person(name: str) -> None:
    """Refuse what cannot be somebody's name or address."""
    if not name.strip() or len(name) > LONGEST_PERSON or not name.isprintable():
        raise UnusableSchedule(
            f"expected a person, an e-mail address at best, got {name[:80]!r}", "#/person"
        )


def check_span(span: Span) -> None:
    """Refuse a span that is none, or that nobody should hold."""
    start, end = check_instant(span.start, "the start"), check_instant(span.end, "the end")
    if not timedelta(0) < end - start <= LONGEST_OVERRIDE:
        raise UnusableSchedule(
            f"a span ends after it starts, at most {LONGEST_OVERRIDE.days} days later", "#/end"
        )


def _check_most(what: str, found: Iterable[object], most: int) -> None:
    count = sum(1 for _ in found)
    if count > most:
        raise UnusableSchedule(f"a schedule has at most {most} {what}, got {count}")
