"""/api/v1/pages: who is wanted, who was told, and who answers."""

from datetime import timedelta
from typing import Annotated

from fastapi import Query, Response
from pydantic import AwareDatetime

from quarterdeck.api.operations.page_bodies import (
    Answer,
    End,
    NewPage,
    PageAccount,
    PageBody,
    PageChange,
    Pages,
    WokenByAlert,
)
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.operations.escalation.model.page import PageState
from quarterdeck.operations.escalation.service import answering, desk, looking
from quarterdeck.operations.escalation.service.answering import ACKNOWLEDGE
from quarterdeck.operations.escalation.service.desk import OPEN
from quarterdeck.operations.escalation.service.looking import READ
from quarterdeck.operations.escalation.service.waking import ONCALL
from quarterdeck.operations.routing.service import waking
from quarterdeck.web.deps import InRead, InWork
from quarterdeck.web.paging import InPage
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import api_router

router = api_router(prefix="/pages", tags=["pages"])

READS, WRITES = problems(401, 403, 404, 422), problems(401, 403, 404, 409, 422)
OfTenant = Annotated[str, Query(max_length=100, description="Only of this tenant.")]


@router.get("", responses=READS, **needs(READ))
def list_pages(
    work: InRead,
    page: InPage,
    response: Response,
    tenant: OfTenant = "",
    state: Annotated[
        list[PageState] | None, Query(description="Repeat it; default: not resolved.")
    ] = None,
) -> Pages:
    """Pages, newest first; those that are not resolved, unless others are asked for."""
    before = str(page.after[0]) if page.after else ""
    rows = looking.listed(
        work, tenant, states=state or looking.OPEN, before=before, limit=page.fetch
    )
    shown = page.turn(response, rows, lambda one: (one.id,))
    return Pages(pages=[PageBody.of(one) for one in shown])


@router.post("", status_code=201, responses=WRITES, **needs(OPEN))
def open_page(body: NewPage, work: InWork) -> PageBody:
    """Page somebody under a policy, which is frozen in the page."""
    work.require(OPEN, body.tenant)
    return PageBody.of(desk.open_by_hand(work, body.tenant, body.policy, body.what(), key=body.key))


@router.get("/who-is-woken", responses=READS, **needs(ONCALL))
def who_is_woken_by_alert(
    work: InRead,
    tenant: OfTenant = "",
    alert: Annotated[int | None, Query(ge=1, description="One that is there.")] = None,
    label: Annotated[
        list[Annotated[str, Query(max_length=500)]] | None,
        Query(max_length=50, description="NAME=VALUE of an alert that might be; repeat it."),
    ] = None,
    at: Annotated[AwareDatetime | None, Query(description="Default: now.")] = None,
    days: Annotated[int, Query(ge=1, le=366)] = 14,
) -> WokenByAlert:
    """Who is woken by an alert: its routes, their policies, who these reach, and holes."""
    of = tenant or PLATFORM
    work.require(ONCALL, of)
    since, ahead = at or work.now, timedelta(days=days)
    if alert is None:
        pairs = [one.partition("=") for one in label or ()]
        labels = {name.strip(): value.strip() for name, _, value in pairs}
        found = waking.by_labels(work, of, labels, since, ahead)
    else:
        found = waking.by_alert(work, alert, since, ahead)
    return WokenByAlert.told(found, since)


@router.get("/{page}", responses=READS, **needs(READ))
def get_page(page: str, work: InRead) -> PageAccount:
    """One page: what was promised, what was kept of it, and who answers."""
    return PageAccount.told(looking.account(work, page))


@router.post("/{page}/acknowledge", responses=WRITES, **needs(ACKNOWLEDGE))
def acknowledge_page(page: str, work: InWork, body: Answer | None = None) -> PageBody:
    """Say that one looks after a page, and the alerts that it is about. Once is enough."""
    by, eta_min = (body.by, body.eta_min) if body else ("", None)
    done = answering.acknowledge(work, page, by=by, means="api", eta_min=eta_min)
    return PageBody.of(done)


@router.post("/{page}/resolve", responses=WRITES, **needs(ACKNOWLEDGE))
def resolve_page(page: str, work: InWork, body: End | None = None) -> PageBody:
    """Say that a page wants nobody any more; its alerts are resolved too."""
    return PageBody.of(answering.resolve(work, page, by=body.by if body else ""))


@router.post("/{page}/change", responses=WRITES, **needs(OPEN))
def change_page(page: str, body: PageChange, work: InWork) -> PageBody:
    """Have a page be of another severity, of other flags: what has not happened is planned anew."""
    flags = None if body.flags is None else frozenset(body.flags)
    return PageBody.of(
        desk.change_by_hand(work, page, severity=body.severity, flags=flags, why=body.why)
    )
