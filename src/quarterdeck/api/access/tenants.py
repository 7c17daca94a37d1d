"""/api/v1/tenants/{tenant}: one tenant, and how often it may ask.

The list, and how a tenant begins, are with its connections in ``api.governance``.
"""

from fastapi import Request, Response
from pydantic import Field

from quarterdeck.access.limits import service as limits
from quarterdeck.access.limits.model import MAX_BURST, MAX_PER_MINUTE, Rate
from quarterdeck.access.tenants import service as tenants
from quarterdeck.access.tenants.model import MAX_NAME, MAX_TEXT, Change, Tenant
from quarterdeck.api.access.answers import LimitBody, OneTenant
from quarterdeck.api.governance.policies import InPolicies
from quarterdeck.governance.sync.onboarding import archive_tenant as archive
from quarterdeck.web.bodies import Body
from quarterdeck.web.deps import InRead, InWork
from quarterdeck.web.etags import IfMatch, check_match, etag_of
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import api_router

router = api_router(prefix="/tenants/{tenant}", tags=["tenants"])


class ChangeBody(Body):
    """What shall change; what is left out stays."""

    name: str | None = Field(None, min_length=1, max_length=MAX_NAME, examples=["Contoso"])
    description: str | None = Field(None, max_length=MAX_TEXT)
    owner: str | None = Field(None, max_length=MAX_TEXT)
    purpose: str | None = Field(None, max_length=MAX_TEXT)


class RateBody(Body):
    """So many requests a minute in the long run, and at most ``burst`` at once."""

    per_minute: int = Field(ge=1, le=MAX_PER_MINUTE)
    burst: int = Field(ge=1, le=MAX_BURST)


@router.get("", responses=problems(401, 403, 404), **needs("tenants:read"))
def show_tenant(tenant: str, work: InRead, response: Response) -> OneTenant:
    """A tenant, also one that was archived."""
    return _answer(tenants.tenant_of(work, tenant), response)


@router.patch("", responses=problems(401, 403, 404, 409, 412, 422), **needs("tenants:write"))
def change_tenant(
    tenant: str, body: ChangeBody, work: InWork, response: Response, if_match: IfMatch = None
) -> OneTenant:
    """Rename or describe a tenant."""
    before = tenants.tenant_of(work, tenant)
    check_match(if_match, _etag(before))
    changed = tenants.change(work, tenant, Change(**body.model_dump()), version=before.version)
    return _answer(changed, response)


@router.delete("", responses=problems(401, 403, 404, 409, 412), **needs("tenants:archive"))
def archive_tenant(
    tenant: str,
    work: InWork,
    known: InPolicies,
    response: Response,
    if_match: IfMatch = None,
) -> OneTenant:
    """End a tenant: its directories are disconnected, nothing in it changes any more.

    Its log and evidence stay.
    """
    before = tenants.tenant_of(work, tenant)
    check_match(if_match, _etag(before))
    return _answer(archive(work, known, tenant, version=before.version), response)


@router.get("/limit", responses=problems(401, 403, 404), **needs("limits:read"))
def show_limit(tenant: str, work: InRead, request: Request) -> LimitBody:
    """How often a tenant may ask."""
    own = limits.rate_of(work, tenant)
    return LimitBody.of(own or _default(request), own=own is not None)


@router.put("/limit", responses=problems(401, 403, 404, 409, 422), **needs("limits:write"))
def set_limit(tenant: str, body: RateBody, work: InWork) -> LimitBody:
    """Let a tenant ask as often as this, from its next request on."""
    rate = Rate(per_minute=body.per_minute, burst=body.burst)
    limits.set_rate(work, tenant, rate)
    return LimitBody.of(rate, own=True)


@router.delete("/limit", responses=problems(401, 403, 404, 409), **needs("limits:write"))
def reset_limit(tenant: str, work: InWork, request: Request) -> LimitBody:
    """Let a tenant ask as often as the settings say."""
    limits.set_rate(work, tenant, None)
    return LimitBody.of(_default(request), own=False)


def _default(request: Request) -> Rate:
    held: limits.Limits = request.app.state.limits
    return held.default


def _etag(tenant: Tenant) -> str:
    return etag_of(tenant.id, tenant.version)


def _answer(tenant: Tenant, response: Response) -> OneTenant:
    response.headers["ETag"] = _etag(tenant)
    return OneTenant.of(tenant)
