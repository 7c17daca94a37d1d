"""/logs: what the platform itself says, found by words or asked by a pipe query."""

from starlette.responses import HTMLResponse

from quarterdeck.console.frame import InFrame
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.operations.logs import service
from quarterdeck.operations.logs.model.entry import Asked, Level, UnusableQuestion
from quarterdeck.web.permissions import needs
from quarterdeck.web.routes import page_router

router = page_router()

SHOWN, ROWS = 200, 500
REFUSED = 422


@router.get("/logs", response_class=HTMLResponse, **needs(service.READ))
def logs(
    frame: InFrame, role: str = "", level: str = "info", text: str = "", query: str = ""
) -> HTMLResponse:
    """Lines of the time range that fit; or the rows that a query makes."""
    frame.work.require(service.READ, PLATFORM)
    least = Level(level) if level in set(Level) else Level.INFO
    asked = Asked(
        since=frame.since,
        until=frame.work.now + service.AHEAD,
        service=role[:100],
        level=least,
        text=text[:500],
    )
    folder, refusal, answer = service.folder_of(frame.runtime.settings), "", None
    try:
        answer = service.query(frame.work, folder, query) if query.strip() else None
    except UnusableQuestion as error:
        refusal = str(error)
    return frame.show(
        "logs.html",
        REFUSED if refusal else 200,
        asked=asked,
        query=query,
        answer=answer,
        shown=ROWS,
        refusal=refusal,
        levels=[one.value for one in Level],
        entries=service.find(frame.work, folder, asked, SHOWN)[::-1] if answer is None else [],
    )
