"""Who is on call: at an instant, and over a span. Pure.

``on_call`` looks from the top down at one instant; ``shifts`` lays span over span. They are two
ways to the same answer, which a property test compares.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time
from enum import StrEnum
from functools import reduce

from quarterdeck.operations.oncall.model.hours import Span
from quarterdeck.operations.oncall.model.layer import Layer, spans, turn_at
from quarterdeck.operations.oncall.model.rotation import DAY
from quarterdeck.operations.oncall.model.schedule import Holiday, Override, Schedule
from quarterdeck.operations.oncall.model.wall import instant_of, wall_of, zone_of


class Source(StrEnum):
    """What puts somebody on call."""

    LAYER = "layer"
    HOLIDAY = "holiday"
    OVERRIDE = "override"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Duty:
    """Who is on call, and by what; nobody where ``person`` is empty.

    Attributes:
        name: of the layer, the holiday's date, or the id of the override.
    """

    person: str
    source: Source
    name: str


HOLE = Duty("", Source.NOBODY, "")


@dataclass(frozen=True, slots=True)
class Shift:
    """A span that one person holds, or nobody."""

    span: Span
    duty: Duty


def on_call(schedule: Schedule, at: datetime) -> Duty:
    """Who is on call at ``at``, and why."""
    for override in reversed(schedule.overrides):
        if override.span.start <= at < override.span.end:
            return _overriding(override)
    day = wall_of(at, zone_of(schedule.zone)).date()
    for holiday in schedule.holidays:
        if holiday.person and holiday.day == day:
            return _free(holiday)
    for layer in reversed(schedule.layers):
        if layer.holds(at):
            return _of(layer, turn_at(layer, at, schedule.days_off).person)
    return HOLE


def shifts(schedule: Schedule, since: datetime, until: datetime) -> list[Shift]:
    """The final shifts of [since, until), in order, without a gap: a hole is a shift of nobody.

    A hand-over ends a shift even where it is to the same person.
    """
    if since >= until:
        return []
    layers = [_layer(schedule, layer, since, until) for layer in schedule.layers]
    over = [[Shift(one.span, _overriding(one))] for one in schedule.overrides]
    held = reduce(_over, [*layers, _holidays(schedule, since, until), reduce(_over, over, [])])
    cut = [replace(one, span=one.span.cut(since, until)) for one in held]
    return list(_filled([one for one in cut if one.span.length], since, until))


def layer_shifts(schedule: Schedule, since: datetime, until: datetime) -> dict[str, list[Shift]]:
    """What each layer alone would say, by its name; the lowest first."""
    found = {layer.name: _layer(schedule, layer, since, until) for layer in schedule.layers}
    return {
        name: [replace(one, span=one.span.cut(since, until)) for one in held]
        for name, held in found.items()
    }


def merged(found: Iterable[Shift]) -> list[Shift]:
    """``found`` with shifts that follow each other and are the same person's as one."""
    done: list[Shift] = []
    for one in found:
        if done and done[-1].duty.person == one.duty.person and done[-1].span.end == one.span.start:
            done[-1] = replace(done[-1], span=Span(done[-1].span.start, one.span.end))
        else:
            done.append(one)
    return done


def holes(found: Iterable[Shift]) -> list[Span]:
    """When nobody is on call."""
    return [one.span for one in merged(found) if not one.duty.person]


def _layer(schedule: Schedule, layer: Layer, since: datetime, until: datetime) -> list[Shift]:
    turns = spans(layer, since, until, schedule.days_off)
    return [Shift(one.span, _of(layer, one.person)) for one in turns]


def _holidays(schedule: Schedule, since: datetime, until: datetime) -> list[Shift]:
    zone = zone_of(schedule.zone)
    found = []
    for one in sorted(schedule.holidays, key=lambda holiday: holiday.day):
        start = datetime.combine(one.day, time(0))
        span = Span(instant_of(start, zone), instant_of(start + DAY, zone))
        if one.person and span.length and span.start < until and span.end > since:
            found.append(Shift(span, _free(one)))
    return found


def _over(under: list[Shift], top: list[Shift]) -> list[Shift]:
    """``top`` laid over ``under``; both in order, no shift over another."""
    left = [part for one in under for part in _without(one, top)]
    return sorted([*left, *top], key=lambda one: one.span.start)


def _without(one: Shift, top: Sequence[Shift]) -> Iterator[Shift]:
    """What is left of a shift where ``top`` is not."""
    at = one.span.start
    first = max(bisect_right(top, at, key=lambda over: over.span.start) - 1, 0)
    for over in top[first:]:
        if over.span.start >= one.span.end:
            break
        if over.span.start > at:
            yield replace(one, span=Span(at, over.span.start))
        at = max(at, over.span.end)
    if at < one.span.end:
        yield replace(one, span=Span(at, one.span.end))


def _filled(held: Iterable[Shift], since: datetime, until: datetime) -> Iterator[Shift]:
    at = since
    for one in held:
        if one.span.start > at:
            yield Shift(Span(at, one.span.start), HOLE)
        yield one
        at = one.span.end
    if at < until:
        yield Shift(Span(at, until), HOLE)


def _of(layer: Layer, person: str) -> Duty:
    return Duty(person, Source.LAYER, layer.name)


def _overriding(override: Override) -> Duty:
    return Duty(override.person, Source.OVERRIDE, override.id)


def _free(holiday: Holiday) -> Duty:
    return Duty(holiday.person, Source.HOLIDAY, holiday.day.isoformat())
