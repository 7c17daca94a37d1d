"""/api/v1/oncall: who answers when."""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import Query, Response
from pydantic import AwareDatetime

from quarterdeck.api.operations.oncall_bodies import (
    AppliedBody,
    Back,
    LoadBody,
    Loads,
    NewOverride,
    NewSwap,
    OnCall,
    ScheduleBody,
    ScheduleHistory,
    Schedules,
    ScheduleText,
    Shifts,
    StandingBody,
    VersionBody,
    Woken,
)
from quarterdeck.kernel.work import Work
from quarterdeck.operations.oncall.model.version import Kept
from quarterdeck.operations.oncall.model.wall import LATEST
from quarterdeck.operations.oncall.service import calendars, looking, overriding, writing
from quarterdeck.operations.oncall.service.keeping import OVERRIDE, READ, WRITE
from quarterdeck.web.deps import InRead, InWork
from quarterdeck.web.paging import InPage
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import api_router

router = api_router(prefix="/oncall", tags=["on-call"])

READS, WRITES = problems(401, 403, 404, 422), problems(401, 403, 404, 409, 422)
ONE = "/schedules/{tenant}/{schedule}"
OfTenant = Annotated[str, Query(max_length=100, description="Only of this tenant.")]
Person = Annotated[str, Query(max_length=200, description="Only of this person: address or id.")]
Expected = Annotated[
    int | None, Query(ge=0, le=2**31 - 1, description="Only if it is at this version.")
]
ICS = "text/calendar; charset=utf-8"
CALENDAR: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The calendar (RFC 5545).",
        "content": {"text/calendar": {"schema": {"type": "string"}}},
    }
}


@router.get("", responses=READS, **needs(READ))
def who_is_on_call(work: InRead, tenant: OfTenant = "") -> OnCall:
    """Who is on call now, in each schedule, until when, and who is next."""
    return OnCall(schedules=[StandingBody.of(one) for one in looking.standings(work, tenant)])


@router.get("/who-is-woken", responses=READS, **needs(READ))
def who_is_woken(
    work: InRead,
    tenant: OfTenant = "",
    schedule: Annotated[str, Query(max_length=100)] = "",
    at: Annotated[AwareDatetime | None, Query(description="Default: now.")] = None,
    days: Annotated[int, Query(ge=1, le=366)] = 14,
) -> Woken:
    """Who is on call from an instant on; it is not sound where there is a hole."""
    since, ahead = at or work.now, timedelta(days=days)
    found = looking.woken(work, tenant, schedule, since, ahead)
    return Woken(
        sound=bool(found) and all(one.sound for one in found),
        at=since,
        until=since + ahead,
        schedules=[StandingBody.of(one) for one in found],
    )


@router.get("/load", responses=READS, **needs(READ))
def oncall_load(
    work: InRead,
    tenant: OfTenant = "",
    schedule: Annotated[str, Query(max_length=100)] = "",
    since: Annotated[
        AwareDatetime | None, Query(alias="from", description="Default: 28 days before.")
    ] = None,
    until: Annotated[AwareDatetime | None, Query(alias="to", description="Default: now.")] = None,
) -> Loads:
    """Hours, nights and weekends of each person, by schedule."""
    end = until or work.now
    start = since or end - timedelta(days=28)
    found = looking.load(work, tenant, schedule, since=start, until=end)
    bodies = [LoadBody.told(roster, one) for roster, loads in found for one in loads]
    return Loads(since=start, until=end, loads=bodies)


@router.get("/calendar.ics", responses=READS | CALENDAR, **needs(READ))
def get_person_oncall_calendar(
    work: InRead,
    person: Annotated[str, Query(min_length=1, max_length=200)],
    tenant: OfTenant = "",
) -> Response:
    """One person's shifts in every schedule, as a calendar."""
    return Response(calendars.of_person(work, person, tenant), media_type=ICS)


@router.get("/schedules", responses=READS, **needs(READ))
def list_oncall_schedules(
    work: InRead, page: InPage, response: Response, tenant: OfTenant = ""
) -> Schedules:
    """Schedules by tenant and name."""
    after = (str(page.after[0]), str(page.after[1])) if page.after else ("", "")
    rows = looking.listed(work, tenant, after=after, limit=page.fetch)
    shown = page.turn(response, rows, lambda one: (one.tenant, one.name))
    return Schedules(schedules=[_told(work, one) for one in shown])


@router.get(ONE, responses=READS, **needs(READ))
def get_oncall_schedule(tenant: str, schedule: str, work: InRead) -> ScheduleBody:
    """One schedule: its text, overrides and swaps."""
    return _told(work, looking.one(work, tenant, schedule))


