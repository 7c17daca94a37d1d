"""/sync: how the estate is kept up to date."""

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.responses import HTMLResponse, RedirectResponse

from quarterdeck.console.frame import InFrame, see
from quarterdeck.console.pages.now import ages_of, domains, jobs_of
from quarterdeck.console.pages.resources import leaves_of_runs
from quarterdeck.console.preferences import back_to
from quarterdeck.governance.sync.service import queries, requests
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.web.deps import Installation, InWork
from quarterdeck.web.paging import InPage, Key
from quarterdeck.web.permissions import needs

router = APIRouter(include_in_schema=False)

READS = needs("sync:read")


@router.get("/sync", response_class=HTMLResponse, **READS)
def syncs(frame: InFrame, page: InPage) -> HTMLResponse:
    """Domains, and the runs of late, newest first."""
    known = domains(frame.runtime.settings)
    tenant = frame.shell.tenant
    only = frame.work.require("sync:read", tenant) if tenant else None
    found = queries.history(frame.work, only=only, before=_spot(page.after), limit=page.fetch)
    more = len(found) > page.limit
    return frame.show(
        "sync.html",
        upkeep=queries.upkeep(frame.work, known),
        overall=queries.health(frame.work, known),
        ages=ages_of(frame, known),
        runs=found[: page.limit],
        first=page.after is None,
        following=page.next(queries.spot(found[page.limit - 1])) if more else "",
        jobs=jobs_of(frame),
    )


@router.get("/sync/{run}", response_class=HTMLResponse, **READS)
def run_page(frame: InFrame, run: str) -> HTMLResponse:
    """One run: how it went, what it changed, its leaf."""
    found = queries.run_of(frame.work, run)
    changes = queries.changes_of(frame.work, run) if frame.holds("resources:read") else []
    leaf = leaves_of_runs(frame, found.tenant).get(run)
    return frame.show("run.html", run=found, changes=changes, leaf=leaf)


@router.post("/sync/{domain}", **needs("sync:trigger"))
def sync_now(
    domain: str,
    runtime: Installation,
    work: InWork,
    tenant: Annotated[str, Form()] = "",
    back: Annotated[str, Form()] = "/sync",
) -> RedirectResponse:
    """Have a domain synced now; of one tenant, if it is named."""
    requests.request_sync(work, domains(runtime.settings), domain, _only(work, tenant))
    return see(back_to(back))


def _only(work: Work, tenant: str) -> Tenants | None:
    return work.require("sync:trigger", tenant) if tenant else None


def _spot(after: Key | None) -> tuple[int, str] | None:
    if after is None:
        return None
    started, run = after
    return int(started or 0), str(run)
