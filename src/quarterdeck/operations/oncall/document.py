"""Schedules as documents: what people write, and what is kept. Pure."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time
from functools import lru_cache
from typing import Any

import yaml

from quarterdeck.operations.oncall.model.hours import EVERY_DAY, MIDNIGHT, Hours, Span
from quarterdeck.operations.oncall.model.layer import WEEKLY, Layer
from quarterdeck.operations.oncall.model.rotation import WEEKDAYS, Rotation, Unit
from quarterdeck.operations.oncall.model.schedule import (
    Holiday,
    Override,
    Schedule,
    Swap,
    SwapState,
)
from quarterdeck.operations.oncall.model.wall import (
    EARLIEST,
    LATEST,
    instant_of,
    zone_of,
)
from quarterdeck.operations.oncall.text import Part, plain

WRITTEN = ("description", "zone", "layers", "holidays")
PUT_OVER = ("overrides", "swaps")
SHORT = {"daily": Unit.DAYS, "weekly": Unit.WEEKS}


def read(name: str, text: str) -> Schedule:
    """The schedule that somebody wrote, without overrides and swaps; raise UnusableSchedule."""
    return _schedule(name, plain(text).fields(("name", *WRITTEN)))


def written(schedule: Schedule) -> str:
    """What ``read`` reads, as people write it."""
    return yaml.safe_dump(_written(schedule), sort_keys=False, allow_unicode=True, width=100)


def text_of(schedule: Schedule) -> str:
    """All of a schedule, to be kept."""
    return json.dumps({**_written(schedule), **_put_over(schedule)}, ensure_ascii=False)


@lru_cache(maxsize=2048)
def kept(name: str, text: str) -> Schedule:
    """A schedule that was kept."""
    fields = Part(json.loads(text)).fields((*WRITTEN, *PUT_OVER))
    over = [_override(one) for one in _items(fields.get("overrides"))]
    swaps = [_swap(one) for one in _items(fields.get("swaps"))]
    return replace(_schedule(name, fields), overrides=tuple(over), swaps=tuple(swaps))


def _schedule(name: str, fields: dict[str, Part]) -> Schedule:
    said = fields.get("name")
    if said is not None and said.word() != name:
        raise said.refuse(f"the schedule's name is {said.word()[:80]!r}, its address {name[:80]!r}")
    zone = _word(fields, "zone", "UTC")
    return Schedule(
        name=name,
        description=_word(fields, "description"),
        zone=zone,
        layers=tuple(_layer(one, n, zone) for n, one in enumerate(_items(fields.get("layers")))),
        holidays=tuple(_holiday(one) for one in _items(fields.get("holidays"))),
    )


def _layer(part: Part, number: int, zone: str) -> Layer:
    fields = part.fields(("name", "people", "zone", "start", "end", "rotation", "hours"))
    zone = _word(fields, "zone", zone)
    rotation = _rotation(fields.get("rotation"))
    if "start" not in fields:
        raise part.refuse("a layer says since when it holds: start: 2026-01-05")
    end = fields.get("end")
    return Layer(
        name=_word(fields, "name", f"layer {number + 1}"),
        people=tuple(one.word().strip() for one in _items(fields.get("people"))),
        zone=zone,
        start=_instant(fields["start"], zone, rotation.at),
        end=None if end is None else _instant(end, zone, rotation.at),
        rotation=rotation,
        hours=tuple(_hours(one) for one in _items(fields.get("hours"))),
    )


def _rotation(part: Part | None) -> Rotation:
    if part is None:
        return WEEKLY
    if isinstance(part.found, str):
        return Rotation(unit=SHORT[part.one_of(tuple(SHORT))])
    fields = part.fields(("unit", "every", "at", "weekday", "waits"))
    weekday = fields.get("weekday")
    unit = fields["unit"].one_of(tuple(Unit)) if "unit" in fields else Unit.WEEKS
    if weekday is not None and unit != Unit.WEEKS:
        raise weekday.refuse("only turns of weeks are handed over on one weekday")
    return Rotation(
        unit=Unit(unit),
        every=fields["every"].whole() if "every" in fields else 1,
        at=fields["at"].time() if "at" in fields else WEEKLY.at,
        weekday=0 if weekday is None else WEEKDAYS.index(weekday.one_of(WEEKDAYS)),
        waits="waits" in fields and fields["waits"].one_of(("true", "false")) == "true",
    )


def _hours(part: Part) -> Hours:
    fields = part.fields(("days", "from", "until"))
    days = [WEEKDAYS.index(one.one_of(WEEKDAYS)) for one in _items(fields.get("days"))]
    return Hours(
        days=frozenset(days) or EVERY_DAY,
        since=fields["from"].time() if "from" in fields else MIDNIGHT,
        until=fields["until"].time() if "until" in fields else MIDNIGHT,
    )


def _holiday(part: Part) -> Holiday:
    fields = part.fields(("date", "name", "person"))
    if "date" not in fields:
        raise part.refuse("a holiday has a date")
    return Holiday(
        day=fields["date"].date(), name=_word(fields, "name"), person=_word(fields, "person")
    )


def _override(part: Part) -> Override:
    fields = part.fields(("id", "person", "start", "end", "by", "why", "swap"))
    words = {name: _word(fields, name) for name in ("id", "person", "by", "why", "swap")}
    return Override(span=_span(fields["start"], fields["end"]), **words)


def _swap(part: Part) -> Swap:
    fields = part.fields(("id", "person", "gives", "other", "takes", "state", "by"))
    gives, takes = fields["gives"].items(), fields["takes"].items()
    return Swap(
        id=fields["id"].word(),
        person=fields["person"].word(),
        gives=_span(*gives),
        other=fields["other"].word(),
        takes=_span(*takes),
        state=SwapState(fields["state"].word()),
        by=_word(fields, "by"),
    )


def _span(start: Part, end: Part) -> Span:
    return Span(start.moment(), end.moment())


def _instant(part: Part, zone: str, at: time) -> datetime:
    """An instant; a date is the hand-over of that day, a time without offset the zone's."""
    found = part.moment()
    if not EARLIEST.year <= found.year < LATEST.year:
        raise part.refuse(f"expected a year from {EARLIEST.year} to {LATEST.year - 1}")
    if found.tzinfo is not None:
        return found.astimezone(UTC)
    if part.word() == found.date().isoformat():
        found = datetime.combine(found.date(), at)
    return instant_of(found, zone_of(zone))


