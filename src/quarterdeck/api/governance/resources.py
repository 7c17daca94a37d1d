"""/api/v1/resources"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Annotated, Any, Literal, Self

import msgspec
from fastapi import Depends, Query, Request, Response
from pydantic import BaseModel, Field

from quarterdeck.governance.connections.service import tenants_named
from quarterdeck.governance.inventory import service as inventory
from quarterdeck.governance.inventory.filters import (
    Filter,
    Sort,
    Spot,
    group_of,
    owner_of,
    owner_tags_of,
    spot,
)
from quarterdeck.governance.inventory.model import Change, Resource
from quarterdeck.governance.inventory.waste import Verdict, Waste
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.runtime import Runtime
from quarterdeck.web import ndjson
from quarterdeck.web.deps import InRead, Installation
from quarterdeck.web.paging import InPage, Key
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import api_router
from quarterdeck.web.streaming import SMALL_ROWS

router = api_router(tags=["resources"])

Word = Annotated[str, Query(max_length=512)]

_LINE = msgspec.json.Encoder()


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
    group: str = Field(description="Its resource group, in lower case; empty: it is in none.")
    was: str = Field(description="Ours, of what it was before it moved; empty: it did not.")

    @classmethod
    def of(cls, found: Resource) -> Self:
        return cls(**_fields(found))


class ChangeBody(BaseModel):
    """How a resource changed."""

    at: datetime
    what: str = Field(description="added, changed, removed, restored or moved.")
    run: str
    cloud_id: str = Field(description="The cloud's, as it was then.")
    before: str = Field(description="SHA-256 of the body before, hex; empty: there was none.")
    after: str
    replaced: Any = Field(description="The body before a change; else null.")

    @classmethod
    def of(cls, change: Change) -> Self:
        return cls(
            at=change.at,
            what=change.what.value,
            run=change.run,
            cloud_id=change.cloud_id,
            before=change.before,
            after=change.after,
            replaced=json.loads(change.replaced) if change.replaced else None,
        )


class FindingBody(BaseModel):
    """What a rule on what nobody uses says of a resource."""

    rule: str
    verdict: Verdict
    reason: str = Field(description="What the rule found, or why it cannot know.")
    since: datetime | None


class DescribedBody(ResourceBody):
    """A resource, all that its cloud says of it, and its newest changes."""

    owner: str = Field(description="By its owner tags; empty: nobody knows.")
    body: Any = Field(description="What the cloud sent.")
    history: list[ChangeBody] = Field(
        description="Newest first, also from before it moved; at most 200."
    )
    findings: list[FindingBody]
    moved_to: str = Field(description="Ours, of what it became by moving; empty: it did not.")


class RuleBody(BaseModel):
    """A rule on what nobody uses, and what it finds."""

    rule: str
    waste: Waste
    type: str = Field(description="That it judges, in lower case.")
    reason: str
    remedy: str
    found: int | None = Field(description="null: it could judge none.")
    clear: int
    not_known: int
    why_not_known: str


class ValueBody(BaseModel):
    """A value, and how many live resources bear it."""

    value: str
    resources: int


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

    def by(self, moment: datetime) -> "Question":
        """The same, of what had been seen by then."""
        return replace(self, wanted=replace(self.wanted, seen_before=moment))

    def spot(self, found: Resource) -> Spot:
        return spot(found, self.wanted.sort)

    def tenants(self, work: Work) -> Tenants | None:
        return tenants_named(work, "resources:read", list(self.named)) if self.named else None


def question_of(  # noqa: PLR0913, PLR0917  the filter: each a part of the address
    tenant_ids: Annotated[
        list[str],
        Query(
            default_factory=list,
            description="Ids of tenants or of their directories; repeated, or parted by commas.",
        ),
    ],
    runtime: Installation,
    type: Word = "",  # noqa: A002  the word in the address
    location: Word = "",
    text: Annotated[Word, Query(description="Part of a name, in any case.")] = "",
    tag: Annotated[Word, Query(description="name or name=value.")] = "",
    group: Annotated[Word, Query(description="A resource group, in any case.")] = "",
    owner: Annotated[Word, Query(description="Exactly, by one of the owner tags.")] = "",
    finding: Annotated[Word, Query(description="That this rule found; any: some rule.")] = "",
    *,
    deleted: Annotated[bool, Query(description="Also those that are gone.")] = False,
    sort: Annotated[
        Sort, Query(description="newest: by first_seen, the latest first.")
    ] = Sort.TYPE,
) -> Question:
    """What a list's address asks for."""
    return Question(
        wanted=Filter(
            type=type,
            location=location,
            text=text,
            tag=tag,
            group=group,
            owner=owner,
            owner_tags=owner_tags(runtime),
            finding=finding,
            deleted=deleted,
            sort=sort,
        ),
        named=[name for part in tenant_ids for name in part.split(",") if name],
    )


