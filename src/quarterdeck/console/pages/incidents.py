"""/incidents: those that are open first; and the room of one: what, since when, how bad, who."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Annotated

import msgspec
from fastapi import Form, Query, Request
from starlette.responses import HTMLResponse, Response

from quarterdeck.console.fields import by_commas
from quarterdeck.console.frame import Frame, InFrame, changing, looking, see
from quarterdeck.kernel.errors import Conflict, Invalid
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.work import Actor, Work
from quarterdeck.operations.cards import service as cards
from quarterdeck.operations.incidents.model.clocks import due
from quarterdeck.operations.incidents.model.faults import IncidentChanged, NotTheirRole
from quarterdeck.operations.incidents.model.incident import (
    TITLES,
    Impact,
    Incident,
    Postmortem,
    Role,
)
from quarterdeck.operations.incidents.model.rooms import topic
from quarterdeck.operations.incidents.model.stage import STAGES, Stage
from quarterdeck.operations.incidents.model.timeline import BY_HAND, Wrote
from quarterdeck.operations.incidents.service import (
    alerted,
    composing,
    declaring,
    describing,
    leading,
    noticing,
    noting,
    reviewing,
    roles,
    rooming,
    updating,
)
from quarterdeck.operations.incidents.service import looking as incidents
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
from quarterdeck.operations.messages.model import Message
from quarterdeck.operations.severities import service as severities
from quarterdeck.operations.severities.model import Flag
from quarterdeck.web.deps import By
from quarterdeck.web.paging import InPage
from quarterdeck.web.permissions import needs
from quarterdeck.web.routes import Router

router = Router(include_in_schema=False)

HERE = "/incidents"
ONE = HERE + "/{incident}"
REFUSED = 422
MARKS = ("critical", "warning", "unknown")
Short = Annotated[str, Form(max_length=1000)]
Long = Annotated[str, Form(max_length=20_000)]
Ticked = Annotated[bool, Form()]
Number = Annotated[int, Form(ge=0, le=100_000_000)]
TODO = 20
SHOWN = ("open", "resolved", "all")


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """What the form of an update says, and what came of looking at it.

    Attributes:
        notice: what the form of a notice to customers says.
    """

    text: str = ""
    audiences: tuple[str, ...] = ()
    drafts: tuple[updating.Draft, ...] = ()
    notice: str = ""

    @property
    def digest(self) -> str:
        """Of what is sent, and to whom: lines end in forms as the browser would have it."""
        said = ["\n".join(self.text.strip().splitlines()), sorted(self.audiences)]
        return sha256(msgspec.json.encode(said)).hexdigest()


NOTHING = Update()


@router.get(HERE, response_class=HTMLResponse, **needs(READ))
def listed(
    frame: InFrame,
    page: InPage,
    state: Annotated[str, Query(max_length=20)] = "all",
) -> HTMLResponse:
    """Incidents: what is open first, each with severity, since when, commander, what is late."""
    return _list(frame, page.limit, state)


@router.post(HERE, response_class=HTMLResponse, **needs(OPEN))
def declare(  # noqa: PLR0913, PLR0917  each a field of the form
    request: Request,
    actor: By,
    of: Short = PLATFORM,
    symptom: Short = "",
    severity: Short = "",
    service: Short = "",
    affected: Short = "",
    alert: Number = 0,
) -> Response:
    """Declare an incident; what is refused is said beside the form."""
    told = declaring.Told(
        tenant=of,
        symptom=symptom.strip(),
        severity=severity,
        service=service.strip(),
        tenants=by_commas(affected),
    )
    try:
        with changing(request, actor) as work:
            made, _ = alerted.from_alert(work, alert) if alert else declaring.declare(work, told)
    except (Invalid, Conflict) as refusal:
        with looking(request, actor) as frame:
            return _list(frame, 50, "all", str(refusal))
    return see(f"{HERE}/{made.id}")


@router.get(ONE, response_class=HTMLResponse, **needs(READ))
def room(frame: InFrame, incident: str) -> HTMLResponse:
    """One incident on one page."""
    return _room(frame, incident)


@router.post(ONE + "/acknowledge", response_class=HTMLResponse, **needs(ACKNOWLEDGE))
def acknowledge(request: Request, actor: By, incident: str, note: Short = "") -> Response:
    """Say that one is on it."""
    return _done(request, actor, incident, lambda work: leading.acknowledge(work, incident, note))


@router.post(ONE + "/advance", response_class=HTMLResponse, **needs(WRITE))
def advance(
    request: Request,
    actor: By,
    incident: str,
    to: Annotated[Stage, Form()] = Stage.TRIAGE,
) -> Response:
    """Bring it to a later stage."""
    return _done(request, actor, incident, lambda work: leading.advance(work, incident, to))


@router.post(ONE + "/reopen", response_class=HTMLResponse, **needs(WRITE))
def reopen(request: Request, actor: By, incident: str, reason: Long = "") -> Response:
    """Say that it is not over after all, and why."""
    return _done(request, actor, incident, lambda work: leading.reopen(work, incident, reason))


@router.post(ONE + "/severity", response_class=HTMLResponse, **needs(ESCALATE))
def severity(
    request: Request, actor: By, incident: str, word: Short = "", reason: Long = ""
) -> Response:
    """Say that it is worse, or less bad, and why."""
    return _done(
        request,
        actor,
        incident,
        lambda work: leading.change_severity(work, incident, word, reason),
    )


@router.post(ONE + "/entries", response_class=HTMLResponse, **needs(READ))
def append(
    request: Request,
    actor: By,
    incident: str,
    wrote: Annotated[Wrote, Form()] = Wrote.NOTE,
    text: Long = "",
) -> Response:
    """Append to the timeline."""
    line = noting.Line(kind=wrote, text=text)
    return _done(request, actor, incident, lambda work: noting.append(work, incident, line))


@router.post(ONE + "/roles", response_class=HTMLResponse, **needs(WRITE))
def assign(
    request: Request,
    actor: By,
    incident: str,
    post: Annotated[Role, Form()] = Role.IC,
    who: Short = "",
) -> Response:
    """Give a role to a person; ``me`` is the actor."""
    person = actor.id if who.strip() == "me" else who
    return _done(request, actor, incident, lambda work: roles.assign(work, incident, post, person))


@router.post(ONE + "/actions", response_class=HTMLResponse, **needs(READ))
def add_action(
    request: Request, actor: By, incident: str, text: Short = "", owner: Short = ""
) -> Response:
    """Say what is to be done because of it."""
    return _done(
        request,
        actor,
        incident,
        lambda work: noting.add_action(work, incident, text, owner=owner),
    )


@router.post(ONE + "/tick", response_class=HTMLResponse, **needs(READ))
def tick(
    request: Request,
    actor: By,
    incident: str,
    task: Number = 0,
    action: Number = 0,
    undone: Ticked = False,  # noqa: FBT002  a field of the form
) -> Response:
    """Tick an item of the checklist, or an action item."""

    def use(work: Work) -> object:
        if action:
            return noting.tick_action(work, incident, action, done=not undone)
        return noting.tick_task(work, incident, task, done=not undone)

    return _done(request, actor, incident, use)


@router.post(ONE + "/describe", response_class=HTMLResponse, **needs(WRITE))
def describe(  # noqa: PLR0913, PLR0917  each a field of the form
    request: Request,
    actor: By,
    incident: str,
    services: Short = "",
    affected: Short = "",
    outage: Ticked = False,  # noqa: FBT002
    partial: Ticked = False,  # noqa: FBT002
    partial_words: Short = "",
    damaged: Ticked = False,  # noqa: FBT002
    slow: Ticked = False,  # noqa: FBT002
    users: Short = "",
    customers: Short = "",
    integrity: Short = "",
    flag: Annotated[list[Flag] | None, Form()] = None,
    symptoms: Long = "",
    assignee: Short = "",
    expected: Number = 0,
) -> Response:
    """Write down whom it touches, and how."""
    impact = Impact(
        outage=outage,
        partial=partial,
        partial_words=partial_words,
        data=damaged,
        performance=slow,
        users=users,
        tenants=customers,
        integrity=integrity,
    )
    said = describing.Said(
        services=by_commas(services),
        tenants=by_commas(affected),
        impact=impact,
        flags=tuple(flag or ()),
        symptoms=_lines(symptoms),
        assignee=assignee.strip(),
    )
    return _said(request, actor, incident, said, expected)


@router.post(ONE + "/resolution", response_class=HTMLResponse, **needs(WRITE))
def resolution(  # noqa: PLR0913, PLR0917  each a field of the form
    request: Request,
    actor: By,
    incident: str,
    causes: Long = "",
    temporary: Long = "",
    permanent: Long = "",
    prevention: Long = "",
    validated: Short = "",
    expected: Number = 0,
) -> Response:
    """Write down why it was, and what mended it."""
    said = describing.Said(
        root_cause=_lines(causes),
        temporary=temporary.strip(),
        permanent=permanent.strip(),
        prevention=prevention.strip(),
        validated=validated.strip(),
    )
    return _said(request, actor, incident, said, expected)


@router.post(ONE + "/room", response_class=HTMLResponse, **needs(WRITE))
def open_room(request: Request, actor: By, incident: str) -> Response:
    """Open its war room now."""
    return _done(request, actor, incident, lambda work: rooming.open_by_hand(work, incident))


@router.post(ONE + "/approval", response_class=HTMLResponse, **needs(APPROVE))
def approve(request: Request, actor: By, incident: str, note: Short = "") -> Response:
    """Let customers be told, in Legal's name."""
    return _done(request, actor, incident, lambda work: noticing.approve(work, incident, note))


