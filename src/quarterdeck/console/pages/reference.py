"""/cards: quick-reference cards, to be read at a glance."""

from starlette.responses import HTMLResponse

from quarterdeck.console.frame import InFrame
from quarterdeck.operations.cards import service
from quarterdeck.operations.cards.service import READ
from quarterdeck.web.permissions import needs
from quarterdeck.web.routes import page_router

router = page_router()

READS = needs(READ)


@router.get("/cards", response_class=HTMLResponse, **READS)
def cards(frame: InFrame) -> HTMLResponse:
    """Every card, whole: nobody opens a card to see what it says."""
    return frame.show("cards.html", found=service.listed(frame.work, frame.shell.tenant))
