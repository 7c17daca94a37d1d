"""/views: the addresses of lists that one keeps, as forms on each list's page."""

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.responses import RedirectResponse

from quarterdeck.access.views import service as views
from quarterdeck.access.views.model import View
from quarterdeck.console.frame import Frame, see
from quarterdeck.console.preferences import back_to
from quarterdeck.web.deps import InWork
from quarterdeck.web.permissions import needs
from quarterdeck.web.routes import HouseRoute

router = APIRouter(include_in_schema=False, route_class=HouseRoute)

OWN = needs("access:ask")


def saved(frame: Frame, page: str) -> list[View]:
    """One's own views of a page; none where one may keep none."""
    return views.views(frame.work, page) if frame.holds("access:ask") else []


@router.post("/views", **OWN)
def save(
    work: InWork,
    page: Annotated[str, Form()],
    name: Annotated[str, Form()],
    query: Annotated[str, Form()] = "",
) -> RedirectResponse:
    """Keep the list as it is shown."""
    return see(back_to(views.save(work, page, name, query).address))


@router.post("/views/{view}/remove", **OWN)
def remove(view: str, work: InWork, back: Annotated[str, Form()] = "/") -> RedirectResponse:
    """Keep a view no more."""
    views.remove(work, view)
    return see(back_to(back))
