"""/sync: how the estate is kept up to date."""

from datetime import date, timedelta
from typing import Annotated
from urllib.parse import quote

from fastapi import Form
from starlette.responses import HTMLResponse, RedirectResponse

from quarterdeck.console.frame import InFrame, see
from quarterdeck.console.pages.now import ages_of, jobs_of
from quarterdeck.console.pages.resources import leaves_of_runs
from quarterdeck.console.preferences import back_to
from quarterdeck.governance.sync.domains import domains
from quarterdeck.governance.sync.model import MOST_RUNS
from quarterdeck.governance.sync.service import (
    backfills,
    doubts,
    holds,
    policies,
    queries,
    requests,
)
from quarterdeck.governance.sync.service.policies import Change
from quarterdeck.kernel.ids import ConnectionId
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.web.deps import Installation, InWork
from quarterdeck.web.paging import InPage, Key
from quarterdeck.web.permissions import needs
from quarterdeck.web.routes import page_router

router = page_router()

READS = needs("sync:read")
Minutes = Annotated[float, Form(gt=0, le=527_040)]


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
        doubts=[d for d in doubts.doubted(frame.work) if tenant in ("", d.tenant)],
        held=[h for h in holds.held(frame.work) if tenant in ("", h.tenant)],
        paused=[p for p in policies.pauses(frame.work) if tenant in ("", p.tenant)],
        patterns=queries.patterns_of(frame.work, known, tenant),
        today=frame.work.now.date(),
        refusal="",
        overall=queries.health(frame.work, known),
        ages=ages_of(frame, known),
        runs=found[: page.limit],
        first=page.after is None,
        following=page.next(queries.spot(found[page.limit - 1])) if more else "",
        jobs=jobs_of(frame),
    )


@router.post("/sync/costs/backfill", **needs("sync:trigger"))
def backfill(
    runtime: Installation,
    work: InWork,
    first: Annotated[date, Form()],
    last: Annotated[date, Form()],
    tenant: Annotated[str, Form()] = "",
) -> RedirectResponse:
    """Read the costs of past days."""
    only = _only(work, tenant)
    backfills.request_backfill(work, domains(runtime.settings), first, last, only)
    return see("/sync")


@router.post("/sync/{domain}/policy", **needs("sync:configure"))
def change_policy(  # noqa: PLR0913, PLR0917  the fields of the form
    domain: str,
    runtime: Installation,
    work: InWork,
    interval: Minutes,
    limit: Minutes,
    base: Minutes,
    factor: Annotated[float, Form(ge=1, le=10)],
    cap: Minutes,
    fewest: Annotated[int, Form(ge=1, le=MOST_RUNS)],
) -> RedirectResponse:
    """Change how often a domain is read and how failures are repeated; minutes."""
    wanted = Change(
        interval=timedelta(minutes=interval),
        limit=timedelta(minutes=limit),
        base=timedelta(minutes=base),
        factor=factor,
        cap=timedelta(minutes=cap),
        fewest=fewest,
    )
    policies.change(work, domains(runtime.settings), domain, wanted)
    return see("/sync")


@router.post("/sync/{domain}/pause", **needs("sync:configure"))
def pause(
    domain: str, runtime: Installation, work: InWork, tenant: Annotated[str, Form()] = ""
) -> RedirectResponse:
    """Begin no run of a domain until it is resumed."""
    policies.pause(work, domains(runtime.settings), domain, tenant)
    return see(f"/sync?tenant={quote(tenant)}" if tenant else "/sync")


@router.post("/sync/{domain}/resume", **needs("sync:configure"))
def resume(
    domain: str, runtime: Installation, work: InWork, tenant: Annotated[str, Form()] = ""
) -> RedirectResponse:
    """End a pause."""
    policies.resume(work, domains(runtime.settings), domain, tenant)
    return see(f"/sync?tenant={quote(tenant)}" if tenant else "/sync")


@router.post("/sync/{domain}/release", **needs("sync:trigger"))
def release(domain: str, work: InWork, connection: Annotated[str, Form()]) -> RedirectResponse:
    """Read what is held although its cloud says that it is degraded."""
    holds.release(work, ConnectionId(connection), domain)
    return see("/sync")


@router.get("/sync/{run}", response_class=HTMLResponse, **READS)
def run_page(frame: InFrame, run: str) -> HTMLResponse:
    """One run: how it went, what it changed, its leaf."""
    found = queries.run_of(frame.work, run)
    changes = queries.changes_of(frame.work, run) if frame.holds("resources:read") else []
    leaf = leaves_of_runs(frame, found.tenant, [run]).get(run)
    kept = policies.listed(frame.work, domains(frame.runtime.settings))
    return frame.show(
        "run.html",
        run=found,
        changes=changes,
        leaf=leaf,
        over=queries.over_limit(frame.work, found, kept),
        report=queries.report_if_any(frame.work, run),
    )


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
