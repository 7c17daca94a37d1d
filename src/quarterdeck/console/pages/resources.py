"""/resources: the inventory, as a list and one by one."""

import json
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse, StreamingResponse

from quarterdeck.console.frame import Frame, InFrame
from quarterdeck.console.pages.now import ages_of, domains
from quarterdeck.governance.inventory import service as inventory
from quarterdeck.governance.inventory.model import Filter, Resource, Spot, spot
from quarterdeck.governance.sync.freshness import Freshness
from quarterdeck.governance.sync.model import RESOURCES
from quarterdeck.kernel.clock import rfc3339
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.trail.log import service as log
from quarterdeck.trail.log.model import LogNotFound
from quarterdeck.web import ndjson
from quarterdeck.web.deps import By
from quarterdeck.web.paging import InPage, Key, Page
from quarterdeck.web.permissions import needs

router = APIRouter(include_in_schema=False)

READS = needs("resources:read")
LOOKED_THROUGH = 500
"""Newest records of a log in which the leaf of a change is looked for."""

MAX_WORD = 200
Word = Annotated[str, Query(max_length=MAX_WORD)]


@router.get("/resources", response_class=HTMLResponse, **READS)
def resources(  # noqa: PLR0913, PLR0917  the filter bar: each a part of the address
    frame: InFrame,
    page: InPage,
    q: Word = "",
    type_: Annotated[str, Query(alias="type", max_length=MAX_WORD)] = "",
    location: Word = "",
    tag: Word = "",
    deleted: bool = False,  # noqa: FBT001, FBT002  a query parameter
) -> HTMLResponse:
    """The list; its filter is its address."""
    wanted = Filter(type=type_, location=location, text=q, tag=tag, deleted=deleted)
    only = _only(frame.work, frame.shell.tenant)
    found = inventory.page(frame.work, wanted, only, _spot(page.after), page.fetch)
    return frame.show(
        "resources.html",
        wanted=wanted,
        shown=found[: page.limit],
        total=inventory.total(frame.work, wanted, only, frame.request.app.state.cache),
        first=page.after is None,
        following=_following(page, found),
        filtered=any((q, type_, location, tag, deleted)),
        ages=_ages(frame),
        query=frame.request.url.query,
    )


@router.get("/resources.ndjson", response_class=StreamingResponse, **READS)
def export(  # noqa: PLR0913, PLR0917  the filter of the list
    request: Request,
    _actor: By,
    tenant: Word = "",
    q: Word = "",
    type_: Annotated[str, Query(alias="type", max_length=MAX_WORD)] = "",
    location: Word = "",
    tag: Word = "",
    deleted: bool = False,  # noqa: FBT001, FBT002
) -> StreamingResponse:
    """What the list shows, whole, one JSON object a line."""
    wanted = Filter(type=type_, location=location, text=q, tag=tag, deleted=deleted)
    answer = ndjson.streamed(
        request,
        ndjson.Listing(rows=partial(_rows, wanted, tenant), key=spot, line=_line),
    )
    answer.headers["Content-Disposition"] = 'attachment; filename="resources.ndjson"'
    return answer


@router.get("/resources/{resource}", response_class=HTMLResponse, **READS)
def resource(frame: InFrame, resource: str) -> HTMLResponse:
    """One resource: what it is, its age, its exact JSON, its history."""
    found = inventory.described(frame.work, resource)
    age = next((a for a in _ages(frame) if a.tenant == found.resource.tenant), None)
    return frame.show(
        "resource.html",
        resource=found.resource,
        body=json.loads(found.resource.body),
        history=found.history,
        leaves=leaves_of_runs(frame, found.resource.tenant),
        age=age,
    )


def leaves_of_runs(frame: Frame, tenant: str) -> dict[str, tuple[int, bool]]:
    """Where the leaves of sync runs stand: index, and whether a checkpoint covers it; by run.

    Only those among the log's newest ``LOOKED_THROUGH`` records.
    """
    if not frame.allows("trail:read", tenant):
        return {}
    try:
        views = log.records(frame.work, tenant, limit=LOOKED_THROUGH)
    except LogNotFound:
        return {}
    return {
        str(view.record["resource"]["id"]): (view.index, view.proven)
        for view in views
        if view.record["action"] in ("sync:complete", "sync:cancel")
    }


def _ages(frame: Frame) -> list[Freshness]:
    known = domains(frame.runtime.settings)
    return [age for age in ages_of(frame, known) if age.domain == RESOURCES]


def _only(work: Work, tenant: str) -> Tenants | None:
    return work.require("resources:read", tenant) if tenant else None


def _spot(after: Key | None) -> Spot | None:
    if after is None:
        return None
    kind, name, resource = map(str, after)
    return kind, name, resource


def _following(page: Page, found: list[Resource]) -> str:
    return page.next(spot(found[page.limit - 1])) if len(found) > page.limit else ""


def _rows(wanted: Filter, tenant: str, work: Work, after: Key | None, limit: int) -> list[Resource]:
    return inventory.page(work, wanted, _only(work, tenant), _spot(after), limit)


def _line(found: Resource) -> bytes:
    return json.dumps(
        {
            "id": found.id,
            "tenant": found.tenant,
            "subscription": found.subscription,
            "cloud_id": found.cloud_id,
            "name": found.name,
            "type": found.type,
            "location": found.location,
            "tags": dict(found.tags),
            "first_seen": rfc3339(found.first_seen),
            "last_seen": rfc3339(found.last_seen),
            "deleted_at": found.deleted_at and rfc3339(found.deleted_at),
        },
        ensure_ascii=False,
    ).encode()
