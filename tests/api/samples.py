"""Routes that do, on purpose, whatever a route can do wrong. Served in tests alone."""

from fastapi import Response
from pydantic import BaseModel, Field
from starlette.requests import Request

from quarterdeck.access.tenants import service as tenants
from quarterdeck.kernel.errors import Conflict, Unavailable
from quarterdeck.web import ndjson
from quarterdeck.web.bodies import Body
from quarterdeck.web.deps import InRead, InWork
from quarterdeck.web.etags import IfMatch, check_match, etag_of
from quarterdeck.web.ndjson import Listing
from quarterdeck.web.paging import InPage
from quarterdeck.web.permissions import needs
from quarterdeck.web.routes import Router

router = Router(prefix="/samples", tags=["samples"])


class Deep(Body):
    """One of many."""

    n: int


class Sample(Body):
    """A tenant to begin, or how to fail."""

    id: str
    many: list[Deep] = Field(default_factory=list)
    ratio: float = 0.0
    fail: str = ""


class Begun(BaseModel):
    """What was begun."""

    id: str


@router.post("", status_code=201, **needs("tenants:create"))
def begin_sample(body: Sample, work: InWork, response: Response) -> Begun:
    """Begin a tenant, then fail if so asked."""
    tenants.create(work, body.id, body.id)
    response.headers["Location"] = f"/api/v1/samples/{body.id}"
    if body.fail == "secret":
        response.headers["Cache-Control"] = "no-store"
    if body.fail == "conflict":
        raise Conflict("as asked")
    if body.fail == "unavailable":
        raise Unavailable("as asked", 7)
    if body.fail == "bug":
        raise ZeroDivisionError(body.id)
    return Begun(id=body.id)


@router.get("", **needs("tenants:read"), response_model=None)
def list_samples(
    request: Request, work: InRead, page: InPage, response: Response
) -> Response | list[dict[str, str]]:
    """Tenants, by page or as NDJSON."""
    if ndjson.asked_for(request):
        return ndjson.streamed(request, LISTING)
    after = str(page.after[0]) if page.after else ""
    rows = tenants.visible(work, after=after, limit=page.fetch)
    return [{"id": t.id} for t in page.turn(response, rows, lambda t: (t.id,))]


@router.put("/{tenant}", **needs("tenants:write"))
def put_sample(tenant: str, work: InWork, if_match: IfMatch = None) -> Begun:
    """Change nothing, if it is as the client thinks."""
    found = tenants.tenant_of(work, tenant)
    check_match(if_match, etag_of(found.id, found.version))
    return Begun(id=found.id)


LISTING = Listing(
    rows=lambda work, after, limit: tenants.visible(
        work, after=str(after[0]) if after else "", limit=limit
    ),
    key=lambda tenant: (tenant.id,),
    line=lambda tenant: tenant.id.encode(),
)
