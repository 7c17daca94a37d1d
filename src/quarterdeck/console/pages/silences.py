"""/silences: for a while, nobody is woken."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from quarterdeck.console.frame import Frame, InFrame, changing, looking, see
from quarterdeck.console.preferences import back_to
from quarterdeck.kernel.errors import Invalid
from quarterdeck.operations.alerts.model import Alert
from quarterdeck.operations.alerts.service import looking as alerts
from quarterdeck.operations.silences import service
from quarterdeck.operations.silences.matchers import parse_all
from quarterdeck.operations.silences.model import SilenceState, Wanted
from quarterdeck.web.deps import By, InWork
from quarterdeck.web.permissions import needs
from quarterdeck.web.routes import HouseRoute

router = APIRouter(include_in_schema=False, route_class=HouseRoute)

READS, WRITES = needs("alerts:read"), needs("alerts:silence")
HERE = "/silences"
MOST_SHOWN = 20
LONGEST_H = 366 * 24
MARKS = {
    SilenceState.ACTIVE: "ok",
    SilenceState.PENDING: "running",
    SilenceState.EXPIRED: "unknown",
}
Word = Annotated[str, Query(max_length=4000)]
Hours = Annotated[float, Form(gt=0, le=LONGEST_H)]


@router.get(HERE, response_class=HTMLResponse, **READS)
def silences_page(
    frame: InFrame, matchers: Word = "", of: Word = "", hours: float = 2, state: Word = ""
) -> HTMLResponse:
    """Silences, and a form for a new one; with matchers, what it would mute."""
    return _page(frame, matchers, of, hours, state=state)


@router.post(HERE, **WRITES)
def silence(
    request: Request,
    actor: By,
    of: Annotated[str, Form(max_length=200)],
    matchers: Annotated[str, Form(max_length=4000)],
    hours: Hours = 2,
    comment: Annotated[str, Form(max_length=4000)] = "",
) -> Response:
    """Silence what matches; what is refused is said beside the form."""
    try:
        with changing(request, actor) as work:
            work.require("alerts:silence", of)  # who may not hears that, not what is wrong
            ends_at = work.now + timedelta(hours=hours)
            wanted = Wanted(matchers=parse_all(_lines(matchers)), ends_at=ends_at, comment=comment)
            service.silence(work, of, wanted)
    except Invalid as error:
        with looking(request, actor) as frame:
            return _page(frame, matchers, of, hours, str(error))
    return see(HERE)


@router.post(HERE + "/{silence}/expire", **WRITES)
def expire(work: InWork, silence: str, back: Annotated[str, Form()] = HERE) -> RedirectResponse:
    """End a silence now."""
    service.expire(work, silence)
    return see(back_to(back))


def _page(
    frame: Frame, matchers: str, of: str, hours: float, refused: str = "", state: str = ""
) -> HTMLResponse:
    found = [
        (one, one.state(frame.work.now)) for one in service.listed(frame.work, frame.shell.tenant)
    ]
    asked = next((one for one in SilenceState if one == state), None)
    muted: list[Alert] = []
    if matchers and of and not refused:
        try:
            muted = _muted(frame, matchers, of)
        except Invalid as error:
            refused = str(error)
    return frame.show(
        "silences.html",
        held=[one for one, its in found if its is SilenceState.ACTIVE],
        pending=[one for one, its in found if its is SilenceState.PENDING],
        silences=[pair for pair in found if asked in (None, pair[1])],
        states=list(SilenceState),
        state=asked,
        marks_of=MARKS,
        matchers=matchers,
        of=of or frame.shell.tenant,
        hours=hours,
        refused=refused,
        previewed=bool(matchers and of and not refused),
        count=len(muted),
        muted=muted[:MOST_SHOWN],
        people=frame.people(),
    )


def _muted(frame: Frame, matchers: str, of: str) -> list[Alert]:
    return alerts.live(frame.work, of, parse_all(_lines(matchers)))


def _lines(matchers: str) -> list[str]:
    return [line for line in matchers.splitlines() if line.strip()]