@router.put(ONE, responses=WRITES, **needs(WRITE))
def apply_oncall_schedule(
    tenant: str, schedule: str, body: ScheduleText, work: InWork
) -> AppliedBody:
    """Have a schedule hold from now on; what was put over it stays."""
    done = writing.apply(
        work, tenant, schedule, body.text, why=body.why, expected=body.expected_version
    )
    return AppliedBody.told(done, looking.who(work, done.kept))


@router.delete(ONE, status_code=204, responses=WRITES, **needs(WRITE))
def delete_oncall_schedule(
    tenant: str,
    schedule: str,
    work: InWork,
    why: Annotated[str, Query(max_length=500)] = "",
    expected_version: Expected = None,
) -> Response:
    """Have a schedule hold no more; its versions stay, and any can be put back."""
    writing.delete(work, tenant, schedule, why=why, expected=expected_version)
    return Response(status_code=204)


@router.get(f"{ONE}/versions", responses=READS, **needs(READ))
def list_oncall_versions(tenant: str, schedule: str, work: InRead) -> ScheduleHistory:
    """Every version, newest first: who, when, how and why; also of one that was deleted."""
    found = looking.history(work, tenant, schedule)
    return ScheduleHistory(versions=[VersionBody.of(one) for one in found])


@router.post(f"{ONE}/rollback", responses=WRITES, **needs(WRITE))
def roll_back_oncall_schedule(tenant: str, schedule: str, body: Back, work: InWork) -> ScheduleBody:
    """Have a schedule be what it was at a version, its overrides of then too."""
    kept = writing.put_back(
        work, tenant, schedule, body.version, why=body.why, expected=body.expected_version
    )
    return _told(work, kept)


@router.get(f"{ONE}/shifts", responses=READS, **needs(READ))
def list_oncall_shifts(
    tenant: str,
    schedule: str,
    work: InRead,
    since: Annotated[AwareDatetime | None, Query(alias="from", description="Default: now.")] = None,
    until: Annotated[
        AwareDatetime | None, Query(alias="to", description="Default: 14 days later.")
    ] = None,
) -> Shifts:
    """The final shifts of a span, holes too; those of the past as they were then."""
    start = since or work.now
    end = until or min(start, LATEST) + looking.AHEAD
    return Shifts.of(looking.roster(work, tenant, schedule, start, end))


@router.get(f"{ONE}/calendar.ics", responses=READS | CALENDAR, **needs(READ))
def get_oncall_calendar(tenant: str, schedule: str, work: InRead, person: Person = "") -> Response:
    """The shifts of a schedule as a calendar."""
    return Response(calendars.of_schedule(work, tenant, schedule, person), media_type=ICS)


@router.post(f"{ONE}/overrides", status_code=201, responses=WRITES, **needs(OVERRIDE))
def add_oncall_override(
    tenant: str, schedule: str, body: NewOverride, work: InWork
) -> ScheduleBody:
    """Have a person take a span; one's own shift, unless one plans them."""
    work.require(OVERRIDE, tenant)
    kept = overriding.override(
        work, tenant, schedule, body.override(), expected=body.expected_version
    )
    return _told(work, kept)


@router.delete(f"{ONE}/overrides/{{override}}", responses=WRITES, **needs(OVERRIDE))
def remove_oncall_override(
    tenant: str, schedule: str, override: str, work: InWork, expected_version: Expected = None
) -> ScheduleBody:
    """Remove an override: what is left of its span is again whose it would be."""
    kept = overriding.restore(work, tenant, schedule, override, expected=expected_version)
    return _told(work, kept)


@router.post(f"{ONE}/swaps", status_code=201, responses=WRITES, **needs(OVERRIDE))
def ask_oncall_swap(tenant: str, schedule: str, body: NewSwap, work: InWork) -> ScheduleBody:
    """Ask somebody to exchange spans; nothing changes until they accept."""
    work.require(OVERRIDE, tenant)
    kept = overriding.ask(work, tenant, schedule, body.swap(), expected=body.expected_version)
    return _told(work, kept)


@router.post(f"{ONE}/swaps/{{swap}}/accept", responses=WRITES, **needs(OVERRIDE))
def accept_oncall_swap(tenant: str, schedule: str, swap: str, work: InWork) -> ScheduleBody:
    """Accept a swap that one was asked for: both spans change hands at once."""
    return _told(work, overriding.answer(work, tenant, schedule, swap, accept=True))


@router.post(f"{ONE}/swaps/{{swap}}/refuse", responses=WRITES, **needs(OVERRIDE))
def refuse_oncall_swap(tenant: str, schedule: str, swap: str, work: InWork) -> ScheduleBody:
    """Refuse a swap that one was asked for, or withdraw one's own."""
    return _told(work, overriding.answer(work, tenant, schedule, swap, accept=False))


def _told(work: Work, kept: Kept) -> ScheduleBody:
    return ScheduleBody.told(kept, looking.who(work, kept))
