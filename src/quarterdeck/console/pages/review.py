"""/review: the daily review of runbook 000, section 1.2, as one page."""

from starlette.responses import HTMLResponse

from quarterdeck.console.frame import InFrame
from quarterdeck.governance.sync.domains import domains
from quarterdeck.web.permissions import needs
from quarterdeck.web.review import overall, review
from quarterdeck.web.routes import page_router

router = page_router()


@router.get("/review", response_class=HTMLResponse, **needs("access:ask"))
def page(frame: InFrame) -> HTMLResponse:
    """Six checks, each with what was found and what to do."""
    frame.work.tenants("access:ask")
    lines = review(frame.work, frame.runtime, domains(frame.runtime.settings))
    return frame.show("review.html", lines=lines, verdict=overall(lines))