@router.post(ONE + "/notice", response_class=HTMLResponse, **needs(READ))
def notify(
    request: Request, actor: By, incident: str, text: Long = "", expected: Number = 0
) -> Response:
    """Tell the customers of the affected tenants."""
    return _done(
        request,
        actor,
        incident,
        lambda work: noticing.notify_customers(work, incident, text, expected=expected or None),
        Update(notice=text),
    )


@router.get(ONE + "/{form}", response_class=HTMLResponse, **needs(READ))
def answered(frame: InFrame, incident: str) -> HTMLResponse:
    """The room again, where a form was refused or previewed: what of it is live is asked for here.

    It is shown and not led to: what refreshes a page takes a redirect for the sign-in page.
    """
    return _room(frame, incident)


@router.post(ONE + "/updates", response_class=HTMLResponse, **needs(READ))
def update(  # noqa: PLR0913, PLR0917  each a field of the form
    request: Request,
    actor: By,
    incident: str,
    audience: Annotated[list[str] | None, Form()] = None,
    text: Long = "",
    send: Ticked = False,  # noqa: FBT002
    expected: Number = 0,
    seen: Short = "",
) -> Response:
    """Tell audiences what is new; before ``send``, show what each would be told, and by what.

    ``expected`` and ``seen`` are of what was shown: nothing else is sent, and that once.
    """
    said = Update(text=text, audiences=tuple(audience or ()))

    def use(work: Work) -> object:
        if seen != said.digest:
            raise IncidentChanged("not what was shown would be sent: look at it again")
        return updating.post_update(work, incident, text, said.audiences, expected=expected)

    if send:
        return _done(request, actor, incident, use, said)
    with looking(request, actor) as frame:
        try:
            drafts = updating.preview(frame.work, incident, text, said.audiences)
        except (Invalid, Conflict) as refusal:
            return _room(frame, incident, str(refusal), said)
        return _room(frame, incident, said=replace(said, drafts=tuple(drafts)))


