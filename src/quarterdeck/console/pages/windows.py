"""/maintenance and /changes: what is worked on, what was changed, what is frozen."""

from typing import Annotated

from fastapi import Form, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from quarterdeck.console.frame import Frame, InFrame, changing, looking, see
from quarterdeck.kernel.errors import Invalid
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.operations.changes import service as changes
from quarterdeck.operations.changes.model import Asked, Level
from quarterdeck.operations.maintenance import service as maintenance
from quarterdeck.web.deps import By, InWork
from quarterdeck.web.permissions import needs
from quarterdeck.web.routes import page_router

router = page_router()

SHOWN, MOST_DIGITS = 100, 9
REFUSED = 422
Field = Annotated[str, Form(max_length=500)]


@router.get("/maintenance", response_class=HTMLResponse, **needs(maintenance.READ))
def windows(frame: InFrame) -> HTMLResponse:
    """What is worked on now, what is planned, and what was."""
    return _windows(frame, "")


@router.post("/maintenance", response_class=HTMLResponse, **needs(maintenance.WRITE))
def enable(
    request: Request, actor: By, reason: Field = "", minutes: Field = "60", tenant: Field = PLATFORM
) -> Response:
    """Begin maintenance now; the page again where something is wrong."""
    try:
        plan = maintenance.Plan(reason=reason, duration_minutes=_whole(minutes), tenant=tenant)
        with changing(request, actor) as work:
            maintenance.schedule(work, plan)
    except Invalid as refusal:
        with looking(request, actor) as frame:
            return _windows(frame, str(refusal), REFUSED)
    return see("/maintenance")


@router.post("/maintenance/{window}/end", **needs(maintenance.WRITE))
def end(work: InWork, window: str) -> RedirectResponse:
    """End a window before its time."""
    maintenance.end(work, window)
    return see("/maintenance")


@router.get("/changes", response_class=HTMLResponse, **needs(changes.READ))
def changed(frame: InFrame) -> HTMLResponse:
    """What was changed within the time range, and what is frozen."""
    return _changes(frame, "")


@router.post("/changes/freeze", response_class=HTMLResponse, **needs(changes.FREEZE))
def freeze(
    request: Request,
    actor: By,
    reason: Field = "",
    level: Field = Level.FEATURES.value,
    tenant: Field = PLATFORM,
) -> Response:
    """Refuse changes from now on; the page again where something is wrong."""
    try:
        order = changes.Order(reason=reason, level=Level(level), tenant=tenant)
        with changing(request, actor) as work:
            changes.freeze(work, order)
    except (Invalid, ValueError) as refusal:
        with looking(request, actor) as frame:
            return _changes(frame, str(refusal), REFUSED)
    return see("/changes")


@router.post("/changes/{freeze}/thaw", **needs(changes.FREEZE))
def thaw(work: InWork, freeze: str) -> RedirectResponse:
    """End a freeze."""
    changes.thaw(work, freeze)
    return see("/changes")


def _whole(minutes: str) -> int:
    if not minutes.isascii() or not minutes.isdecimal() or len(minutes) > MOST_DIGITS:
        raise Invalid(f"minutes are a whole number, such as 60, not {minutes[:40]!r}")
    return int(minutes)


def _windows(frame: Frame, refusal: str, status: int = 200) -> HTMLResponse:
    return frame.show(
        "maintenance.html",
        status,
        found=maintenance.windows(frame.work, limit=SHOWN),
        refusal=refusal,
        people=frame.people(),
        owner=frame.shell.tenant or PLATFORM,
    )


def _changes(frame: Frame, refusal: str, status: int = 200) -> HTMLResponse:
    asked = Asked(
        since=frame.since, until=frame.work.now + changes.AHEAD, tenant=frame.shell.tenant
    )
    return frame.show(
        "changes.html",
        status,
        found=changes.changes(frame.work, asked, limit=SHOWN),
        freezes=changes.freezes(frame.work),
        levels=[level.value for level in Level],
        refusal=refusal,
        people=frame.people(),
        owner=frame.shell.tenant or PLATFORM,
    )
