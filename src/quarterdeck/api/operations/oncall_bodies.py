"""What /api/v1/oncall reads and answers with."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import AwareDatetime, BaseModel, Field

from quarterdeck.operations.oncall.document import written
from quarterdeck.operations.oncall.model.hours import Span
from quarterdeck.operations.oncall.model.load import Load
from quarterdeck.operations.oncall.model.person import Known, People, Person
from quarterdeck.operations.oncall.model.schedule import Override, Swap, SwapState
from quarterdeck.operations.oncall.model.shifts import Shift, Source
from quarterdeck.operations.oncall.model.version import Kept, Version
from quarterdeck.operations.oncall.service.looking import Roster, Standing
from quarterdeck.operations.oncall.service.writing import Applied
from quarterdeck.web.bodies import Body

HOUR_S = 3600
Why = Annotated[str, Field(max_length=500, description="Why, for the history.")]
Expected = Annotated[
    int | None,
    Field(ge=0, le=2**31 - 1, description="Only if it is at this version; 0: not there yet."),
]


class ScheduleText(Body):
    """A schedule as people write it."""

    text: str = Field(max_length=262_144, description="YAML, or JSON.")
    why: Why = ""
    expected_version: Expected = None


class SpanBody(Body):
    """From an instant on, until just before another."""

    start: AwareDatetime
    end: AwareDatetime

    @classmethod
    def of(cls, span: Span) -> Self:
        return cls(start=span.start, end=span.end)

    def span(self) -> Span:
        """What it says."""
        return Span(self.start, self.end)


class NewOverride(SpanBody):
    """Who takes which span."""

    person: str = Field(max_length=200, description="An e-mail address, or the id of a person.")
    why: Why = ""
    expected_version: Expected = None

    def override(self) -> Override:
        """What it asks for."""
        return Override(id="", person=self.person.strip(), span=self.span(), why=self.why)


class NewSwap(Body):
    """Who would exchange which span for which."""

    person: str = Field(max_length=200, description="Who asks; it is their shift.")
    gives: SpanBody
    other: str = Field(max_length=200, description="Who is asked.")
    takes: SpanBody
    expected_version: Expected = None

    def swap(self) -> Swap:
        """What it asks for."""
        return Swap(
            id="",
            person=self.person.strip(),
            gives=self.gives.span(),
            other=self.other.strip(),
            takes=self.takes.span(),
        )


class Back(Body):
    """Which version to put back."""

    version: int = Field(ge=1, le=2**31 - 1)
    why: Why = ""
    expected_version: Expected = None


class PersonBody(BaseModel):
    """Somebody whom a schedule names."""

    person: str = Field(description="As the schedule has it; empty: nobody.")
    name: str
    known: Known = Field(description="Whoever is not known, or shut out, is woken by nothing.")

    @classmethod
    def of(cls, one: Person) -> Self:
        return cls(person=one.word, name=one.name, known=one.known)


class OverrideBody(BaseModel):
    """A person takes a span."""

    id: str
    person: PersonBody
    start: datetime
    end: datetime
    why: str
    swap: str | None = Field(description="By which swap.")

    @classmethod
    def told(cls, one: Override, who: People) -> Self:
        return cls(
            id=one.id,
            person=PersonBody.of(who.of(one.person)),
            start=one.span.start,
            end=one.span.end,
            why=one.why,
            swap=one.swap or None,
        )


class SwapBody(BaseModel):
    """Two people exchange two spans."""

    id: str
    person: PersonBody
    gives: SpanBody
    other: PersonBody
    takes: SpanBody
    state: SwapState

    @classmethod
    def told(cls, one: Swap, who: People) -> Self:
        return cls(
            id=one.id,
            person=PersonBody.of(who.of(one.person)),
            gives=SpanBody.of(one.gives),
            other=PersonBody.of(who.of(one.other)),
            takes=SpanBody.of(one.takes),
            state=one.state,
        )


class ScheduleBody(BaseModel):
    """A schedule."""

    tenant: str
    name: str
    version: int
    at: datetime = Field(description="When this version was made.")
    by: str
    description: str
    zone: str
    people: list[PersonBody]
    text: str = Field(description="As people write it, in YAML.")
    overrides: list[OverrideBody] = Field(description="That are not over; a later lies on top.")
    swaps: list[SwapBody]

    @classmethod
    def told(cls, kept: Kept, who: People) -> Self:
        one = kept.schedule
        return cls(
            tenant=kept.tenant,
            name=one.name,
            version=kept.version,
            at=kept.at,
            by=kept.by,
            description=one.description,
            zone=one.zone,
            people=[PersonBody.of(who.of(word)) for word in one.people],
            text=written(one),
            overrides=[OverrideBody.told(each, who) for each in one.overrides],
            swaps=[SwapBody.told(each, who) for each in one.swaps],
        )


class Schedules(BaseModel):
    """Schedules by tenant and name."""

    schedules: list[ScheduleBody]


class AppliedBody(BaseModel):
    """What became of a text."""

    schedule: ScheduleBody
    changed: bool
    notes: list[str] = Field(description="Whom it names and nothing can wake.")

    @classmethod
    def told(cls, done: Applied, who: People) -> Self:
        return cls(
            schedule=ScheduleBody.told(done.kept, who), changed=done.changed, notes=list(done.notes)
        )


class VersionBody(BaseModel):
    """A schedule as it was from a time on."""

    version: int
    at: datetime
    by: str
    how: str
    why: str
    text: str

    @classmethod
    def of(cls, one: Version) -> Self:
        said = {name: getattr(one, name) for name in ("version", "at", "by", "how", "why")}
        return cls(**said, text=written(one.schedule))


class ScheduleHistory(BaseModel):
    """The versions of a schedule, newest first."""

    versions: list[VersionBody]


class ShiftBody(BaseModel):
    """A span that one person holds, or nobody."""

    start: datetime
    end: datetime
    person: PersonBody
    source: Source = Field(description="layer, holiday, override, or nobody: a hole.")
    name: str = Field(description="Of the layer; of a holiday its date; of an override its id.")

    @classmethod
    def told(cls, one: Shift, who: People) -> Self:
        return cls(
            start=one.span.start,
            end=one.span.end,
            person=PersonBody.of(who.of(one.duty.person)),
            source=one.duty.source,
            name=one.duty.name,
        )


class Shifts(BaseModel):
    """The final shifts of a schedule, without a gap."""

    tenant: str
    schedule: str
    zone: str
    shifts: list[ShiftBody]

    @classmethod
    def of(cls, roster: Roster) -> Self:
        return cls(
            tenant=roster.kept.tenant,
            schedule=roster.kept.name,
            zone=roster.kept.schedule.zone,
            shifts=[ShiftBody.told(one, roster.who) for one in roster.shifts],
        )


class StandingBody(BaseModel):
    """Who is on call by a schedule at an instant, and how it goes on."""

    tenant: str
    schedule: str
    description: str
    zone: str
    at: datetime
    person: PersonBody
    source: Source
    name: str
    until: datetime | None = Field(description="Null: for longer than was looked ahead.")
    following: PersonBody | None
    holes: list[SpanBody] = Field(description="When nobody is on call within what was looked at.")
    strangers: list[PersonBody] = Field(description="Who is on call then, and cannot be woken.")
    sound: bool = Field(description="Somebody is woken at each instant that was looked at.")

    @classmethod
    def of(cls, one: Standing) -> Self:
        return cls(
            tenant=one.kept.tenant,
            schedule=one.kept.name,
            description=one.kept.schedule.description,
            zone=one.kept.schedule.zone,
            at=one.at,
            person=PersonBody.of(one.person),
            source=one.duty.source,
            name=one.duty.name,
            until=one.until,
            following=PersonBody.of(one.following) if one.following else None,
            holes=[SpanBody.of(each) for each in one.holes],
            strangers=[PersonBody.of(each) for each in one.strangers],
            sound=one.sound,
        )


class OnCall(BaseModel):
    """Who is on call now, in each schedule."""

    schedules: list[StandingBody]


class Woken(BaseModel):
    """Who is woken from an instant on."""

    sound: bool = Field(description="There is a schedule, and none has a hole.")
    at: datetime
    until: datetime
    schedules: list[StandingBody]


class LoadBody(BaseModel):
    """What one person carries."""

    tenant: str
    schedule: str
    person: PersonBody
    shifts: int
    hours: float
    night_hours: float = Field(description="Of the hours: 22:00 to 06:00 by the wall clock.")
    weekend_hours: float = Field(description="Of the hours: Saturday and Sunday.")
    holiday_hours: float = Field(description="Of the hours: on days off.")

    @classmethod
    def told(cls, roster: Roster, one: Load) -> Self:
        return cls(
            tenant=roster.kept.tenant,
            schedule=roster.kept.name,
            person=PersonBody.of(roster.who.of(one.person)),
            shifts=one.shifts,
            hours=one.total.total_seconds() / HOUR_S,
            night_hours=one.nights.total_seconds() / HOUR_S,
            weekend_hours=one.weekends.total_seconds() / HOUR_S,
            holiday_hours=one.holidays.total_seconds() / HOUR_S,
        )


class Loads(BaseModel):
    """What each person carries, by schedule; nobody carries the holes."""

    since: datetime
    until: datetime
    loads: list[LoadBody]
