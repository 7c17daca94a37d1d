"""/tenants: who is looked after, and how their clouds are reached."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from quarterdeck.console.frame import InFrame, changing, looking, see
from quarterdeck.console.pages.now import ages_of, domains
from quarterdeck.governance.connections.service import NewConnection
from quarterdeck.governance.sync import onboarding
from quarterdeck.kernel.errors import Conflict, Invalid
from quarterdeck.kernel.ids import ConnectionId
from quarterdeck.web.deps import By, Installation, InWork
from quarterdeck.web.permissions import needs

router = APIRouter(include_in_schema=False)

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
) -> Response:
    """Begin a tenant, synced from now on; the form again where something is wrong."""
    new = NewConnection(
        directory=directory.strip(),
        name=name.strip(),
        description=description.strip(),
        client=client.strip(),
        secret=secret.strip(),
    )
    try:
        with changing(request, actor) as work:
            begun = onboarding.connect_tenant(
                work, domains(runtime.settings), new, owner=owner.strip()
            )
    except (Invalid, Conflict) as refusal:
        given = {
            "name": name,
            "directory": directory,
            "client": client,
            "secret": secret,
            "description": description,
            "owner": owner,
        }
        with looking(request, actor) as frame:
            return frame.show("connect.html", REFUSED, given=given, refusal=str(refusal))
    return see(f"/sync?tenant={begun.tenant}")


@router.post("/tenants/disconnect", **needs("connections:remove"))
def disconnect(
    runtime: Installation, work: InWork, connection: Annotated[str, Form()]
) -> RedirectResponse:
    """Disconnect a directory; what was read from it stays, and ages."""
    onboarding.disconnect(work, domains(runtime.settings), ConnectionId(connection))
    return see("/tenants")
