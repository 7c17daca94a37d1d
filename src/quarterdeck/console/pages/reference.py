"""/cards: quick-reference cards, to be read at a glance."""

from starlette.responses import HTMLResponse

from quarterdeck.console.frame import InFrame
from quarterdeck.operations.cards import service
from quarterdeck.operations.cards.service import READ
from quarterdeck.web.paging import InPage
from quarterdeck.web.permissions import needs
from quarterdeck.web.routes import page_router

router = page_router()

READS = needs(READ)


@router.get("/cards", response_class=HTMLResponse, **READS)
def cards(frame: InFrame, page: InPage) -> HTMLResponse:
    """Every card, whole: nobody opens a card to see what it says."""
    after = (str(page.after[0]), str(page.after[1])) if page.after else ("", "")
    rows = service.listed(frame.work, frame.shell.tenant, after=after, limit=page.fetch)
    shown = rows[: page.limit]
    more = len(rows) > page.limit
    return frame.show(
        "cards.html",
        found=shown,
        later=bool(page.after),
        following=page.next((shown[-1].tenant, shown[-1].card.name)) if more else "",
    )
