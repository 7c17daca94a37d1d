"""/pages: who is wanted, mine first; and /p/SECRET, by which whoever was told answers."""

from dataclasses import replace
from typing import Annotated

from fastapi import Form, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from quarterdeck.console import preferences
from quarterdeck.console.frame import InFrame, see
from quarterdeck.kernel.errors import NotFound
from quarterdeck.kernel.work import Actor, Work, begin, read
from quarterdeck.operations.escalation.model.faults import PageEnded
from quarterdeck.operations.escalation.model.page import Page, PageState
from quarterdeck.operations.escalation.service import answering, linked, looking
from quarterdeck.operations.escalation.service.answering import ACKNOWLEDGE
from quarterdeck.operations.escalation.service.linked import Opened
from quarterdeck.operations.escalation.service.looking import READ
from quarterdeck.web.deps import Installation, InWork
from quarterdeck.web.paging import InPage
from quarterdeck.web.permissions import needs
from quarterdeck.web.routes import Router

router = Router(include_in_schema=False)

HERE = "/pages"
BY_LINK = "/p/{secret}"
NOBODY = Actor("page-link", frozenset())
OK, GONE, NOT_FOUND = 200, 410, 404
PAST = 20
KINDS = {"SEV-1": "critical", "SEV-2": "critical", "SEV-3": "warning", "SEV-4": "unknown"}
Minutes = Annotated[int, Form(ge=0, le=10_000)]


@router.get(HERE, response_class=HTMLResponse, **needs(READ))
def listed(frame: InFrame, page: InPage) -> HTMLResponse:
    """Pages that are not resolved, one's own first."""
    work, tenant = frame.work, frame.shell.tenant
    before = str(page.after[0]) if page.after else ""
    found = looking.listed(work, tenant, states=looking.OPEN, before=before, limit=page.fetch)
    shown = found[: page.limit]
    mine, standing = looking.mine(work, shown), looking.standing(work, tenant)
    return frame.show(
        "pages.html",
        shown=sorted(shown, key=lambda one: (one.id not in mine, _weight(one))),
        mine=mine,
        late=looking.lates(work, shown),
        wanting=standing[PageState.OPEN],
        many=sum(standing.values()),
        past=looking.listed(work, tenant, states=(PageState.RESOLVED,), limit=PAST),
        following=page.next((shown[-1].id,)) if len(found) > page.limit else "",
        kinds=KINDS,
        people=frame.people(),
        heartbeat=frame.runtime.settings.heartbeat_url,
        fallback=frame.runtime.settings.fallback_channel,
    )


@router.get(HERE + "/{page}", response_class=HTMLResponse, **needs(READ))
def one(frame: InFrame, page: str) -> HTMLResponse:
    """One page: what, since when, who was told, who is next, who answers."""
    found = looking.account(frame.work, page)
    return frame.show(
        "page.html",
        found=found,
        page=found.page,
        mine=bool(looking.mine(frame.work, [found.page])),
        kind=KINDS[found.page.severity],
        people=frame.people(),
    )


@router.post(HERE + "/{page}/acknowledge", **needs(ACKNOWLEDGE))
def acknowledge(work: InWork, page: str, eta_min: Minutes = 0) -> RedirectResponse:
    """Say that one looks after a page."""
    answering.acknowledge(work, page, means="console", eta_min=eta_min or None)
    return see(f"{HERE}/{page}")


@router.post(HERE + "/{page}/resolve", **needs(ACKNOWLEDGE))
def resolve(work: InWork, page: str) -> RedirectResponse:
    """Say that a page wants nobody any more."""
    answering.resolve(work, page)
    return see(f"{HERE}/{page}")


@router.get(BY_LINK, response_class=HTMLResponse)
def ask(request: Request, runtime: Installation, secret: str) -> Response:
    """Ask whoever was told whether they answer. Mail scanners come here too: it changes nothing."""
    with read(runtime.engine, NOBODY, runtime.clock, request.state.request_id) as work:
        opened = _looked(work, secret)
    if opened is None:
        return _said(request, None, "", NOT_FOUND)
    return _said(request, opened, secret, OK if opened.usable else GONE)


@router.post(BY_LINK, response_class=HTMLResponse)
def answer(request: Request, runtime: Installation, secret: str) -> Response:
    """Acknowledge the page as whoever got the secret, which opens nothing more."""
    by = (runtime.clock, request.state.request_id)
    with read(runtime.engine, NOBODY, *by) as look:
        opened = _looked(look, secret)
    if opened is None:
        return _said(request, None, "", NOT_FOUND)
    try:
        with begin(runtime.engine, linked.actor_of(opened), *by) as work:
            page = linked.answer(work, secret)
    except PageEnded:
        return _said(request, opened, "", GONE)
    return _said(request, replace(opened, page=page), "", OK)


def _looked(work: Work, secret: str) -> Opened | None:
    try:
        return linked.look(work, secret)
    except NotFound:
        return None


def _said(request: Request, opened: Opened | None, secret: str, status: int) -> HTMLResponse:
    """What the link came to; with a form where ``secret`` can still be used."""
    page = request.app.state.console.get_template("pages/page_link.html")
    text = page.render(
        opened=opened,
        page=opened.page if opened else None,
        secret=secret if status == OK else "",
        kind=KINDS[opened.page.severity] if opened else "unknown",
        preferences=preferences.of(request),
        path=request.url.path,
    )
    return HTMLResponse(
        text, status, {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    )


def _weight(page: Page) -> tuple[bool, str, str]:
    return page.state is not PageState.OPEN, page.severity, page.id
