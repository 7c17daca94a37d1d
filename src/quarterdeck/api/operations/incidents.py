"""/api/v1/incidents: declared, led, told of, learnt from."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any

from fastapi import Path, Query, Response

from quarterdeck.access.principals import service as principals
from quarterdeck.api.operations import incident_bodies as bodies
from quarterdeck.kernel.clock import micros
from quarterdeck.kernel.work import Work
from quarterdeck.operations.incidents.model.incident import Incident, Postmortem, Role
from quarterdeck.operations.incidents.service import (
    alerted,
    declaring,
    describing,
    leading,
    looking,
    noticing,
    noting,
    reviewing,
    roles,
    rooming,
)
from quarterdeck.operations.incidents.service.keeping import (
    ACKNOWLEDGE,
    APPROVE,
    ESCALATE,
    OPEN,
    READ,
    REVIEW,
    SIGN,
    WRITE,
)
from quarterdeck.operations.incidents.service.reporting import FORMS
from quarterdeck.web.deps import InRead, InWork
from quarterdeck.web.paging import InPage
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import api_router

router = api_router(prefix="/incidents", tags=["incidents"])

READS, WRITES = problems(401, 403, 404, 422), problems(401, 403, 404, 409, 422)
MARKDOWN, PDF = "text/markdown; charset=utf-8", "application/pdf"
REPORT: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The incident, as CommonMark or PDF.",
        "content": {
            "text/markdown": {"schema": {"type": "string"}},
            "application/pdf": {"schema": {"type": "string", "format": "binary"}},
        },
    }
}
ONE = "/{incident}"
OfTenant = Annotated[str, Query(max_length=100, description="Only of this tenant.")]
Number = Annotated[int, Path(ge=1, le=10_000)]
Days = Annotated[int, Query(ge=1, le=3660, description="How far to look back.")]
Expected = Annotated[
    int | None, Query(ge=1, le=2**31 - 1, description="Only if it is at this version.")
]


class State(StrEnum):
    """Which incidents."""

    OPEN = "open"
    RESOLVED = "resolved"
    ALL = "all"


class Form(StrEnum):
    """How an incident is written down."""

    BRIEF = "brief"
    TICKET = "ticket"
    POSTMORTEM = "postmortem"


class Format(StrEnum):
    """In what it is written down."""

    MARKDOWN = "markdown"
    PDF = "pdf"


@router.get("", responses=READS, **needs(READ))
def list_incidents(
    work: InRead,
    page: InPage,
    response: Response,
    tenant: OfTenant = "",
    state: State = State.ALL,
    severity: Annotated[str, Query(max_length=100)] = "",
) -> bodies.Incidents:
    """Incidents: those that are open first, then the newest."""
    rows = looking.listed(
        work,
        tenant,
        is_open=None if state is State.ALL else state is State.OPEN,
        severity=severity,
        before=(bool(page.after[0]), int(page.after[1] or 0), str(page.after[2]))
        if page.after
        else None,
        limit=page.fetch,
    )
    shown = page.turn(
        response, rows, lambda one: (int(one.is_open), micros(one.declared_at), one.id)
    )
    return bodies.Incidents(incidents=[bodies.IncidentBody.of(one, work.now) for one in shown])


@router.post("", status_code=201, responses=WRITES, **needs(OPEN))
def declare_incident(
    body: bodies.IncidentSpec, work: InWork, response: Response
) -> bodies.IncidentBody:
    """Declare an incident. 200 where one about the same is open already: that one."""
    made, fresh = declaring.declare(work, body.told())
    response.status_code = 201 if fresh else 200
    return _body(work, made)


@router.post("/from-alert/{alert}", status_code=201, responses=WRITES, **needs(OPEN))
def declare_incident_from_alert(
    alert: int, work: InWork, response: Response, body: bodies.AlertSpec | None = None
) -> bodies.IncidentBody:
    """Declare an incident because of an alert, which says the rest. 200: it has one already."""
    made, fresh = alerted.from_alert(work, alert, severity=body.severity if body else "")
    response.status_code = 201 if fresh else 200
    return _body(work, made)


@router.get("/actions", responses=READS, **needs(READ))
def list_incident_actions(
    work: InRead, page: InPage, response: Response, tenant: OfTenant = ""
) -> bodies.Actions:
    """Action items that are not done, across incidents."""
    after = (str(page.after[0]), int(page.after[1] or 0)) if page.after else ("", 0)
    rows = looking.open_actions(work, tenant, after=after, limit=page.fetch)
    shown = page.turn(response, rows, lambda one: (one.incident, one.number))
    return bodies.Actions(actions=[bodies.ActionBody.of(one) for one in shown])


@router.get("/paces", responses=READS, **needs(READ))
def measure_incidents(work: InRead, tenant: OfTenant = "", days: Days = 30) -> bodies.Paces:
    """How fast incidents were acknowledged (MTTA) and resolved (MTTR), by severity."""
    found = looking.paces(work, tenant, timedelta(days=days))
    return bodies.Paces(
        days=days,
        severities=[
            bodies.PaceBody(
                severity=one.severity,
                incidents=one.many,
                acknowledge_s=one.acknowledge_s,
                resolve_s=one.resolve_s,
            )
            for one in found
        ],
    )


@router.get(ONE, responses=READS, **needs(READ))
def get_incident(incident: str, work: InRead) -> bodies.IncidentAccount:
    """One incident with its timeline, clocks, action items, and what comes next."""
    return bodies.IncidentAccount.of(looking.account(work, incident), work.now)


@router.patch(ONE, responses=WRITES, **needs(WRITE))
def describe_incident(
    incident: str, body: bodies.IncidentChange, work: InWork, expected_version: Expected = None
) -> bodies.IncidentBody:
    """Write down more of an incident: impact, cause, resolution, flags, links."""
    return _body(work, describing.describe(work, incident, body.said(), expected=expected_version))


@router.post(ONE + "/acknowledge", responses=WRITES, **needs(ACKNOWLEDGE))
def acknowledge_incident(
    incident: str, work: InWork, body: bodies.AcknowledgeBody | None = None
) -> bodies.IncidentBody:
    """Say that one is on it; a second time changes nothing."""
    return _body(work, leading.acknowledge(work, incident, body.note if body else ""))


@router.post(ONE + "/advance", responses=WRITES, **needs(WRITE))
def advance_incident(incident: str, body: bodies.AdvanceBody, work: InWork) -> bodies.IncidentBody:
    """Bring it to a later stage, or status. 409 says what must be recorded before."""
    return _body(work, leading.advance(work, incident, body.stage))


@router.post(ONE + "/reopen", responses=WRITES, **needs(WRITE))
def reopen_incident(incident: str, body: bodies.ReasonBody, work: InWork) -> bodies.IncidentBody:
    """Say that it is not over after all, and why."""
    return _body(work, leading.reopen(work, incident, body.why))


@router.post(ONE + "/severity", responses=WRITES, **needs(ESCALATE))
def change_incident_severity(
    incident: str, body: bodies.SeverityChange, work: InWork
) -> bodies.IncidentBody:
    """Say that it is worse, or less bad, and why."""
    return _body(work, leading.change_severity(work, incident, body.severity, body.why))


@router.put(ONE + "/roles/{role}", responses=WRITES, **needs(WRITE))
def assign_incident_role(
    incident: str, role: Role, body: bodies.PersonBody, work: InWork
) -> bodies.IncidentBody:
    """Give a role to a person: ic, tl, cl or scribe."""
    return _body(work, roles.assign(work, incident, role, body.person))


@router.post(ONE + "/entries", responses=WRITES, **needs(READ))
def append_to_incident(incident: str, body: bodies.EntrySpec, work: InWork) -> bodies.IncidentBody:
    """Append to the timeline: for who may write incidents, or has a role in this one."""
    line = noting.Line(kind=body.kind, text=body.text, at=body.at, link=body.link)
    return _body(work, noting.append(work, incident, line))


@router.post(ONE + "/actions", status_code=201, responses=WRITES, **needs(READ))
def add_incident_action(incident: str, body: bodies.ActionSpec, work: InWork) -> bodies.ActionBody:
    """Say what is to be done because of it, by whom, by when."""
    made = noting.add_action(work, incident, body.text, owner=body.owner, due_at=body.due_at)
    return bodies.ActionBody.of(made)


@router.put(ONE + "/actions/{number}", responses=WRITES, **needs(READ))
def tick_incident_action(
    incident: str, number: Number, body: bodies.TickBody, work: InWork
) -> bodies.ActionBody:
    """Have an action item be done, or not any more."""
    return bodies.ActionBody.of(noting.tick_action(work, incident, number, done=body.done))


@router.put(ONE + "/checklist/{number}", responses=WRITES, **needs(READ))
def tick_incident_task(
    incident: str, number: Number, body: bodies.TickBody, work: InWork
) -> bodies.IncidentBody:
    """Have an item of the checklist be done, or not any more."""
    made = noting.tick_task(work, incident, number, done=body.done, note=body.note)
    return _body(work, made)


@router.post(ONE + "/room", responses=WRITES, **needs(WRITE))
def open_incident_room(incident: str, work: InWork) -> bodies.IncidentBody:
    """Open its war room now; one that is open stays."""
    return _body(work, rooming.open_by_hand(work, incident))


@router.put(ONE + "/alerts/{alert}", responses=WRITES, **needs(OPEN))
def link_incident_alert(incident: str, alert: int, work: InWork) -> bodies.IncidentBody:
    """Have an incident be about an alert, too."""
    return _body(work, alerted.link_alert(work, incident, alert))


@router.post(ONE + "/approval", responses=WRITES, **needs(APPROVE))
def approve_incident_notice(
    incident: str, body: bodies.NoteBody, work: InWork
) -> bodies.IncidentBody:
    """Let customers be told, in Legal's name."""
    return _body(work, noticing.approve(work, incident, body.note))


