"""/api/v1/tenants/{tenant}/onboarding: how a tenant joins, and how it leaves."""

from datetime import datetime
from typing import Annotated, Self

from fastapi import Path
from pydantic import BaseModel, Field

from quarterdeck.api.governance.policies import InPolicies
from quarterdeck.governance.onboarding import service as onboarding
from quarterdeck.governance.onboarding.model import MAX_EVIDENCE, Item, ItemName, State
from quarterdeck.governance.onboarding.service import Joining, Left
from quarterdeck.web.bodies import Body
from quarterdeck.web.deps import InRead, InWork
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import api_router

router = api_router(prefix="/tenants/{tenant}", tags=["tenants"])

OfItem = Annotated[ItemName, Path(description="An item of the checklist.")]


class RecordBody(Body):
    """How an item stands, and what that rests on."""

    state: State
    evidence: str = Field("", max_length=MAX_EVIDENCE, description="Where the proof lies.")


class ItemBody(BaseModel):
    """An item of the checklist."""

    name: ItemName
    title: str
    state: State
    by: str = Field(description="Who said so: a principal's id, or quarterdeck; may be empty.")
    at: datetime | None
    evidence: str
    todo: str = Field(description="What to do next; commands where there are some.")

    @classmethod
    def of(cls, item: Item) -> Self:
        return cls(
            name=item.name,
            title=item.title,
            state=item.state,
            by=item.by,
            at=item.at,
            evidence=item.evidence,
            todo=item.todo,
        )


class JoiningBody(BaseModel):
    """A tenant's checklist, in the order it is worked through."""

    tenant: str
    done: int = Field(description="Items with nothing left to do.")
    items: list[ItemBody]
    next: ItemName | None = Field(description="What to do next; null: all is done.")
    warnings: list[str]

    @classmethod
    def of(cls, found: Joining) -> Self:
        return cls(
            tenant=found.tenant.id,
            done=found.done,
            items=[ItemBody.of(item) for item in found.items],
            next=found.next.name if found.next else None,
            warnings=found.warnings,
        )


class LeftBody(BaseModel):
    """What became of a tenant that left: its evidence stays readable, and can be exported."""

    tenant: str
    archived_at: datetime | None
    connections_removed: int
    resources_kept: int
    exports: list[str] = Field(description="Addresses that give what was kept.")

    @classmethod
    def of(cls, left: Left) -> Self:
        tenant = left.tenant.id
        return cls(
            tenant=tenant,
            archived_at=left.tenant.archived_at,
            connections_removed=left.disconnected,
            resources_kept=left.resources,
            exports=onboarding.exports_of(tenant),
        )


@router.get("/onboarding", responses=problems(401, 403, 404), **needs("tenants:read"))
def show_onboarding(tenant: str, work: InRead) -> JoiningBody:
    """How far a tenant's onboarding is, and what to do next."""
    return JoiningBody.of(onboarding.joining(work, tenant))


@router.put(
    "/onboarding/{item}",
    responses=problems(401, 403, 404, 409, 422),
    **needs("onboarding:write"),
)
def record_onboarding(tenant: str, item: OfItem, body: RecordBody, work: InWork) -> JoiningBody:
    """Say how an item stands; the word of a person stands over what was read."""
    return JoiningBody.of(onboarding.record(work, tenant, item, body.state, body.evidence))


@router.post(
    "/onboarding/verify",
    responses=problems(401, 403, 404, 409),
    **needs("onboarding:write"),
)
def verify_onboarding(tenant: str, work: InWork) -> JoiningBody:
    """Look whether the tenant is listed, synced, and its data flowing; keep what was found."""
    return JoiningBody.of(onboarding.verify(work, tenant))


@router.post("/offboard", responses=problems(401, 403, 404, 409), **needs("tenants:archive"))
def offboard_tenant(tenant: str, work: InWork, known: InPolicies) -> LeftBody:
    """End a tenant: archived and disconnected; what was read and logged of it stays readable."""
    return LeftBody.of(onboarding.offboard(work, known, tenant))
