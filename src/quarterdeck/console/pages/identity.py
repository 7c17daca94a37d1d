"""/identity: who is in the directories, and how they prove who they are."""

from typing import Annotated

from fastapi import Query
from starlette.responses import HTMLResponse

from quarterdeck.console.frame import InFrame
from quarterdeck.governance.identity import service as identity
from quarterdeck.governance.identity.model.verdict import Verdict
from quarterdeck.governance.identity.model.views import STALE_AFTER, Filter, Spot, User
from quarterdeck.web.paging import InPage, Key, Page
from quarterdeck.web.permissions import needs
from quarterdeck.web.routes import page_router

router = page_router()

Word = Annotated[str, Query(max_length=200)]
Of = Annotated[Verdict | None, Query()]
SOONEST = 5
"""Credentials that stand open; the rest fold away, or people are found below the fold."""

SHOWS = ("privileged", "stale", "registered", "enforced")


@router.get("/identity", response_class=HTMLResponse, **needs(identity.READ))
def people(  # noqa: PLR0913, PLR0917  the filter bar: each a part of the address
    frame: InFrame,
    page: InPage,
    q: Word = "",
    privileged: Of = None,
    stale: Of = None,
    registered: Of = None,
    enforced: Of = None,
) -> HTMLResponse:
    """Identity in one line, what is not known, secrets about to expire, and the users."""
    tenant = frame.shell.tenant
    only = frame.work.require(identity.READ, tenant) if tenant else None
    wanted = Filter(
        stale_before=frame.work.now - STALE_AFTER,
        text=q,
        privileged=privileged,
        stale=stale,
        registered=registered,
        enforced=enforced,
    )
    found = identity.users(frame.work, wanted, only, _spot(page.after), page.fetch)
    return frame.show(
        "identity.html",
        summary=identity.summary(frame.work, only, cache=frame.request.app.state.cache),
        ending=identity.expiring(frame.work, only=only),
        soonest=SOONEST,
        wanted=wanted,
        shown=found[: page.limit],
        total=identity.total(frame.work, wanted, only),
        first=page.after is None,
        following=_following(page, found),
        filtered=any((q, privileged, stale, registered, enforced)),
        asked={name: getattr(wanted, name) for name in SHOWS},
    )


def _following(page: Page, found: list[User]) -> str:
    if len(found) <= page.limit:
        return ""
    last = found[page.limit - 1]
    return page.next((last.name.casefold(), last.connection, last.id))


def _spot(after: Key | None) -> Spot | None:
    if after is None:
        return None
    name, connection, user = map(str, after)
    return name, connection, user
