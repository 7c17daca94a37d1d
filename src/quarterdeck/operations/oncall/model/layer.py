"""A layer of a schedule: people who take turns. Pure."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from quarterdeck.operations.oncall.model.faults import UnusableSchedule
from quarterdeck.operations.oncall.model.hours import Hours, Span, windows
from quarterdeck.operations.oncall.model.rotation import DAY, Rotation
from quarterdeck.operations.oncall.model.wall import check_instant, instant_of, wall_of, zone_of

MOST_PEOPLE, MOST_HOURS = 100, 21
LONGEST_NAME = 100
WEEKLY = Rotation()


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """People in order, who hand over to the next one, and the first again after the last.

    Attributes:
        zone: whose wall clock it goes by.
        start: the first person's turn holds from then on; it may have begun before.
        end: from then on it holds no more; None: it has none.
        hours: when it holds only; empty: always.
    """

    name: str
    people: tuple[str, ...]
    zone: str
    start: datetime
    rotation: Rotation = WEEKLY
    end: datetime | None = None
    hours: tuple[Hours, ...] = ()

    def __post_init__(self) -> None:
        zone_of(self.zone)
        if not 1 <= len(self.name) <= LONGEST_NAME:
            raise UnusableSchedule(f"a layer's name has 1 to {LONGEST_NAME} characters")
        check_instant(self.start, f"the start of layer {self.name}")
        if not 1 <= len(self.people) <= MOST_PEOPLE:
            raise UnusableSchedule(
                f"layer {self.name} has {len(self.people)} people, expected 1 to {MOST_PEOPLE}"
            )
        if self.end is not None and check_instant(self.end, "the end") <= self.start:
            raise UnusableSchedule(f"layer {self.name} ends before it starts")
        if len(self.hours) > MOST_HOURS:
            raise UnusableSchedule(f"layer {self.name}: at most {MOST_HOURS} restrictions")

    @property
    def always(self) -> bool:
        """Whether it holds at every time of the week."""
        return not self.hours or any(one.always for one in self.hours)

    def holds(self, at: datetime) -> bool:
        """Whether anybody is on call by it at ``at``."""
        if at < self.start or (self.end is not None and at >= self.end):
            return False
        if self.always:
            return True
        found = windows(self.hours, zone_of(self.zone), at, at + DAY)
        return any(one.start <= at < one.end for one in found)


@dataclass(frozen=True, slots=True)
class Turn:
    """A turn of a layer as its rotation makes it, whole."""

    span: Span
    person: str


def turn_at(layer: Layer, at: datetime, holidays: Collection[date] = ()) -> Turn:
    """Whose turn it is at ``at``, which is not before the layer's start."""
    return _turn(layer, _number_at(layer, at, holidays), holidays)


def turns(
    layer: Layer, since: datetime, until: datetime, holidays: Collection[date] = ()
) -> Iterator[Turn]:
    """The turns that touch [since, until), in order; hours apart. None is of no length."""
    until = until if layer.end is None else min(until, layer.end)
    number = _number_at(layer, max(since, layer.start), holidays)
    while (one := _turn(layer, number, holidays)).span.start < until:
        if one.span.start < one.span.end:
            yield one
        number += 1


def spans(
    layer: Layer, since: datetime, until: datetime, holidays: Collection[date] = ()
) -> Iterator[Turn]:
    """What of the turns that touch [since, until) is within the layer's hours, in order."""
    if layer.always:
        yield from turns(layer, since, until, holidays)
        return
    open_ = windows(layer.hours, zone_of(layer.zone), since, until)
    first = 0
    for one in turns(layer, since, until, holidays):
        while first < len(open_) and open_[first].end <= one.span.start:
            first += 1
        for number in range(first, len(open_)):
            if open_[number].start >= one.span.end:
                break
            yield Turn(open_[number].cut(one.span.start, one.span.end), one.person)


def _turn(layer: Layer, number: int, holidays: Collection[date]) -> Turn:
    start = layer.start if number == 0 else max(_handed(layer, number, holidays), layer.start)
    end = _handed(layer, number + 1, holidays)
    if layer.end is not None:
        start, end = min(start, layer.end), min(end, layer.end)
    return Turn(Span(start, end), layer.people[number % len(layer.people)])


def _number_at(layer: Layer, at: datetime, holidays: Collection[date]) -> int:
    """The last turn that has begun by ``at``, from 0."""
    begin = _begin(layer)
    number = max(0, (wall_of(at, zone_of(layer.zone)) - begin) // layer.rotation.length)
    while _handed(layer, number + 1, holidays) <= at:
        number += 1
    while number and _handed(layer, number, holidays) > at:
        number -= 1
    return number


def _handed(layer: Layer, number: int, holidays: Collection[date]) -> datetime:
    """When the turn of that number begins."""
    wall = _begin(layer) + number * layer.rotation.length
    while layer.rotation.waits and wall.date() in holidays:
        wall += DAY
    return instant_of(wall, zone_of(layer.zone))


@lru_cache(maxsize=1024)
def _begin(layer: Layer) -> datetime:
    return layer.rotation.begin(wall_of(layer.start, zone_of(layer.zone)))
