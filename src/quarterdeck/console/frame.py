"""What every page stands in: navigation, tenant and time range, who looks, and how."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Depends, Request
from jinja2 import Environment
from starlette.responses import HTMLResponse, RedirectResponse

from quarterdeck.access.authentication.model import Unauthenticated
from quarterdeck.access.principals import service as principals
from quarterdeck.access.tenants import service as tenants
from quarterdeck.access.tenants.model import Tenant
from quarterdeck.console import navigation, preferences
from quarterdeck.console.preferences import SEE_OTHER, Preferences
from quarterdeck.kernel.clock import instant
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.work import Actor, Work, begin, read
from quarterdeck.operations.maintenance import service as maintenance
from quarterdeck.operations.maintenance.model import Window
from quarterdeck.runtime import Runtime
from quarterdeck.trail.freeze import service as freezes
from quarterdeck.web import feed
from quarterdeck.web.deps import InRead, Installation, runtime_of
from quarterdeck.web.signin import session_cookie

RANGES = {
    "1h": timedelta(hours=1),
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
}
USUAL_RANGE = "24h"
MOST_WATCHED = 50  # tenants of one stream, as /api/v1/stream has it
NEAR = timedelta(days=7)
OK = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """A log into which nothing is accepted.

    Attributes:
        log: its tenant's name; empty: every log.
        incident: which suspected the loss; empty: a person did.
    """

    log: str
    since: datetime
    incident: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """What the template around each page shows.

    Attributes:
        csrf: goes into every form; empty where no session is ridden on.
        stream: the address of what happens, live; empty where that may not be watched.
        here: path and query of this page, to come back to.
        tenant: the one looked at; empty for all.
        maintenance: what is worked on now.
        stopped: losses of data that are looked into; meanwhile nothing is accepted.
    """

    groups: tuple[navigation.Group, ...]
    tenants: tuple[Tenant, ...]
    tenant: str
    span: str
    actor: str
    name: str
    csrf: str
    stream: str
    demo: bool
    signed_in: bool
    preferences: Preferences
    path: str
    here: str
    now: datetime
    maintenance: tuple[Window, ...] = ()
    stopped: tuple[Stopped, ...] = ()

    @property
    def page(self) -> str:
        """The path of the navigation's entry that this page belongs to: the nearest above it."""
        paths = [entry.path for group in self.groups for entry in group.entries]
        above = [p for p in paths if self.path == p or (p != "/" and self.path.startswith(p + "/"))]
        return max(above, key=len, default="")

    def link(self, path: str, **more: str) -> str:
        """``path`` with the tenant and time range that are looked at now, and ``more``."""
        kept = {
            "tenant": self.tenant,
            "range": "" if self.span == USUAL_RANGE else self.span,
        } | more
        asked = urlencode({name: value for name, value in kept.items() if value})
        return f"{path}?{asked}" if asked else path


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A request for a page, and the means to answer it."""

    request: Request
    runtime: Runtime
    work: Work
    templates: Environment
    shell: Shell

    @property
    def since(self) -> datetime:
        """Where the time range begins."""
        return self.work.now - RANGES[self.shell.span]

    @property
    def soon(self) -> datetime:
        """Until when an end is near enough to say so."""
        return self.work.now + NEAR

    def allows(self, permission: str, tenant: str) -> bool:
        """Whether to offer what needs ``permission``. The use case decides, not this."""
        return self.work.actor.may(permission, tenant)

    def holds(self, permission: str) -> bool:
        """Whether the actor holds ``permission`` on any tenant: whether to show a part at all."""
        return any(held == permission for held, _ in self.work.actor.grants)

    def name_of(self, tenant: str) -> str:
        """A tenant's name; its id where that may not be seen."""
        known = (t.name for t in self.shell.tenants if t.id == tenant)
        return next(known, "Platform" if tenant == PLATFORM else tenant)

    def people(self) -> dict[str, str]:
        """Names by the ids that stand in leaves; empty for who may not see principals."""
        if not self.holds("principals:read"):
            return {}
        return {p.id: p.name for p in principals.visible(self.work)}

    def show(self, template: str, status: int = OK, /, **values: Any) -> HTMLResponse:  # noqa: ANN401
        """A page."""
        page = self.templates.get_template(f"pages/{template}")
        text = page.render(shell=self.shell, frame=self, now=self.shell.now, **values)
        return HTMLResponse(text, status, {"Cache-Control": "no-store"})


