"""/status/SLUG/subscribe and what hangs beside it: strangers ask for mails, and end them.

Links in mails are followed by machines that look for harm: by GET nothing changes.
"""

from typing import Annotated

from fastapi import Form, Request
from starlette.responses import HTMLResponse, Response

from quarterdeck.console.pages.status_public import (
    HERE,
    STRANGER,
    Slug,
    headers_of,
    links_of,
    rendered,
)
from quarterdeck.kernel.work import Work, begin, read
from quarterdeck.operations.statuspage.model.faults import LinkExpired, UnusableStatusPage
from quarterdeck.operations.statuspage.model.page import Kept
from quarterdeck.operations.statuspage.service import public, subscribing
from quarterdeck.runtime import Runtime
from quarterdeck.web.deps import Installation
from quarterdeck.web.routes import Router

router = Router(include_in_schema=False)

OK, GONE, REFUSED = 200, 410, 422
CONFIRM, LEAVE = HERE + "/confirm/{token}", HERE + "/unsubscribe/{token}"
SENT = (
    "If that is an address of yours, a mail is on its way to it: follow its link within two days."
)
TOO_OLD = "This link is cut off or too old. Ask for a new one on the status page."
NO_MAILS = "This installation sends no mails: its own address (base_url) is not set."


@router.post(HERE + "/subscribe", response_class=HTMLResponse)
def subscribe(
    request: Request,
    runtime: Installation,
    slug: Slug,
    email: Annotated[str, Form(max_length=254)] = "",
) -> Response:
    """Ask an address whether it is meant. The answer is the same whichever it is."""
    links = links_of(runtime)
    with begin(runtime.engine, STRANGER, runtime.clock, request.state.request_id) as work:
        kept = public.published(work, slug)
        if not links.url:
            return _said(request, work, kept, NO_MAILS, REFUSED)
        try:
            subscribing.ask(work, kept, email, links)
        except UnusableStatusPage as refusal:
            return _said(request, work, kept, str(refusal), REFUSED)
        return _said(request, work, kept, SENT)


@router.get(CONFIRM, response_class=HTMLResponse)
def ask_confirm(request: Request, runtime: Installation, slug: Slug, token: str) -> Response:
    """Ask whether they meant it."""
    with read(runtime.engine, STRANGER, runtime.clock, request.state.request_id) as work:
        kept = public.published(work, slug)
        try:
            subscribing.look(work, token)
        except LinkExpired:
            return _said(request, work, kept, TOO_OLD, GONE)
        words = f"Be told by mail when {kept.page.title} changes?"
        return _said(request, work, kept, words, button="Yes, tell me")


@router.post(CONFIRM, response_class=HTMLResponse)
def confirm(request: Request, runtime: Installation, slug: Slug, token: str) -> Response:
    """Have them be told from now on."""
    with begin(runtime.engine, STRANGER, runtime.clock, request.state.request_id) as work:
        kept = public.published(work, slug)
        try:
            subscribing.confirm(work, token)
        except LinkExpired:
            return _said(request, work, kept, TOO_OLD, GONE)
        return _said(request, work, kept, "Done. Each mail has a link that ends this.")


@router.get(LEAVE, response_class=HTMLResponse)
def ask_leave(request: Request, runtime: Installation, slug: Slug, token: str) -> Response:
    """Ask whether they want no more mails."""
    with read(runtime.engine, STRANGER, runtime.clock, request.state.request_id) as work:
        kept = _of_mail(work, runtime, slug, token)
        words = f"Get no more mails about {kept.page.title}?"
        return _said(request, work, kept, words, button="No more mails")


@router.post(LEAVE, response_class=HTMLResponse)
def leave(request: Request, runtime: Installation, slug: Slug, token: str) -> Response:
    """Forget them; also by the one press of a mail program (RFC 8058). Twice is once."""
    with begin(runtime.engine, STRANGER, runtime.clock, request.state.request_id) as work:
        kept = _of_mail(work, runtime, slug, token)
        subscribing.leave(work, token, links_of(runtime))
        return _said(request, work, kept, "Done. You get no more mails.")


def _of_mail(work: Work, runtime: Runtime, slug: str, token: str) -> Kept:
    """The page of whoever has the link: to them also where it is not published any more."""
    known = subscribing.leaving(work, token, links_of(runtime))
    return public.published(work, slug) if known is None else public.of_subscriber(work, known)


def _said(
    request: Request,
    work: Work,
    kept: Kept,
    words: str,
    status: int = OK,
    *,
    button: str = "",
) -> HTMLResponse:
    text = rendered(
        request,
        "said.html",
        kept,
        work.now,
        said=words,
        button=button,
        path=request.url.path,
    )
    headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return HTMLResponse(text, status, headers_of(request.app.state.console) | headers)
