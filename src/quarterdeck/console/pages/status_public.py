"""/status and /status/SLUG: a published status page for people, open to all, without script.

No session and no cookie. Its style stands in the page, so that a copy of the one file is whole.
"""

from base64 import b64encode
from datetime import datetime
from hashlib import sha256
from typing import Annotated, Any

from fastapi import Path, Request
from jinja2 import Environment
from starlette.responses import HTMLResponse, Response

from quarterdeck.kernel.clock import rfc3339
from quarterdeck.kernel.work import Actor, read
from quarterdeck.operations.statuspage.model.component import Status
from quarterdeck.operations.statuspage.model.page import Kept
from quarterdeck.operations.statuspage.model.words import MAX_NAME
from quarterdeck.operations.statuspage.service import public
from quarterdeck.operations.statuspage.service.linking import Links
from quarterdeck.operations.statuspage.service.public import View
from quarterdeck.runtime import Runtime
from quarterdeck.web.deps import Installation
from quarterdeck.web.etags import etag_of, kept_for
from quarterdeck.web.routes import Router

router = Router(include_in_schema=False)

HERE = "/status/{slug}"
STRANGER = Actor("status-page", frozenset())
HTML = "text/html"
STYLE = "status/style.css"
WORDS = {
    Status.OPERATIONAL: "Operational",
    Status.MAINTENANCE: "Under maintenance",
    Status.DEGRADED: "Degraded performance",
    Status.PARTIAL: "Partial outage",
    Status.MAJOR: "Major outage",
}
KINDS = {
    Status.OPERATIONAL: "ok",
    Status.MAINTENANCE: "running",
    Status.DEGRADED: "warning",
    Status.PARTIAL: "warning",
    Status.MAJOR: "critical",
}
LEVELS = {
    "none": "ok",
    "maintenance": "running",
    "minor": "warning",
    "major": "warning",
    "critical": "critical",
    None: "unknown",
}
Slug = Annotated[str, Path(max_length=MAX_NAME)]


@router.get("/status", response_class=HTMLResponse)
def platform_page(request: Request, runtime: Installation) -> Response:
    """The platform's own page."""
    with read(runtime.engine, STRANGER, runtime.clock, request.state.request_id) as work:
        view = public.view(work, public.platform(work))
    return _kept(request, "page.html", view.kept, view)


@router.get(HERE, response_class=HTMLResponse)
def page(request: Request, runtime: Installation, slug: Slug) -> Response:
    """A tenant's page."""
    with read(runtime.engine, STRANGER, runtime.clock, request.state.request_id) as work:
        view = public.view(work, public.published(work, slug))
    return _kept(request, "page.html", view.kept, view)


@router.get(HERE + "/posts/{post_id}", response_class=HTMLResponse)
def post(request: Request, runtime: Installation, slug: Slug, post_id: str) -> Response:
    """One post with all that was said."""
    with read(runtime.engine, STRANGER, runtime.clock, request.state.request_id) as work:
        view = public.view(work, public.published(work, slug))
        one = public.post(work, view.kept, post_id)
    return _kept(request, "post.html", view.kept, view, one=one)


def links_of(runtime: Runtime) -> Links:
    """How links in mails are made."""
    settings = runtime.settings
    return Links(url=settings.base_url.rstrip("/"), secret=settings.secret)


def headers_of(templates: Environment) -> dict[str, str]:
    """What holds for every page here: its own style and forms, and nothing else."""
    style = templates.get_template(STYLE).render()
    digest = b64encode(sha256(style.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
    return {"Content-Security-Policy": policy}


def rendered(request: Request, template: str, kept: Kept, now: datetime, **values: Any) -> str:  # noqa: ANN401
    """A page for strangers, made now."""
    runtime: Runtime = request.app.state.runtime
    templates: Environment = request.app.state.console
    return templates.get_template(f"status/{template}").render(
        kept=kept,
        here=f"/status/{kept.page.slug}",
        made=_second(now),
        mails=bool(runtime.settings.base_url),
        words=WORDS,
        kinds=KINDS,
        levels=LEVELS,
        **values,
    )


def _kept(request: Request, template: str, kept: Kept, view: View, **values: Any) -> Response:  # noqa: ANN401
    text = rendered(request, template, kept, view.now, view=view, **values)
    tag = etag_of(text.replace(_second(view.now), ""))
    headers = headers_of(request.app.state.console) | {"Cache-Control": "public, max-age=30"}
    return kept_for(request, text, HTML, tag, headers)


def _second(now: datetime) -> str:
    return rfc3339(now.replace(microsecond=0))
