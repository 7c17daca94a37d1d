"""/trail/holds: legal holds, what each keeps, and their release by two persons."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Form
from starlette.responses import HTMLResponse, RedirectResponse

from quarterdeck.console.frame import Frame, InFrame, see
from quarterdeck.console.words import utc
from quarterdeck.kernel.clock import instant, micros
from quarterdeck.trail.holds import service as holds
from quarterdeck.trail.holds.model import Covers, Hold, HoldInvalid, Scope, State
from quarterdeck.web.deps import InWork
from quarterdeck.web.permissions import needs
from quarterdeck.web.routes import page_router

router = page_router()

READS, PLACES, RELEASES = needs("holds:read"), needs("holds:place"), needs("holds:release")
HERE = "/trail/holds"
Said = Annotated[str, Form(max_length=400)]
Why = Annotated[str, Form(max_length=4000)]

MARKS = {State.PLACED: "ok", State.RELEASE_ASKED: "warning", State.RELEASED: "unknown"}
"""The mark of each state."""

SCOPES = {
    Covers.TENANT: "Everything of the tenant",
    Covers.SUBJECT: "A subject's records and sealed fields",
    Covers.ACTOR: "What an actor did",
    Covers.RESOURCE: "What befell a resource",
    Covers.RANGE: "What was received in a time",
}


@router.get(HERE, response_class=HTMLResponse, **READS)
def holds_page(frame: InFrame) -> HTMLResponse:
    """The holds that stand, those that were released, and a form for another."""
    wanted = frame.shell.tenant
    found = [one for one in holds.holds(frame.work) if wanted in ("", one.tenant)]
    return frame.show(
        "holds.html",
        standing=[one for one in found if one.holds],
        released=[one for one in found if not one.holds],
        scopes=SCOPES,
        marks_of=MARKS,
        kept_by=kept_by,
        explored=explored,
        people=frame.people(),
    )


@router.get(HERE + "/{hold}", response_class=HTMLResponse, **READS)
def hold_page(frame: InFrame, hold: str) -> HTMLResponse:
    """One hold: what it keeps, what can be done, and every version of it."""
    versions = holds.history(frame.work, hold)
    newest = versions[0]
    return frame.show(
        "hold.html",
        hold=newest,
        versions=versions,
        placed=versions[-1],
        mine=newest.by == frame.work.actor.id,
        marks_of=MARKS,
        kept_by=kept_by,
        explored=explored,
        leaves=_leaves(frame, newest),
        people=frame.people(),
    )


@router.post(HERE, **PLACES)
def place_hold(  # noqa: PLR0913, PLR0917  a form
    work: InWork,
    tenant: Said,
    covers: Annotated[Covers, Form()],
    reason: Why,
    value: Said = "",
    since: Said = "",
    until: Said = "",
) -> RedirectResponse:
    """Place a hold."""
    scope = Scope(
        covers=covers,
        value=value.strip(),
        since=_moment(since, "From"),
        until=_moment(until, "Until"),
    )
    return see(f"{HERE}/{holds.place(work, tenant.strip(), scope, reason).id}")


@router.post(HERE + "/{hold}/release", **RELEASES)
def release_hold(work: InWork, hold: str, reason: Why) -> RedirectResponse:
    """Ask for a release, or agree to one that another person asked for."""
    holds.release(work, hold, reason)
    return see(f"{HERE}/{hold}")


@router.post(HERE + "/{hold}/keep", **PLACES)
def keep_hold(work: InWork, hold: str, reason: Why) -> RedirectResponse:
    """Decline a release that somebody asked for."""
    holds.keep(work, hold, reason)
    return see(f"{HERE}/{hold}")


def kept_by(hold: Hold) -> str:
    """What a hold keeps, in words."""
    scope = hold.scope
    words = {
        Covers.TENANT: "every record",
        Covers.SUBJECT: f"every record of {scope.value}, and every field sealed for it",
        Covers.ACTOR: f"every record of what {scope.value} did",
        Covers.RESOURCE: f"every record of what befell {scope.value}",
        Covers.RANGE: "every record",
    }[scope.covers]
    bounds: Mapping[str, int | None] = {"from": scope.since, "before": scope.until}
    times = [f"{name} {utc(instant(at))}" for name, at in bounds.items() if at is not None]
    return f"{words}, received {' and '.join(times)}" if times else words


def explored(hold: Hold) -> str:
    """Where the explorer shows what a hold keeps; empty where no filter finds just that."""
    scope = hold.scope
    kind, _, name = scope.value.partition(":")
    asked = {
        Covers.TENANT: {},
        Covers.ACTOR: {"actor": name},
        Covers.RESOURCE: {"type": kind, "resource": name},
    }.get(scope.covers)
    if asked is None or (scope.since, scope.until) != (None, None):
        return ""
    return f"/trail?{urlencode({'log_of': hold.tenant} | asked)}"


def _leaves(frame: Frame, hold: Hold) -> str:
    """Where the explorer shows what befell the hold: placed, refused because of it, released."""
    if not frame.allows("trail:read", hold.tenant):
        return ""
    asked = {"log_of": hold.tenant, "type": "hold", "resource": hold.id}
    return f"/trail?{urlencode(asked)}"


def _moment(text: str, name: str) -> int | None:
    """A moment in UTC as a form has it; None where it is empty."""
    if not text.strip():
        return None
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise HoldInvalid(f"{name} is written 2026-02-28T09:00, in UTC") from error
    return micros(found if found.tzinfo else found.replace(tzinfo=UTC))