def _items(part: Part | None) -> list[Part]:
    return [] if part is None else part.items()


def _word(fields: dict[str, Part], name: str, default: str = "") -> str:
    return fields[name].word() if name in fields else default


def _written(schedule: Schedule) -> dict[str, Any]:
    said = {
        "description": schedule.description,
        "zone": schedule.zone,
        "layers": [_layer_doc(one) for one in schedule.layers],
        "holidays": [
            _without_empty({"date": one.day.isoformat(), "name": one.name, "person": one.person})
            for one in schedule.holidays
        ],
    }
    return _without_empty(said)


def _layer_doc(layer: Layer) -> dict[str, Any]:
    zone = zone_of(layer.zone)
    said = {
        "name": layer.name,
        "people": list(layer.people),
        "zone": layer.zone,
        "start": layer.start.astimezone(zone).isoformat(),
        "end": layer.end.astimezone(zone).isoformat() if layer.end else "",
        "rotation": _rotation_doc(layer.rotation),
        "hours": [_hours_doc(one) for one in layer.hours],
    }
    return _without_empty(said)


def _rotation_doc(rotation: Rotation) -> dict[str, Any]:
    said = {
        "unit": rotation.unit.value,
        "every": rotation.every,
        "at": f"{rotation.at:%H:%M}",
        "weekday": WEEKDAYS[rotation.weekday] if rotation.unit is Unit.WEEKS else "",
        "waits": "true" if rotation.waits else "",
    }
    return _without_empty(said)


def _hours_doc(hours: Hours) -> dict[str, Any]:
    days = [] if hours.days == EVERY_DAY else [WEEKDAYS[day] for day in sorted(hours.days)]
    said = {"days": days, "from": f"{hours.since:%H:%M}", "until": f"{hours.until:%H:%M}"}
    return _without_empty(said)


def _put_over(schedule: Schedule) -> dict[str, Any]:
    return {
        "overrides": [_override_doc(one) for one in schedule.overrides],
        "swaps": [_swap_doc(one) for one in schedule.swaps],
    }


def _override_doc(one: Override) -> dict[str, str]:
    said = {"id": one.id, "person": one.person, "by": one.by, "why": one.why, "swap": one.swap}
    start, end = _span_doc(one.span)
    return {**said, "start": start, "end": end}


def _swap_doc(one: Swap) -> dict[str, Any]:
    said = {"id": one.id, "person": one.person, "other": one.other, "by": one.by}
    spans = {"gives": _span_doc(one.gives), "takes": _span_doc(one.takes)}
    return {**said, **spans, "state": one.state.value}


def _span_doc(span: Span) -> Sequence[str]:
    return [span.start.isoformat(), span.end.isoformat()]


def _without_empty(said: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in said.items() if value not in ("", [], None)}
