"""/tenants: who is looked after, and how their clouds are reached."""

from typing import Annotated
from urllib.parse import quote

from fastapi import Form, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from quarterdeck.console.frame import InFrame, changing, looking, see
from quarterdeck.console.pages.now import ages_of
from quarterdeck.governance.connections.service import NewConnection
from quarterdeck.governance.onboarding import service as joining
from quarterdeck.governance.onboarding.model import State, item_named
from quarterdeck.governance.preflight import service as preflight
from quarterdeck.governance.preflight.model import custom_role, role_text
from quarterdeck.governance.sync import onboarding
from quarterdeck.governance.sync.domains import domains
from quarterdeck.kernel.errors import Conflict, Invalid
from quarterdeck.kernel.ids import ConnectionId, TenantId
from quarterdeck.web.deps import By, Installation, InWork
from quarterdeck.web.permissions import needs
from quarterdeck.web.routes import page_router

router = page_router()

CREATES = needs("tenants:create")
REFUSED = 422
MAX_FIELD = 4000
Field = Annotated[str, Form(max_length=MAX_FIELD)]


@router.get("/tenants", response_class=HTMLResponse, **needs("tenants:read"))
def tenants(frame: InFrame) -> HTMLResponse:
    """Every tenant, with its connections and how fresh they are."""
    wanted = frame.shell.tenant
    found = [
        (tenant, reached)
        for tenant, reached in onboarding.overview(frame.work)
        if wanted in ("", tenant.id)
    ]
    ages = ages_of(frame, domains(frame.runtime.settings))
    return frame.show("tenants.html", found=found, ages=ages)


@router.get("/tenants/connect", response_class=HTMLResponse, **CREATES)
def form(frame: InFrame) -> HTMLResponse:
    """The form to connect one, with what is needed for it."""
    frame.work.tenants("tenants:create")
    return frame.show("connect.html", given={}, refusal="")


@router.post("/tenants/connect", response_class=HTMLResponse, **CREATES)
def connect(  # noqa: PLR0913, PLR0917  the fields of the form
    request: Request,
    runtime: Installation,
    actor: By,
    name: Field = "",
    directory: Field = "",
    client: Field = "",
    secret: Field = "",
    description: Field = "",
    owner: Field = "",
    purpose: Field = "",
    lighthouse: Field = "",
) -> Response:
    """Begin a tenant, synced from now on; the form again where something is wrong."""
    new = NewConnection(
        directory=directory.strip(),
        name=name.strip(),
        description=description.strip(),
        client=client.strip(),
        secret=secret.strip(),
        use_lighthouse=bool(lighthouse),
    )
    try:
        with changing(request, actor) as work:
            begun = joining.begin_tenant(
                work,
                domains(runtime.settings),
                new,
                owner=owner.strip(),
                purpose=purpose.strip(),
            )
    except (Invalid, Conflict) as refusal:
        given = {
            "name": name,
            "directory": directory,
            "client": client,
            "secret": secret,
            "description": description,
            "owner": owner,
            "purpose": purpose,
            "lighthouse": lighthouse,
        }
        with looking(request, actor) as frame:
            return frame.show("connect.html", REFUSED, given=given, refusal=str(refusal))
    return see(f"/tenants/{quote(begun.tenant.id)}")


@router.post("/tenants/disconnect", **needs("connections:remove"))
def disconnect(
    runtime: Installation, work: InWork, connection: Annotated[str, Form()]
) -> RedirectResponse:
    """Disconnect a directory; what was read from it stays, and ages."""
    onboarding.disconnect(work, domains(runtime.settings), ConnectionId(connection))
    return see("/tenants")


@router.get("/tenants/{tenant}", response_class=HTMLResponse, **needs("tenants:read"))
def tenant(frame: InFrame, tenant: str) -> HTMLResponse:
    """One tenant: its checklist, what to do next, what preflight found."""
    found = joining.joining(frame.work, tenant)
    allowed = frame.allows(preflight.READ, tenant)
    examined = preflight.last(frame.work, TenantId(tenant)) if allowed else []
    scopes = sorted({scope for one in examined for scope in one.scopes})
    return frame.show(
        "tenant.html",
        joining=found,
        examined=examined,
        people=frame.people(),
        role=role_text(custom_role(scopes)),
        exports=joining.exports_of(tenant),
    )


@router.post("/tenants/{tenant}/onboarding", **needs("onboarding:write"))
def record(
    work: InWork,
    tenant: str,
    item: Annotated[str, Form()],
    state: Annotated[State, Form()],
    evidence: Field = "",
) -> RedirectResponse:
    """Say how an item of the checklist stands."""
    joining.record(work, tenant, item_named(item), state, evidence.strip())
    return see(f"/tenants/{quote(tenant)}")


@router.post("/tenants/{tenant}/verify", **needs("onboarding:write"))
def verify(work: InWork, tenant: str) -> RedirectResponse:
    """Look whether the tenant is listed, synced, and its data flowing."""
    joining.verify(work, tenant)
    return see(f"/tenants/{quote(tenant)}")


@router.post("/tenants/{tenant}/preflight", **needs("preflight:run"))
def examine(work: InWork, tenant: str) -> RedirectResponse:
    """Have the tenant's connections examined; the page shows what comes of it."""
    preflight.request(work, work.require(preflight.RUN, tenant))
    return see(f"/tenants/{quote(tenant)}")


@router.post("/tenants/{tenant}/offboard", **needs("tenants:archive"))
def offboard(runtime: Installation, work: InWork, tenant: str) -> RedirectResponse:
    """End the tenant; what was read and logged of it stays."""
    joining.offboard(work, domains(runtime.settings), tenant)
    return see(f"/tenants/{quote(tenant)}")
