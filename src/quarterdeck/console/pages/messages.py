"""/messages: what was told by channels and mail, what waits and since when, what nobody took."""

from typing import Annotated

from fastapi import Query
from starlette.responses import HTMLResponse, RedirectResponse

from quarterdeck.console.frame import InFrame, see
from quarterdeck.operations.messages.model import FAILED, SENDING, STATES, WAITING, Filter
from quarterdeck.operations.messages.service import looking, mending
from quarterdeck.operations.messages.service.looking import READ
from quarterdeck.operations.messages.service.mending import WRITE
from quarterdeck.web.deps import InWork
from quarterdeck.web.permissions import needs
from quarterdeck.web.routes import Router

router = Router(include_in_schema=False)

HERE = "/messages"
SHOWN = 100
Word = Annotated[str, Query(max_length=400)]


@router.get(HERE, response_class=HTMLResponse, **needs(READ))
def messages(
    frame: InFrame,
    state: Word = "",
    about: Word = "",
    before: Annotated[int, Query(ge=0, le=2**62)] = 0,
) -> HTMLResponse:
    """What nobody took, what waits, and what was told; the newest first."""
    tenant, work = frame.shell.tenant, frame.work
    wanted = Filter(states=[state] if state in STATES else [], about=about)
    rows = looking.listed(work, tenant, wanted, before=before, limit=SHOWN + 1)
    shown = rows[:SHOWN]
    more = (
        {"state": state, "about": about, "before": str(shown[-1].seq)} if len(rows) > SHOWN else {}
    )
    return frame.show(
        "messages.html",
        standing=looking.standing(work, tenant),
        dead=looking.listed(work, tenant, Filter(states=[FAILED])),
        open=looking.listed(work, tenant, Filter(states=[WAITING, SENDING])),
        shown=shown,
        state=state,
        about=about,
        states=STATES,
        following=frame.shell.link(HERE, **more) if more else "",
    )


@router.post(HERE + "/{message_id}/retry", **needs(WRITE))
def retry(work: InWork, message_id: str) -> RedirectResponse:
    """Have what was given up sent again."""
    mending.retry(work, message_id)
    return see(HERE)


@router.post(HERE + "/{message_id}/drop", **needs(WRITE))
def drop(work: InWork, message_id: str) -> RedirectResponse:
    """Let a message go that was not told."""
    mending.let_go(work, message_id)
    return see(HERE)