@router.post(ONE + "/postmortem", response_class=HTMLResponse, **needs(REVIEW))
def postmortem(  # noqa: PLR0913, PLR0917  each a field of the form
    request: Request,
    actor: By,
    incident: str,
    summary: Long = "",
    well: Long = "",
    badly: Long = "",
    runbook: Long = "",
    close: Ticked = False,  # noqa: FBT002
) -> Response:
    """Write down what was learnt; ``close`` ends the postmortem."""
    said = Postmortem(summary=summary, well=well, badly=badly, runbook=runbook)

    def use(work: Work) -> object:
        reviewing.review(work, incident, said)
        return reviewing.close(work, incident) if close else None

    return _done(request, actor, incident, use)


@router.post(ONE + "/sign", response_class=HTMLResponse, **needs(SIGN))
def sign(request: Request, actor: By, incident: str) -> Response:
    """Approve the postmortem."""
    return _done(request, actor, incident, lambda work: reviewing.sign(work, incident))


def _said(
    request: Request, actor: Actor, incident: str, said: describing.Said, expected: int
) -> Response:
    return _done(
        request,
        actor,
        incident,
        lambda work: describing.describe(work, incident, said, expected=expected or None),
    )


def _done(
    request: Request,
    actor: Actor,
    incident: str,
    use: Callable[[Work], object],
    said: Update = NOTHING,
) -> Response:
    """Do it and come back; what is refused is said on the page, and nothing has changed."""
    try:
        with changing(request, actor) as work:
            use(work)
    except (Invalid, Conflict, NotTheirRole) as refusal:
        with looking(request, actor) as frame:
            return _room(frame, incident, str(refusal), said)
    return see(f"{HERE}/{incident}")


