"""/api/v1/views: addresses of lists that one keeps."""

from typing import Annotated, Self

from fastapi import Query
from pydantic import BaseModel, Field

from quarterdeck.access.views import service as views
from quarterdeck.access.views.model import MAX_NAME, MAX_QUERY, View
from quarterdeck.web.bodies import Body
from quarterdeck.web.deps import InRead, InWork
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import api_router

router = api_router(prefix="/views", tags=["access"])


class ViewBody(BaseModel):
    """A view that one keeps."""

    id: str
    page: str
    name: str
    query: str
    address: str = Field(description="Where it leads in the console.")

    @classmethod
    def of(cls, view: View) -> Self:
        return cls(
            id=view.id, page=view.page, name=view.name, query=view.query, address=view.address
        )


class NewViewBody(Body):
    """An address to keep."""

    page: str = Field(max_length=MAX_QUERY, examples=["/resources"])
    name: str = Field(min_length=1, max_length=MAX_NAME, examples=["orphans in production"])
    query: str = Field("", max_length=MAX_QUERY, examples=["tag=env%3Dprod&finding=any"])


class Views(BaseModel):
    """One's own views, by page and name."""

    views: list[ViewBody]


@router.get("", responses=problems(401, 403, 422), **needs("access:ask"))
def list_views(
    work: InRead, page: Annotated[str, Query(description="Only of this page.")] = ""
) -> Views:
    """Views that one keeps; nobody else sees them."""
    return Views(views=[ViewBody.of(view) for view in views.views(work, page)])


@router.post("", status_code=201, responses=problems(401, 403, 409, 422), **needs("access:ask"))
def save_view(body: NewViewBody, work: InWork) -> ViewBody:
    """Keep a list's filter and order under a name."""
    return ViewBody.of(views.save(work, body.page, body.name, body.query))


@router.delete("/{view}", status_code=204, responses=problems(401, 403, 404), **needs("access:ask"))
def remove_view(view: str, work: InWork) -> None:
    """Keep a view no more."""
    views.remove(work, view)
