"""/oncall: who answers now, who is next, what nobody holds; and a schedule day by day."""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Annotated

from fastapi import Form, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import HTMLResponse, RedirectResponse, Response

from quarterdeck.console import rota
from quarterdeck.console.fields import Version
from quarterdeck.console.frame import Frame, InFrame, changing, looking, see
from quarterdeck.console.handing import handing, waiting
from quarterdeck.kernel.errors import Conflict, Forbidden, Invalid
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.work import Actor
from quarterdeck.operations.handoffs.service import passing
from quarterdeck.operations.oncall.document import written
from quarterdeck.operations.oncall.model.faults import UnusableSchedule
from quarterdeck.operations.oncall.model.hours import Span
from quarterdeck.operations.oncall.model.load import loads
from quarterdeck.operations.oncall.model.schedule import Override, Schedule, Swap
from quarterdeck.operations.oncall.model.shifts import holes, layer_shifts
from quarterdeck.operations.oncall.model.wall import EARLIEST, LATEST, instant_of, wall_of, zone_of
from quarterdeck.operations.oncall.service import looking as oncall
from quarterdeck.operations.oncall.service import overriding, writing
from quarterdeck.operations.oncall.service.keeping import OVERRIDE, READ, WRITE
from quarterdeck.web.deps import By, InWork
from quarterdeck.web.permissions import needs
from quarterdeck.web.routes import Router

router = Router(include_in_schema=False)

