"""/trail/exports: what was exported, by whom, and how to have more."""

from typing import Annotated

from fastapi import Form
from starlette.responses import HTMLResponse, RedirectResponse

from quarterdeck.console.frame import InFrame, see
from quarterdeck.console.pages.now import logs_of
from quarterdeck.trail.export import service as exports
from quarterdeck.trail.export.model import Ask, State
from quarterdeck.trail.export.model import Form as Format
from quarterdeck.trail.query.model import Filter
from quarterdeck.web.deps import Installation, InWork
from quarterdeck.web.paging import InPage
from quarterdeck.web.permissions import needs
from quarterdeck.web.routes import page_router

router = page_router()

EXPORTS = needs("exports:create")
HERE = "/trail/exports"
Said = Annotated[str, Form(max_length=200)]
MARKS = {
    State.ASKED: "unknown",
    State.DONE: "ok",
    State.CANCELLED: "unknown",
    State.FAILED: "critical",
}
"""The mark of each state."""

FORMATS = {
    Format.BUNDLE: "Bundle: with proof, verifies offline",
    Format.NDJSON: "NDJSON",
    Format.CSV: "CSV",
    Format.CLOUDEVENTS: "CloudEvents 1.0",
    Format.OCSF: "OCSF 1.3",
}


@router.get(HERE, response_class=HTMLResponse, **EXPORTS)
def exports_page(frame: InFrame, page: InPage) -> HTMLResponse:
    """Exports, newest first, and a form for another."""
    before = str(page.after[0]) if page.after else ""
    found = exports.exports(frame.work, before, page.fetch)
    more = len(found) > page.limit
    return frame.show(
        "trail_exports.html",
        exports=found[: page.limit],
        following=page.next((found[page.limit - 1].id,)) if more else "",
        marks_of=MARKS,
        formats=FORMATS,
        keys={one.tenant: one.vkey for one in logs_of(frame)},
        people=frame.people(),
    )


@router.post(HERE, **EXPORTS)
def ask_export(  # noqa: PLR0913, PLR0917  a form
    work: InWork,
    runtime: Installation,
    tenant: Said,
    form: Annotated[Format, Form()] = Format.BUNDLE,
    actor: Said = "",
    action: Said = "",
    disclose: Annotated[str, Form(max_length=10)] = "",
) -> RedirectResponse:
    """Have an export made."""
    wanted = Filter(actor=actor.strip(), action=action.strip())
    ask = Ask(
        tenant=tenant,
        form=form,
        complete=wanted.empty,
        wanted=wanted,
        disclose=bool(disclose),
    )
    exports.request(work, runtime.reader, ask)
    return see(HERE)


@router.post(HERE + "/{export}/cancel", **EXPORTS)
def cancel_export(work: InWork, export: str) -> RedirectResponse:
    """Stop an export that is not done."""
    exports.cancel(work, export)
    return see(HERE)