@router.post(ONE + "/notice", responses=WRITES, **needs(READ))
def notify_incident_customers(
    incident: str, body: bodies.NoticeBody, work: InWork, expected_version: Expected = None
) -> bodies.IncidentBody:
    """Tell the customers of the affected tenants: for its communications lead, or commander."""
    made = noticing.notify_customers(work, incident, body.text, expected=expected_version)
    return _body(work, made)


@router.put(ONE + "/regulators/{regulator}", responses=WRITES, **needs(READ))
def tell_incident_regulator(
    incident: str, regulator: str, body: bodies.NoteBody, work: InWork
) -> bodies.IncidentBody:
    """Keep that a regulator was told: GDPR, HIPAA or SOC 2."""
    return _body(work, noticing.tell_regulator(work, incident, regulator, body.note))


@router.put(ONE + "/postmortem", responses=WRITES, **needs(REVIEW))
def write_incident_postmortem(
    incident: str, body: bodies.PostmortemBody, work: InWork
) -> bodies.IncidentBody:
    """Write down what was learnt."""
    return _body(work, reviewing.review(work, incident, Postmortem(**body.model_dump())))


@router.post(ONE + "/close", responses=WRITES, **needs(REVIEW))
def close_incident(incident: str, work: InWork) -> bodies.IncidentBody:
    """End its postmortem. 409 says what it lacks."""
    return _body(work, reviewing.close(work, incident))


