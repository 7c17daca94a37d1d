"""/resources: the inventory, as a list and one by one."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated

from fastapi import Depends, Query, Request
from starlette.responses import HTMLResponse, StreamingResponse

from quarterdeck.console.frame import Frame, InFrame
from quarterdeck.console.pages.now import ages_of
from quarterdeck.console.pages.views import saved
from quarterdeck.governance.exports.sources import resource_columns, resource_filter
from quarterdeck.governance.inventory import service as inventory
from quarterdeck.governance.inventory.filters import (
    Filter,
    Sort,
    group_of,
    owner_of,
    owner_tags_of,
    spot,
)
from quarterdeck.governance.inventory.model import Resource
from quarterdeck.governance.sync.domains import domains
from quarterdeck.governance.sync.freshness import Freshness
from quarterdeck.governance.sync.model import RESOURCES
from quarterdeck.governance.sync.service.doubts import doubt_about
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.trail.query import service as query
from quarterdeck.web import csv
from quarterdeck.web.deps import By, Installation
from quarterdeck.web.paging import InPage, Key
from quarterdeck.web.permissions import needs
from quarterdeck.web.routes import page_router
from quarterdeck.web.streaming import SMALL_ROWS

router = page_router()

READS = needs("resources:read")
ENDED = ("sync:complete", "sync:cancel")
"""Actions of the leaves that a run ends with."""

MAX_WORD = 200
Word = Annotated[str, Query(max_length=MAX_WORD)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """What the filter bar asks for: each field a part of the address."""

    q: str = ""
    type: str = ""
    location: str = ""
    tag: str = ""
    group: str = ""
    owner: str = ""
    finding: str = ""
    deleted: bool = False
    sort: Sort = Sort.TYPE

    @property
    def asked(self) -> dict[str, str]:
        """The filter as an address has it; without what it does not ask for."""
        words = {name: getattr(self, name) for name in FIELDS}
        return {name: word for name, word in words.items() if word} | (
            {"deleted": "true"} if self.deleted else {}
        )

    @property
    def named(self) -> dict[str, str]:
        """The filter by the names that an export's has."""
        return {"text" if name == "q" else name: word for name, word in self.asked.items()}

    def wanted(self, frame_tags: str) -> Filter:
        """The filter for the inventory."""
        return resource_filter(self.named, owner_tags_of(frame_tags), self.sort)


FIELDS = ("q", "type", "location", "tag", "group", "owner", "finding")


def bar_of(  # noqa: PLR0913, PLR0917  the filter bar: each a part of the address
    q: Word = "",
    type_: Annotated[str, Query(alias="type", max_length=MAX_WORD)] = "",
    location: Word = "",
    tag: Word = "",
    group: Word = "",
    owner: Word = "",
    finding: Word = "",
    deleted: bool = False,  # noqa: FBT001, FBT002  a query parameter
    sort: Sort = Sort.TYPE,
) -> Bar:
    """What the address asks for."""
    return Bar(
        q=q,
        type=type_,
        location=location,
        tag=tag,
        group=group,
        owner=owner,
        finding=finding,
        deleted=deleted,
        sort=sort,
    )


InBar = Annotated[Bar, Depends(bar_of)]


@router.get("/resources", response_class=HTMLResponse, **READS)
def resources(frame: InFrame, page: InPage, bar: InBar) -> HTMLResponse:
    """The list; its filter is its address."""
    tags = frame.runtime.settings.owner_tags
    wanted, only = bar.wanted(tags), _only(frame.work, frame.shell.tenant)
    found = inventory.page(frame.work, wanted, only, page.after, page.fetch)
    shown = found[: page.limit]
    return frame.show(
        "resources.html",
        bar=bar,
        shown=shown,
        total=inventory.total(frame.work, wanted, only, frame.request.app.state.cache),
        findings=inventory.findings_of(frame.work, shown, only),
        rules={j.rule.name: j for j in inventory.judgements(frame.work, only)},
        first=page.after is None,
        following=page.next(spot(found[page.limit - 1], bar.sort))
        if len(found) > page.limit
        else "",
        filtered=bool(bar.asked),
        ages=_ages(frame),
        views=saved(frame, "/resources"),
        query=frame.request.url.query,
    )


@router.get("/resources.csv", response_class=StreamingResponse, **READS)
@router.get("/resources.ndjson", response_class=StreamingResponse, **READS)
@router.get("/resources.json", response_class=StreamingResponse, **READS)
def export(
    request: Request,
    _actor: By,
    runtime: Installation,
    bar: InBar,
    tenant: Word = "",
) -> StreamingResponse:
    """What the list shows, whole, as a file."""
    form = csv.Format(request.url.path.rpartition(".")[2])
    tags = runtime.settings.owner_tags
    sheet = csv.Sheet(
        name="resources",
        rows=partial(_rows, bar.wanted(tags), tenant),
        key=partial(spot, sort=bar.sort),
        columns=resource_columns(owner_tags_of(tags)),
        page_rows=SMALL_ROWS,
    )
    return csv.streamed(request, sheet, form)


@router.get("/resources/{resource}", response_class=HTMLResponse, **READS)
def resource(frame: InFrame, resource: str) -> HTMLResponse:
    """One resource: what it is, its age, its exact JSON, its history."""
    found = inventory.described(frame.work, resource)
    age = next((a for a in _ages(frame) if a.tenant == found.resource.tenant), None)
    of = found.resource
    return frame.show(
        "resource.html",
        doubt=doubt_about(frame.work, RESOURCES, of.connection, of.subscription),
        resource=found.resource,
        body=json.loads(found.resource.body),
        history=found.history,
        replaced=[json.loads(c.replaced) if c.replaced else None for c in found.history],
        findings=found.findings,
        moved_to=found.moved_to,
        group=group_of(found.resource.cloud_id),
        owner=owner_of(found.resource.tags, owner_tags_of(frame.runtime.settings.owner_tags)),
        leaves=leaves_of_runs(frame, found.resource.tenant, [one.run for one in found.history]),
        age=age,
    )


def leaves_of_runs(frame: Frame, tenant: str, runs: Sequence[str]) -> dict[str, tuple[int, bool]]:
    """Where the leaves of sync runs stand: index, and whether a checkpoint covers it; by run."""
    if not frame.allows("trail:read", tenant):
        return {}
    return query.leaves_of(frame.work, frame.runtime.explorer, tenant, runs, ENDED)


def _ages(frame: Frame) -> list[Freshness]:
    known = domains(frame.runtime.settings)
    return [age for age in ages_of(frame, known) if age.domain == RESOURCES]


def _only(work: Work, tenant: str) -> Tenants | None:
    return work.require("resources:read", tenant) if tenant else None


def _rows(wanted: Filter, tenant: str, work: Work, after: Key | None, limit: int) -> list[Resource]:
    return inventory.page(work, wanted, _only(work, tenant), after, limit)
