"""/api/v1/resources"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any, Self

from fastapi import Depends, Query, Request, Response
from pydantic import BaseModel, Field

from quarterdeck.governance.connections.service import tenants_named
from quarterdeck.governance.inventory import service as inventory
from quarterdeck.governance.inventory.model import Change, Filter, Resource, spot
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.web import ndjson
from quarterdeck.web.deps import InRead
from quarterdeck.web.paging import InPage, Key
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import Router

router = Router(tags=["resources"])

Word = Annotated[str, Query(max_length=512)]


class ResourceBody(BaseModel):
    """A resource as its cloud last reported it."""

    id: str = Field(description="Ours; stands in addresses.")
    cloud_id: str = Field(description="The cloud's, as it wrote it.")
    tenant: str
    connection: str
    subscription: str
    name: str
    type: str
    location: str
    tags: dict[str, str]
    first_seen: datetime
    last_seen: datetime = Field(description="The last listing that had it.")
    deleted_at: datetime | None = Field(description="The first whole listing that lacked it.")
    hash: str = Field(description="SHA-256 of its body, hex.")

    @classmethod
    def of(cls, found: Resource) -> Self:
        return cls(**_fields(found))


class ChangeBody(BaseModel):
    """How a resource changed."""

    at: datetime
    what: str = Field(description="added, changed, removed or restored.")
    run: str
    before: str = Field(description="SHA-256 of the body before, hex; empty: there was none.")
    after: str
    replaced: Any = Field(description="The body before a change; else null.")

    @classmethod
    def of(cls, change: Change) -> Self:
        return cls(
            at=change.at,
            what=change.what.value,
            run=change.run,
            before=change.before,
            after=change.after,
            replaced=json.loads(change.replaced) if change.replaced else None,
        )


class DescribedBody(ResourceBody):
    """A resource, all that its cloud says of it, and its newest changes."""

    body: Any = Field(description="What the cloud sent.")
    history: list[ChangeBody] = Field(description="Newest first; at most 200.")


class Resources(BaseModel):
    """A page of resources, by type, name and id; ``Link`` leads to the next."""

    resources: list[ResourceBody]
    total_resources: int = Field(description="That the filter finds, on all pages.")


class Total(BaseModel):
    """Live resources of one type in one tenant."""

    tenant: str
    type: str = Field(description="In lower case.")
    resources: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Which resources, of which tenants; no names: of all that one may see."""

    wanted: Filter
    named: Sequence[str]

    def tenants(self, work: Work) -> Tenants | None:
        return tenants_named(work, "resources:read", list(self.named)) if self.named else None


def question_of(
    tenant_ids: Annotated[
        list[str],
        Query(
            default_factory=list,
            description="Ids of tenants or of their directories; repeated, or parted by commas.",
        ),
    ],
    type: Word = "",  # noqa: A002  the word in the address
    location: Word = "",
    text: Annotated[Word, Query(description="Part of a name, in any case.")] = "",
    tag: Annotated[Word, Query(description="name or name=value.")] = "",
    *,
    deleted: Annotated[bool, Query(description="Also those that are gone.")] = False,
) -> Question:
    """What a list's address asks for."""
    return Question(
        wanted=Filter(type=type, location=location, text=text, tag=tag, deleted=deleted),
        named=[name for part in tenant_ids for name in part.split(",") if name],
    )


Asked = Annotated[Question, Depends(question_of)]


@router.get(
    "/resources",
    responses={
        200: {"model": Resources, "content": {ndjson.MEDIA_TYPE: {}}},
        **problems(401, 403, 404, 422),
    },
    **needs("resources:read"),
)
def list_resources(
    request: Request, response: Response, work: InRead, page: InPage, asked: Asked
) -> Any:  # noqa: ANN401  a page, or a stream of all
    """Resources by type, name and id; all of them at once as NDJSON, if that is accepted."""
    only = asked.tenants(work)
    if ndjson.asked_for(request):
        return _streamed(request, replace(asked.wanted, seen_before=work.now), only, page.after)
    rows = inventory.page(work, asked.wanted, only, _spot(page.after), page.fetch)
    return Resources(
        resources=[ResourceBody.of(r) for r in page.turn(response, rows, spot)],
        total_resources=inventory.total(work, asked.wanted, only, request.app.state.cache),
    )


@router.get("/resources/counts", responses=problems(401, 403), **needs("resources:read"))
def count_resources(work: InRead) -> list[Total]:
    """Live resources by tenant and type: a bare array."""
    return [Total(tenant=t, type=k, resources=many) for t, k, many in inventory.counts(work)]


@router.get("/resources/{resource}", responses=problems(401, 403, 404), **needs("resources:read"))
def get_resource(resource: str, work: InRead) -> DescribedBody:
    """One resource with all that its cloud says of it, and its history; also one that is gone."""
    found = inventory.described(work, resource)
    return DescribedBody(
        **_fields(found.resource),
        body=json.loads(found.resource.body),
        history=[ChangeBody.of(change) for change in found.history],
    )


def _streamed(
    request: Request, wanted: Filter, only: Tenants | None, after: Key | None
) -> Response:
    def rows(work: Work, last: Key | None, limit: int) -> list[Resource]:
        return inventory.page(work, wanted, only, _spot(last), limit)

    return ndjson.streamed(
        request,
        ndjson.Listing(rows=rows, key=spot, line=_line),
        after,
    )


def _line(found: Resource) -> bytes:
    return ResourceBody.of(found).model_dump_json().encode()


def _spot(key: Key | None) -> tuple[str, str, str] | None:
    if key is None:
        return None
    kind, name, resource = map(str, key)
    return kind, name, resource


def _fields(found: Resource) -> dict[str, Any]:
    return {
        "id": found.id,
        "cloud_id": found.cloud_id,
        "tenant": found.tenant,
        "connection": found.connection,
        "subscription": found.subscription,
        "name": found.name,
        "type": found.type,
        "location": found.location,
        "tags": dict(found.tags),
        "first_seen": found.first_seen,
        "last_seen": found.last_seen,
        "deleted_at": found.deleted_at,
        "hash": found.hash,
    }