HERE = "/oncall"
ONE = HERE + "/{tenant}/{name}"
DAYS = timedelta(days=14)
REFUSED = 422
FINAL = "On call"
EXAMPLE = """\
description: Who answers first
zone: Europe/Berlin
layers:
  - name: week
    people: [ada@example.com, bob@example.com]
    start: 2026-01-05
    rotation: {unit: weeks, at: "09:00", weekday: monday}
"""
Word = Annotated[str, Query(max_length=400)]
Words = Annotated[str, Form(max_length=300_000)]
Short = Annotated[str, Form(max_length=500)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What somebody wanted, that was refused; it is shown to be mended."""

    why: str = ""
    said: dict[str, str] = field(default_factory=dict)


class Wanted(BaseModel):
    """The form of an override; its times are by the wall clock of the schedule."""

    person: str = Field("", max_length=500)
    start: str = Field("", max_length=100)
    end: str = Field("", max_length=100)
    why: str = Field("", max_length=500)
    expected: int = Field(0, ge=0, le=2**31 - 1)


class Exchange(BaseModel):
    """The form of a swap; its times are by the wall clock of the schedule."""

    giver: str = Field("", max_length=500)
    gives_from: str = Field("", max_length=100)
    gives_to: str = Field("", max_length=100)
    other: str = Field("", max_length=500)
    takes_from: str = Field("", max_length=100)
    takes_to: str = Field("", max_length=100)
    expected: int = Field(0, ge=0, le=2**31 - 1)

    def swap(self, schedule: Schedule) -> Swap:
        """What it asks for."""
        return Swap(
            id="",
            person=self.giver.strip(),
            gives=_span(schedule, self.gives_from, self.gives_to),
            other=self.other.strip(),
            takes=_span(schedule, self.takes_from, self.takes_to),
        )


FRESH = Tried()


@router.get(HERE, response_class=HTMLResponse, **needs(READ))
def listed(frame: InFrame) -> HTMLResponse:
    """Each schedule: who is on call until when, who is next, holes of the next 14 days."""
    return _list(frame, FRESH)


@router.post(HERE, response_class=HTMLResponse, **needs(WRITE))
def apply(  # noqa: PLR0913, PLR0917  each a field of the form
    request: Request,
    actor: By,
    of: Short = PLATFORM,
    name: Short = "",
    text: Words = "",
    why: Short = "",
    expected: Version = 0,
) -> Response:
    """Have a schedule hold from now on; what is refused is said beside it.

    ``expected``: its version when somebody began to write; 0: there was none.
    """
    said = {"of": of, "name": name, "text": text, "why": why, "expected": str(expected)}
    try:
        with changing(request, actor) as work:
            plain = text.replace("\r\n", "\n")
            writing.apply(work, of, name.strip(), plain, why=why, expected=expected)
    except (Invalid, Conflict) as refusal:
        with looking(request, actor) as frame:
            return _list(frame, Tried(why=str(refusal), said=said), REFUSED)
    return see(f"{HERE}/{of}/{name.strip()}")


@router.get(ONE, response_class=HTMLResponse, **needs(READ))
def one(
    frame: InFrame, tenant: str, name: str, since: Word = "", start: Word = "", end: Word = ""
) -> HTMLResponse:
    """One schedule: fourteen days of it, overrides, swaps, how it came to be.

    ``start`` and ``end`` stand in the form of an override: a link that begins one.
    """
    begun = {field: said for field, said in (("start", start), ("end", end)) if said}
    return _one(frame, tenant, name, since, Tried(said=begun))


@router.post(ONE + "/override", response_class=HTMLResponse, **needs(OVERRIDE))
def override(
    request: Request, actor: By, tenant: str, name: str, wanted: Annotated[Wanted, Form()]
) -> Response:
    """Have a person take a span, by the wall clock of the schedule."""
    try:
        with changing(request, actor) as work:
            schedule = oncall.one(work, tenant, name).schedule
            span = _span(schedule, wanted.start, wanted.end)
            put = Override(id="", person=wanted.person.strip(), span=span, why=wanted.why)
            overriding.override(work, tenant, name, put, expected=wanted.expected)
    except (Invalid, Conflict, Forbidden) as refusal:
        said = wanted.model_dump(exclude={"expected"})
        return _again(request, actor, tenant, name, Tried(why=str(refusal), said=said))
    return see(f"{HERE}/{tenant}/{name}")


@router.post(ONE + "/overrides/{override}/remove", **needs(OVERRIDE))
def restore(work: InWork, tenant: str, name: str, override: str) -> RedirectResponse:
    """Remove an override."""
    overriding.restore(work, tenant, name, override)
    return see(f"{HERE}/{tenant}/{name}")


@router.post(ONE + "/swaps", response_class=HTMLResponse, **needs(OVERRIDE))
def ask(
    request: Request, actor: By, tenant: str, name: str, wanted: Annotated[Exchange, Form()]
) -> Response:
    """Ask somebody to exchange spans, by the wall clock of the schedule."""
    try:
        with changing(request, actor) as work:
            swap = wanted.swap(oncall.one(work, tenant, name).schedule)
            overriding.ask(work, tenant, name, swap, expected=wanted.expected)
    except (Invalid, Conflict, Forbidden) as refusal:
        said = wanted.model_dump(exclude={"expected"})
        return _again(request, actor, tenant, name, Tried(why=str(refusal), said=said))
    return see(f"{HERE}/{tenant}/{name}")


@router.post(ONE + "/swaps/{swap}/accept", **needs(OVERRIDE))
def accept(work: InWork, tenant: str, name: str, swap: str) -> RedirectResponse:
    """Accept a swap that one was asked for."""
    overriding.answer(work, tenant, name, swap, accept=True)
    return see(f"{HERE}/{tenant}/{name}")


@router.post(ONE + "/swaps/{swap}/refuse", **needs(OVERRIDE))
def refuse(work: InWork, tenant: str, name: str, swap: str) -> RedirectResponse:
    """Refuse a swap, or withdraw one's own."""
    overriding.answer(work, tenant, name, swap, accept=False)
    return see(f"{HERE}/{tenant}/{name}")


@router.post(ONE + "/handoff", response_class=HTMLResponse, **needs(OVERRIDE))
def leave(
    request: Request, actor: By, tenant: str, name: str, text: Words = "", expected: Version = 0
) -> Response:
    """Leave a note for who comes next; what is refused is said beside it.

    ``expected``: its version when somebody began to write; 0: there was none.
    """
    try:
        with changing(request, actor) as work:
            passing.leave(work, tenant, name, text, expected=expected)
    except (Invalid, Conflict, Forbidden) as refusal:
        said = {"note": text}
        return _again(request, actor, tenant, name, Tried(why=str(refusal), said=said))
    return see(f"{HERE}/{tenant}/{name}#handoff")


@router.post(ONE + "/handoffs/{handoff}/take-over", response_class=HTMLResponse, **needs(OVERRIDE))
def take_over(request: Request, actor: By, tenant: str, name: str, handoff: str) -> Response:
    """Take a shift over."""
    try:
        with changing(request, actor) as work:
            passing.take_over(work, tenant, name, handoff)
    except (Conflict, Forbidden) as refusal:
        return _again(request, actor, tenant, name, Tried(why=str(refusal)))
    return see(f"{HERE}/{tenant}/{name}#handoff")


@router.post(ONE + "/rollback", **needs(WRITE))
def roll_back(
    work: InWork, tenant: str, name: str, version: Version, why: Short = ""
) -> RedirectResponse:
    """Have a schedule be again what it was at a version."""
    writing.put_back(work, tenant, name, version, why=why)
    return see(f"{HERE}/{tenant}/{name}")


@router.post(ONE + "/delete", **needs(WRITE))
def delete(work: InWork, tenant: str, name: str, why: Short = "") -> RedirectResponse:
    """Have a schedule hold no more; its history stays."""
    writing.delete(work, tenant, name, why=why)
    return see(HERE)


def _list(frame: Frame, tried: Tried, status: int = 200) -> HTMLResponse:
    found = oncall.standings(frame.work, frame.shell.tenant)
    return frame.show(
        "oncall.html",
        status,
        found=found,
        nobody=[one for one in found if not one.person.word],
        unsound=[one for one in found if not one.sound],
        deleted=oncall.deleted(frame.work, frame.shell.tenant),
        people=frame.people(),
        notes={(one.note.tenant, one.note.schedule): one for one in waiting(frame)},
        tried=tried,
        text=tried.said.get("text", EXAMPLE),
        owner=tried.said.get("of") or frame.shell.tenant or PLATFORM,
    )


def _one(
    frame: Frame, tenant: str, name: str, since: str, tried: Tried, status: int = 200
) -> HTMLResponse:
    kept = oncall.one(frame.work, tenant, name)
    schedule = kept.schedule
    start = rota.midnight(_day(schedule, since, frame.work.now), schedule.zone)
    roster = oncall.roster(frame.work, tenant, name, start, start + DAYS)
    rows = {**layer_shifts(schedule, start, start + DAYS), FINAL: roster.shifts}
    standing = oncall.standing(frame.work, kept, frame.work.now)
    return frame.show(
        "oncall_schedule.html",
        status,
        kept=kept,
        schedule=schedule,
        standing=standing,
        me=[word for word in schedule.people if roster.who.of(word).id == frame.work.actor.id],
        who=oncall.who(frame.work, kept),
        roster=roster,
        holes=[one for one in holes(roster.shifts) if one.end > frame.work.now],
        begin=lambda span: rota.begin(span, schedule.zone, frame.work.now),
        rota=rota.rota(rows, roster.span, schedule.zone, roster.who, frame.work.now),
        size=(rota.WIDTH, rota.BAR, rota.LEFT),
        loads=loads(schedule, roster.shifts),
        history=oncall.history(frame.work, tenant, name),
        people=frame.people(),
        handing=handing(frame, tenant, name),
        before=_date(schedule, start - DAYS),
        after=_date(schedule, start + DAYS),
        wall=lambda at: wall_of(at, zone_of(schedule.zone)),
        text=written(schedule),
        tried=tried,
        here=f"{HERE}/{tenant}/{name}",
    )


def _again(request: Request, actor: Actor, tenant: str, name: str, tried: Tried) -> Response:
    with looking(request, actor) as frame:
        return _one(frame, tenant, name, "", tried, REFUSED)


def _day(schedule: Schedule, said: str, now: datetime) -> datetime:
    """An instant of the day that was asked for; today where that is none."""
    with suppress(ValueError):
        day = date.fromisoformat(said)
        if EARLIEST.year < day.year < LATEST.year - 1:
            noon = datetime(day.year, day.month, day.day, 12)  # noqa: DTZ001  by the wall clock
            return instant_of(noon, zone_of(schedule.zone))
    return now


def _date(schedule: Schedule, at: datetime) -> str:
    return wall_of(at + timedelta(hours=12), zone_of(schedule.zone)).date().isoformat()


def _span(schedule: Schedule, start: str, end: str) -> Span:
    return Span(_instant(schedule, start), _instant(schedule, end))


def _instant(schedule: Schedule, said: str) -> datetime:
    """What a field of date and time says, by the wall clock of the schedule."""
    try:
        found = datetime.fromisoformat(said)
    except ValueError as error:
        raise UnusableSchedule(f"expected a date and time, got {said[:40]!r}") from error
    if not EARLIEST.year <= found.year < LATEST.year:
        raise UnusableSchedule(f"expected a year from {EARLIEST.year} to {LATEST.year - 1}")
    return found if found.tzinfo else instant_of(found, zone_of(schedule.zone))
