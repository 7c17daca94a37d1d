"""What /api/v1/incidents reads and answers."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import AwareDatetime, BaseModel, Field

from quarterdeck.operations.incidents.model.clocks import Clock
from quarterdeck.operations.incidents.model.incident import (
    MAX_LINE,
    MAX_MANY,
    MAX_TEXT,
    Impact,
    Incident,
    Role,
    Source,
)
from quarterdeck.operations.incidents.model.rooms import topic
from quarterdeck.operations.incidents.model.stage import BEGINS, Stage, Status
from quarterdeck.operations.incidents.model.timeline import ActionItem, Wrote
from quarterdeck.operations.incidents.service.chatting import Chat
from quarterdeck.operations.incidents.service.declaring import Told
from quarterdeck.operations.incidents.service.describing import Said
from quarterdeck.operations.incidents.service.looking import Account
from quarterdeck.operations.severities.model import Flag
from quarterdeck.web.bodies import Body

Line = Annotated[str, Field(max_length=MAX_LINE)]
Text = Annotated[str, Field(max_length=MAX_TEXT)]
Lines = Annotated[list[Line], Field(max_length=MAX_MANY)]
Flags = Annotated[list[Flag], Field(max_length=20)]


class ImpactBody(Body):
    """What it does to whom."""

    outage: bool = Field(default=False, description="Complete outage.")
    partial: bool = Field(default=False, description="Partial outage.")
    partial_words: Line = ""
    data: bool = Field(default=False, description="A data issue.")
    performance: bool = Field(default=False, description="Performance degradation.")
    tenants: Line = Field(default="", description="Who is affected, in words.")
    users: Line = Field(default="", description="What users notice.")
    integrity: Line = Field(default="", description="Whether data are whole.")

    def impact(self) -> Impact:
        """What it comes to."""
        return Impact(**self.model_dump())


class IncidentSpec(Body):
    """What is said of an incident when it is declared."""

    tenant: Line
    symptom: Line = Field(description="What is seen, in brief.")
    severity: Line = Field("", description="A word of the tenant's severities.")
    impact_word: Line = Field("", description="For the matrix, where no severity is said.")
    urgency: Line = Field("", description="For the matrix, with impact_word.")
    kind: Line = Field("", description="A kind of incident, as the severities have it.")
    violation: Line = Field("", description="How severe that is which began it.")
    service: Line = ""
    environment: Line = Field("", description="Of its services; empty: any.")
    region: Line = ""
    services: Lines = Field([])
    tenants: Lines = Field([], description="Who is affected.")
    flags: Flags = Field([])
    impact: ImpactBody = ImpactBody()
    source: Source = Source.API
    key: Line = Field("", description="One of a key is open at a time.")
    began_at: AwareDatetime | None = Field(None, description="Of the trouble; default: now.")
    notify: bool = Field(default=True, description="Tell the channels of its severity.")

    def told(self) -> Told:
        """What it comes to."""
        return Told(
            tenant=self.tenant,
            symptom=self.symptom,
            severity=self.severity,
            rated=(self.impact_word, self.urgency) if self.impact_word or self.urgency else None,
            kind=self.kind,
            violation=self.violation,
            service=self.service,
            environment=self.environment,
            region=self.region,
            services=tuple(self.services),
            tenants=tuple(self.tenants),
            flags=tuple(self.flags),
            impact=self.impact.impact(),
            source=self.source,
            key=self.key,
            began_at=self.began_at,
            notify=self.notify,
        )


class AlertSpec(Body):
    """What the alert does not say; empty: it says that."""

    severity: Line = Field("", description="A word of the tenant's severities.")


class IncidentChange(Body):
    """What is changed of an incident; what is left out stays."""

    symptom: Line | None = None
    service: Line | None = None
    environment: Line | None = None
    region: Line | None = None
    services: Lines | None = None
    tenants: Lines | None = None
    flags: Flags | None = None
    impact: ImpactBody | None = None
    symptoms: Lines | None = None
    root_cause: Lines | None = Field(None, description="Findings, one each.")
    temporary: Text | None = Field(None, description="What mitigated it.")
    permanent: Text | None = Field(None, description="What mends it for good.")
    prevention: Text | None = None
    validated: Line | None = Field(None, description="How services were seen to be well again.")
    links: dict[str, str] | None = Field(
        None, max_length=20, description="Added to those that stand; empty removes one."
    )
    assignee: Line | None = None

    def said(self) -> Said:
        """What it comes to."""
        given = {name: getattr(self, name) for name in self.model_fields_set}
        given = {k: tuple(v) if isinstance(v, list) else v for k, v in given.items()}
        if self.impact is not None:
            given["impact"] = self.impact.impact()
        return Said(**given)


class AcknowledgeBody(Body):
    """What to say with it: as an ETA."""

    note: Line = ""


class AdvanceBody(Body):
    """To which stage, or to which status: the stage with which it begins."""

    to: Stage | Status

    @property
    def stage(self) -> Stage:
        """The stage that is meant."""
        return BEGINS[self.to] if isinstance(self.to, Status) else self.to


class ReasonBody(Body):
    """Why."""

    why: Text


class SeverityChange(Body):
    """Which severity, and why."""

    severity: Line
    why: Text


class PersonBody(Body):
    """Who; empty: nobody any more."""

    person: Line


class EntrySpec(Body):
    """What is appended to the timeline."""

    kind: Wrote = Field(Wrote.NOTE, description="note, action, finding, decision or update.")
    text: Text = Field(min_length=1)
    at: AwareDatetime | None = Field(None, description="When it happened; default: now.")
    link: Line = Field("", description="Where the evidence is.")


class ActionSpec(Body):
    """What is to be done, by whom, by when."""

    text: Line = Field(min_length=1)
    owner: Line = ""
    due_at: AwareDatetime | None = None


class TickBody(Body):
    """Whether it is done."""

    done: bool = True
    note: Line = ""


class NoteBody(Body):
    """What to say with it."""

    note: Line = ""


class NoticeBody(Body):
    """What customers are told."""

    text: Text = Field(min_length=1)


class PostmortemBody(Body):
    """What was learnt."""

    summary: Text = ""
    well: Text = Field("", description="What went well.")
    badly: Text = Field("", description="What did not.")
    runbook: Text = Field("", description="What of which runbook was changed because of it.")


class DoneBody(BaseModel):
    """Who did it, and when."""

    at: datetime
    by: str
    note: str


class ItemBody(BaseModel):
    """An item of the checklist."""

    number: int
    text: str
    within_min: int | None
    done: DoneBody | None


class Reviewed(BaseModel):
    """What was learnt, and who approved it."""

    summary: str
    well: str
    badly: str
    runbook: str
    approved: DoneBody | None


class IncidentBody(BaseModel):
    """An incident as it stands."""

    id: str
    tenant: str
    version: int
    title: str
    severity: str
    status: Status
    stage: Stage
    symptom: str
    service: str
    environment: str
    region: str
    kind: str
    source: Source
    about: str = Field(description="What began it, as alert/12.")
    declared_at: datetime
    began_at: datetime
    acknowledged: DoneBody | None
    updated_at: datetime | None
    mitigated_at: datetime | None
    resolved_at: datetime | None
    closed_at: datetime | None = Field(description="When its postmortem was done.")
    duration_s: float = Field(description="Since the trouble began, until it was resolved.")
    services: list[str]
    tenants: list[str]
    flags: list[Flag]
    impact: ImpactBody
    symptoms: list[str]
    root_cause: list[str]
    temporary: str
    permanent: str
    prevention: str
    validated: str
    links: dict[str, str]
    assignee: str
    roles: dict[Role, str]
    war_room: str
    topic: str
    policy: str = Field(description="By which escalation policy somebody is paged.")
    ticket: bool
    priority: str = Field(description="Of its ticket.")
    checklist: list[ItemBody]
    notified_at: datetime | None = Field(description="When customers were told.")
    approval: DoneBody | None = Field(description="Of Legal, that they are.")
    told: dict[str, DoneBody] = Field(description="Regulators that were told.")
    postmortem: Reviewed

    @classmethod
    def of(cls, one: Incident, now: datetime) -> Self:
        row = one.severity
        plain = {
            name: getattr(one, name)
            for name in cls.model_fields
            if name in Incident.__dataclass_fields__ and name not in {"severity", "checklist"}
        }
        return cls.model_validate(
            plain
            | {
                "title": one.title,
                "severity": row.name,
                "status": one.status,
                "duration_s": one.duration(now).total_seconds(),
                "topic": topic(one),
                "policy": row.policy,
                "ticket": row.ticket,
                "priority": row.priority,
                "checklist": [
                    {"number": n, "text": i.text, "within_min": i.within_min, "done": i.done}
                    for n, i in enumerate(one.checklist, 1)
                ],
            },
            from_attributes=True,
        )


class ClockBody(BaseModel):
    """Something that has a time."""

    name: str
    title: str
    due_at: datetime
    done_at: datetime | None
    overdue: bool = Field(description="It should be done by now.")
    breached: bool = Field(description="It was done late, or is late now.")

    @classmethod
    def of(cls, one: Clock, now: datetime) -> Self:
        return cls(
            name=one.name,
            title=one.title,
            due_at=one.due_at,
            done_at=one.done_at,
            overdue=one.is_due(now),
            breached=one.is_breached(now),
        )


class EntryBody(BaseModel):
    """A line of the timeline."""

    number: int
    at: datetime
    kind: Wrote
    by: str = Field(description="The id of who did it; empty: a clock, or a rule.")
    text: str
    link: str


class ActionBody(BaseModel):
    """An action item."""

    incident: str
    number: int
    text: str
    owner: str
    due_at: datetime | None
    made_at: datetime
    done_at: datetime | None
    done_by: str

    @classmethod
    def of(cls, one: ActionItem) -> Self:
        return cls.model_validate(one, from_attributes=True)


class MessageBody(BaseModel):
    """A message about it, and what became of it."""

    id: str
    kind: str
    address: str
    title: str
    state: str
    error: str
    created_at: datetime


class KnowingBody(BaseModel):
    """Who could help, and how they are reached first."""

    name: str
    title: str
    means: str
    address: str


class ChatBody(BaseModel):
    """Its own channel in Slack, of a severity that has a war room."""

    links: list[str] = Field(description="Addresses on the web, one for each workspace.")
    why: str = Field(description="What went wrong last and what to do, or why there is none.")

    @classmethod
    def of(cls, one: Chat) -> Self:
        return cls.model_validate(one, from_attributes=True)


class IncidentAccount(BaseModel):
    """An incident with all that is known of it."""

    incident: IncidentBody
    timeline: list[EntryBody]
    actions: list[ActionBody]
    clocks: list[ClockBody]
    about: list[str]
    messages: list[MessageBody]
    next_stage: Stage | None
    lacks: list[str] = Field(description="What must be recorded before the next stage.")
    proposed: str = Field(description="A worse severity that its flags demand; empty: none.")
    knowing: list[KnowingBody] = Field(description="Contacts that could help.")
    chat: ChatBody | None = Field(description="Its channel in Slack; None: it has none.")

    @classmethod
    def of(cls, found: Account, now: datetime) -> Self:
        return cls(
            incident=IncidentBody.of(found.incident, now),
            timeline=[
                EntryBody.model_validate(one, from_attributes=True) for one in found.timeline
            ],
            actions=[ActionBody.of(one) for one in found.actions],
            clocks=[ClockBody.of(one, now) for one in found.clocks],
            about=found.about,
            messages=[
                MessageBody(
                    id=one.id,
                    kind=one.kind,
                    address=one.address,
                    title=one.content.title,
                    state=one.state,
                    error=one.error,
                    created_at=one.created_at,
                )
                for one in found.messages
            ],
            next_stage=found.following,
            lacks=found.lacks,
            proposed=found.proposed.severity.name if found.proposed else "",
            knowing=[
                KnowingBody(
                    name=one.name,
                    title=one.title,
                    means=one.channels[0].means.value,
                    address=one.channels[0].address,
                )
                for one in found.knowing
            ],
            chat=ChatBody.of(found.chat) if found.chat else None,
        )


class Incidents(BaseModel):
    """Incidents: those that are open first, then the newest."""

    incidents: list[IncidentBody]


class Actions(BaseModel):
    """Action items that are not done."""

    actions: list[ActionBody]


class PaceBody(BaseModel):
    """How fast incidents of a severity were answered and resolved."""

    severity: str
    incidents: int
    acknowledge_s: float | None = Field(description="Mean time to acknowledge; None: none was.")
    resolve_s: float | None = Field(description="Mean time to resolve; None: none was.")


class Paces(BaseModel):
    """How fast incidents were answered, by severity."""

    days: int
    severities: list[PaceBody]