Asked = Annotated[Question, Depends(question_of)]


def owner_tags(runtime: Runtime) -> tuple[str, ...]:
    """The tags that say whose a resource is, as this installation has it."""
    return owner_tags_of(runtime.settings.owner_tags)


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
    """Resources, by type unless told otherwise; all at once as NDJSON, if that is accepted."""
    only = asked.tenants(work)
    if ndjson.asked_for(request):
        return _streamed(request, asked.by(work.now), only, page.after)
    rows = inventory.page(work, asked.wanted, only, page.after, page.fetch)
    return Resources(
        resources=[ResourceBody.of(r) for r in page.turn(response, rows, asked.spot)],
        total_resources=inventory.total(work, asked.wanted, only, request.app.state.cache),
    )


@router.get("/resources/counts", responses=problems(401, 403), **needs("resources:read"))
def count_resources(work: InRead) -> list[Total]:
    """Live resources by tenant and type: a bare array."""
    return [Total(tenant=t, type=k, resources=many) for t, k, many in inventory.counts(work)]


@router.get("/resources/rules", responses=problems(401, 403), **needs("resources:read"))
def list_waste_rules(work: InRead) -> list[RuleBody]:
    """Rules on what nobody uses, each with its reason and what it finds: a bare array.

    The resources that one found are listed by ``/resources?finding=RULE``.
    """
    return [
        RuleBody(
            rule=j.rule.name,
            waste=j.rule.waste,
            type=j.rule.type,
            reason=j.rule.reason,
            remedy=j.rule.remedy,
            found=j.found,
            clear=j.clear,
            not_known=j.not_known,
            why_not_known=j.reason,
        )
        for j in inventory.judgements(work)
    ]


@router.get("/resources/values", responses=problems(401, 403, 422), **needs("resources:read"))
def list_values(
    work: InRead,
    runtime: Installation,
    column: Literal["type", "location", "group", "owner"] = "type",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> list[ValueBody]:
    """The most frequent types, locations, groups or owners: a bare array."""
    found = inventory.values(work, column, limit, owner_tags(runtime))
    return [ValueBody(value=value, resources=many) for value, many in found]


@router.get("/resources/{resource}", responses=problems(401, 403, 404), **needs("resources:read"))
def get_resource(resource: str, work: InRead, runtime: Installation) -> DescribedBody:
    """One resource with all that its cloud says of it, and its history; also one that is gone."""
    found = inventory.described(work, resource)
    return DescribedBody(
        **_fields(found.resource),
        body=json.loads(found.resource.body),
        owner=owner_of(found.resource.tags, owner_tags(runtime)),
        history=[ChangeBody.of(change) for change in found.history],
        findings=[FindingBody(**asdict(finding)) for finding in found.findings],
        moved_to=found.moved_to,
    )


def _streamed(
    request: Request, asked: Question, only: Tenants | None, after: Key | None
) -> Response:
    def rows(work: Work, last: Key | None, limit: int) -> list[Resource]:
        return inventory.page(work, asked.wanted, only, last, limit)

    return ndjson.streamed(
        request,
        ndjson.Listing(rows=rows, key=asked.spot, line=_line, page_rows=SMALL_ROWS),
        after,
    )


def _line(found: Resource) -> bytes:
    # As ResourceBody would be written, a tenth as long: a million lines may be asked for.
    return _LINE.encode(_fields(found))


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
        "group": group_of(found.cloud_id),
        "was": found.was,
    }