def shell_of(request: Request, runtime: Runtime, work: Work) -> Shell:
    """The shell around ``request``'s page, for whoever looks."""
    query = request.query_params
    span = query.get("range", USUAL_RANGE)
    known = tuple(tenants.visible(work)) if _sees_tenants(work) else ()
    csrf = csrf_of(request, runtime)
    return Shell(
        groups=navigation.shown_to(work.actor),
        tenants=known,
        tenant=query.get("tenant", ""),
        span=span if span in RANGES else USUAL_RANGE,
        actor=work.actor.id,
        name=_name(work),
        csrf=csrf,
        stream=_stream(work.actor, known),
        demo=runtime.settings.demo,
        signed_in=bool(csrf),
        preferences=preferences.of(request),
        path=request.url.path,
        here=f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path,
        now=work.now,
        maintenance=tuple(maintenance.active(work, query.get("tenant", ""))),
        stopped=tuple(_stopped(work, query.get("tenant", ""), {one.id: one.name for one in known})),
    )


def _stopped(work: Work, tenant: str, names: Mapping[str, str]) -> Iterator[Stopped]:
    for one in freezes.stopped(work):
        if not tenant or one.concerns(tenant):
            log = "" if one.tenant == PLATFORM else names.get(one.tenant, one.tenant)
            yield Stopped(log=log, since=instant(one.opened_at), incident=one.incident)


def frame_of(request: Request, runtime: Installation, work: InRead) -> Frame:
    """The frame of a page that changes nothing."""
    return Frame(
        request=request,
        runtime=runtime,
        work=work,
        templates=request.app.state.console,
        shell=shell_of(request, runtime, work),
    )


InFrame = Annotated[Frame, Depends(frame_of, scope="function")]


def csrf_of(request: Request, runtime: Runtime) -> str:
    """The token for forms of the session that ``request`` rides on; empty where there is none."""
    cookie = session_cookie(request)
    if cookie is None:
        return ""
    try:
        return runtime.access.session(cookie).csrf
    except Unauthenticated:
        return ""


def see(address: str) -> RedirectResponse:
    """Answer a POST that was done: look there."""
    return RedirectResponse(address, SEE_OTHER)


@contextmanager
def changing(request: Request, actor: Actor) -> Iterator[Work]:
    """A transaction of its own, for a form whose page shows what was refused.

    It is rolled back whole before that page is read.
    """
    runtime = runtime_of(request)
    with begin(runtime.engine, actor, runtime.clock, request.state.request_id) as work:
        yield work


@contextmanager
def looking(request: Request, actor: Actor) -> Iterator[Frame]:
    """The frame of the page that answers such a form."""
    runtime = runtime_of(request)
    with read(runtime.engine, actor, runtime.clock, request.state.request_id) as work:
        yield frame_of(request, runtime, work)


def _sees_tenants(work: Work) -> bool:
    return any(permission == "tenants:read" for permission, _ in work.actor.grants)


def _stream(actor: Actor, known: Sequence[Tenant]) -> str:
    watched = [("tenant", t.id) for t in known if actor.may(feed.PERMISSION, t.id)]
    return f"/api/v1/stream?{urlencode(watched[:MOST_WATCHED])}" if watched else ""


def _name(work: Work) -> str:
    who = principals.standing(work.db, work.actor.id)
    return who.principal.name if who else work.actor.id