def _list(frame: Frame, limit: int, state: str, why: str = "") -> HTMLResponse:
    chosen = state if state in SHOWN else "all"
    is_open = None if chosen == "all" else chosen == "open"
    found = incidents.listed(frame.work, frame.shell.tenant, is_open=is_open, limit=limit)
    live = incidents.listed(frame.work, frame.shell.tenant, is_open=True, limit=limit + 1)
    marks = _marks(frame, [*found, *live])
    tenant = frame.shell.tenant or PLATFORM
    return frame.show(
        "incidents.html",
        REFUSED if why else 200,
        found=found,
        live=live[:limit],
        more=len(live) > limit,
        worst=min((marks[one.id] for one in live), key=MARKS.index, default="ok"),
        state=chosen,
        states=SHOWN,
        marks_of=marks,
        late={one.id: due(one, frame.work.now) for one in found if one.is_open},
        todo=incidents.open_actions(frame.work, frame.shell.tenant, limit=TODO + 1),
        most=TODO,
        names=severities.ladder(frame.work.db, tenant).severities,
        people=frame.people(),
        refused=why,
    )


def _room(frame: Frame, incident: str, refused: str = "", said: Update = NOTHING) -> HTMLResponse:
    found = incidents.account(frame.work, incident)
    one = found.incident
    return frame.show(
        "incident.html",
        REFUSED if refused else 200,
        found=found,
        one=one,
        mark=_marks(frame, [one])[one.id],
        cards=cards.beside(
            frame.work, one.tenant, frozenset({one.severity.name, *one.severity.aliases})
        ),
        topic=topic(one),
        stages=STAGES,
        place=STAGES.index(one.stage),
        titles=TITLES,
        kinds=[kind.value for kind in BY_HAND],
        ladder=severities.ladder(frame.work.db, one.tenant),
        flags=list(Flag),
        people=frame.people(),
        refused=refused,
        tenant=one.tenant,
        others=_told_besides(found),
        audiences=[chosen.audience for chosen in composing.every(frame.work, one)],
        said=said,
    )


def _told_besides(found: incidents.Account) -> list[Message]:
    """What was told about it, but to audiences: that stands with their words."""
    own = {way.message for one in found.bulletins for way in one.deliveries}
    return [message for message in found.messages if message.id not in own]


def _marks(frame: Frame, found: list[Incident]) -> dict[str, str]:
    """How bad each is, in the console's three marks."""
    ladders = {one.tenant: severities.ladder(frame.work.db, one.tenant) for one in found}
    ranks = {one.id: ladders[one.tenant].rank(one.severity.name) for one in found}
    return {
        one.id: MARKS[min(ranks[one.id], len(MARKS) - 1)] if one.is_open else "ok" for one in found
    }


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())