@router.post(ONE + "/sign", responses=WRITES, **needs(SIGN))
def sign_incident_postmortem(incident: str, work: InWork) -> bodies.IncidentBody:
    """Approve its postmortem."""
    return _body(work, reviewing.sign(work, incident))


@router.get(ONE + "/report", responses=READS | REPORT, **needs(READ))
def report_incident(
    incident: str,
    work: InRead,
    form: Form = Form.TICKET,
    format: Format = Format.MARKDOWN,  # noqa: A002  as the query calls it
) -> Response:
    """The incident as Markdown or PDF: a brief report, a ticket, or a postmortem.

    One state of it has the same bytes each time.
    """
    found = looking.account(work, incident)
    text = FORMS[form.value](found, work.now, names_of(work))
    if format is Format.MARKDOWN:
        return Response(text, media_type=MARKDOWN)
    from quarterdeck.operations.incidents.paper.printing import (  # noqa: PLC0415  0.3 s to import
        printed,
    )

    name = f"{found.incident.id}-{form.value}"
    shown = {"Content-Disposition": f'inline; filename="{name}.pdf"'}
    return Response(printed(text, name).content, media_type=PDF, headers=shown)


def names_of(work: Work) -> dict[str, str]:
    """Names of people by their ids, for who may see them."""
    held = any(permission == "principals:read" for permission, _ in work.actor.grants)
    return {one.id: one.name for one in principals.visible(work)} if held else {}


def _body(work: Work, made: Incident) -> bodies.IncidentBody:
    return bodies.IncidentBody.of(made, work.now)
