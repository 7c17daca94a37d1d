"""/programmes: requirements with a deadline, how far tenants are, and what is missing."""

from datetime import date
from typing import Annotated

from fastapi import Form, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from quarterdeck.console.frame import Frame, InFrame, changing, looking, see
from quarterdeck.governance.programmes import service
from quarterdeck.governance.programmes.model import State
from quarterdeck.kernel.errors import Conflict, Invalid
from quarterdeck.web.deps import By, InWork
from quarterdeck.web.permissions import needs
from quarterdeck.web.routes import page_router

router = page_router()

READS, WRITES = needs(service.READ), needs(service.WRITE)
ONE = "/programmes/{programme}/{tenant}"
REFUSED = 422
Field = Annotated[str, Form(max_length=4000)]


@router.get("/programmes", response_class=HTMLResponse, **READS)
def programmes(frame: InFrame) -> HTMLResponse:
    """Every programme, and how far each tenant is that takes part."""
    wanted = frame.shell.tenant
    stood = [
        service.stand(frame.work, name, tenant)
        for name, tenant in service.taking_part(frame.work)
        if wanted in ("", tenant)
    ]
    return frame.show("programmes.html", defined=service.defined(frame.work), stood=stood)


@router.get(ONE, response_class=HTMLResponse, **READS)
def programme(frame: InFrame, programme: str, tenant: str) -> HTMLResponse:
    """How far one tenant is: deadline, maturity by phase, what is missing."""
    return _shown(frame, programme, tenant, "")


@router.post("/programmes/{programme}/enable", **WRITES)
def enable(work: InWork, programme: str, tenant: Field) -> RedirectResponse:
    """Have a tenant take part."""
    service.enable(work, programme, tenant)
    return see(f"/programmes/{programme}/{tenant}")


@router.post(f"{ONE}/sync", **needs("sync:trigger"))
def sync(work: InWork, programme: str, tenant: str) -> RedirectResponse:
    """Judge what decides itself, now."""
    service.request_sync(work, programme, work.require("sync:trigger", tenant))
    return see(f"/programmes/{programme}/{tenant}")


@router.post(f"{ONE}/evidence", response_class=HTMLResponse, **WRITES)
def record(  # noqa: PLR0913, PLR0917  the fields of the form
    request: Request,
    actor: By,
    programme: str,
    tenant: str,
    requirement: Field = "",
    state: Field = "",
    link: Field = "",
    note: Field = "",
    expires: Field = "",
) -> Response:
    """Keep what somebody says of a requirement; the page again where something is wrong."""
    try:
        said = service.Said(
            state=State(state),
            link=link.strip(),
            note=note.strip(),
            expires=date.fromisoformat(expires) if expires else None,
        )
        with changing(request, actor) as work:
            service.record(work, programme, tenant, requirement, said)
    except (Invalid, Conflict, ValueError) as refusal:
        with looking(request, actor) as frame:
            return _shown(frame, programme, tenant, str(refusal), REFUSED)
    return see(f"/programmes/{programme}/{tenant}")


def _shown(
    frame: Frame, programme: str, tenant: str, refusal: str, status: int = 200
) -> HTMLResponse:
    return frame.show(
        "programme.html",
        status,
        stood=service.stand(frame.work, programme, tenant),
        states=[state.value for state in State],
        refusal=refusal,
        may_write=frame.allows(service.WRITE, tenant),
        may_sync=frame.allows("sync:trigger", tenant),
    )
