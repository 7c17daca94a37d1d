"""/estate: what is known of every tenant, how old it is, and what nobody uses."""

from starlette.responses import HTMLResponse

from quarterdeck.console.cards import cards
from quarterdeck.console.frame import InFrame
from quarterdeck.console.pages.now import ages_of, rows_of
from quarterdeck.governance.inventory import service as inventory
from quarterdeck.governance.sync.domains import domains
from quarterdeck.web.permissions import needs
from quarterdeck.web.routes import page_router

router = page_router()


@router.get("/estate", response_class=HTMLResponse, **needs("sync:read"))
def estate(frame: InFrame) -> HTMLResponse:
    """Tenants by domains, the headline figures, the rules on waste."""
    tenant = frame.shell.tenant
    frame.work.tenants("sync:read")
    known = domains(frame.runtime.settings)
    ages = ages_of(frame, known)
    sees = frame.holds("resources:read")
    only = frame.work.require("resources:read", tenant) if sees and tenant else None
    return frame.show(
        "estate.html",
        ages=ages,
        domains=list(known),
        rows=rows_of(frame, ages),
        cards=list(cards(frame)),
        rules=inventory.judgements(frame.work, only) if sees else [],
    )
