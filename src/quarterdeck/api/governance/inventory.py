"""/inventory: runbook 001's way to the affected resources; under /api/v1, and as it stands."""

from typing import Self

from fastapi import Response
from pydantic import BaseModel, Field

from quarterdeck.api.governance.resources import Asked, Question, owner_tags
from quarterdeck.governance.inventory import service as inventory
from quarterdeck.governance.inventory.filters import group_of, owner_of
from quarterdeck.governance.inventory.model import Resource
from quarterdeck.kernel.work import Work
from quarterdeck.runtime import Runtime
from quarterdeck.web.deps import InRead, Installation
from quarterdeck.web.paging import InPage, Page
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import Router, api_router

router = api_router(tags=["resources"])
root_router = Router(tags=["resources"])

SAID = problems(401, 403, 404, 422)


class InventoryRow(BaseModel):
    """A resource, as whoever was called by an alert needs it."""

    id: str = Field(description="The cloud's, as alerts bear it.")
    type: str
    owner: str | None = Field(description="By its owner tags; null: nobody knows.")
    name: str
    tenant: str
    group: str
    location: str
    resource: str = Field(description="Ours; stands in /api/v1/resources/{resource}.")

    @classmethod
    def of(cls, found: Resource, tags: tuple[str, ...]) -> Self:
        return cls(
            id=found.cloud_id,
            type=found.type,
            owner=owner_of(found.tags, tags) or None,
            name=found.name,
            tenant=found.tenant,
            group=group_of(found.cloud_id),
            location=found.location,
            resource=found.id,
        )


@router.get("/inventory", responses=SAID, **needs("resources:read"))
def list_inventory(
    work: InRead, runtime: Installation, page: InPage, response: Response, asked: Asked
) -> list[InventoryRow]:
    """Resources with their owners: a bare array; ``Link`` leads to the next page."""
    return _rows(work, runtime, page, response, asked)


@root_router.get("/inventory", responses=SAID, **needs("resources:read"))
def get_inventory(
    work: InRead, runtime: Installation, page: InPage, response: Response, asked: Asked
) -> list[InventoryRow]:
    """The same as ``/api/v1/inventory``, where runbook 001 has it."""
    return _rows(work, runtime, page, response, asked)


def _rows(
    work: Work, runtime: Runtime, page: Page, response: Response, asked: Question
) -> list[InventoryRow]:
    rows = inventory.page(work, asked.wanted, asked.tenants(work), page.after, page.fetch)
    tags = owner_tags(runtime)
    return [InventoryRow.of(found, tags) for found in page.turn(response, rows, asked.spot)]
