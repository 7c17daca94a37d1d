"""/status/SLUG/api/v2 and its feed: a published status page for programs, open to all."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

from fastapi import Path, Request, Response

from quarterdeck.api.operations import atlassian
from quarterdeck.api.operations.status_feed import feed
from quarterdeck.kernel.work import Actor, Work, read
from quarterdeck.operations.statuspage.model.words import MAX_NAME
from quarterdeck.operations.statuspage.service import public
from quarterdeck.operations.statuspage.service.public import View
from quarterdeck.runtime import Runtime
from quarterdeck.web.deps import Installation
from quarterdeck.web.etags import etag_of, kept_for
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import Router

router = Router(prefix="/status/{slug}", tags=["public status page"])

READS = problems(404, 422)
API = "/api/v2"
STRANGER = Actor("status-page", frozenset())
KEPT: dict[str, str] = {
    "Cache-Control": "public, max-age=30",
    # It is for everybody: pages of others may show it.
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
JSON, ATOM = "application/json", "application/atom+xml"
SHAPE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "In the shape of Atlassian Statuspage's public API.",
        "content": {JSON: {"schema": {"type": "object"}}},
    },
    304: {"description": "It is what the client has."},
}
FEED: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "An Atom feed (RFC 4287).",
        "content": {ATOM: {"schema": {"type": "string"}}},
    },
    304: {"description": "It is what the client has."},
}
Slug = Annotated[str, Path(max_length=MAX_NAME, examples=["contoso"])]
Shaped = Callable[[View, str], dict[str, Any]]


@router.get(API + "/summary.json", responses=READS | SHAPE)
def read_status_summary(request: Request, runtime: Installation, slug: Slug) -> Response:
    """Components, incidents and maintenance that are not over, and how all of it is."""
    return _shaped(request, runtime, slug, atlassian.summary)


@router.get(API + "/status.json", responses=READS | SHAPE)
def read_status(request: Request, runtime: Installation, slug: Slug) -> Response:
    """How all of it is, in a word; null: that is not known."""
    return _shaped(request, runtime, slug, atlassian.status)


@router.get(API + "/components.json", responses=READS | SHAPE)
def read_status_components(request: Request, runtime: Installation, slug: Slug) -> Response:
    """How each component is; null, with a reason: that is not known."""
    return _shaped(request, runtime, slug, atlassian.components)


@router.get(API + "/incidents.json", responses=READS | SHAPE)
def read_status_incidents(request: Request, runtime: Installation, slug: Slug) -> Response:
    """The last 50 incidents, newest first."""
    return _shaped(request, runtime, slug, atlassian.incidents)


@router.get(API + "/incidents/unresolved.json", responses=READS | SHAPE)
def read_status_unresolved(request: Request, runtime: Installation, slug: Slug) -> Response:
    """Incidents that are not over."""
    return _shaped(request, runtime, slug, atlassian.unresolved)


@router.get(API + "/scheduled-maintenances.json", responses=READS | SHAPE)
def read_status_maintenances(request: Request, runtime: Installation, slug: Slug) -> Response:
    """The last 50 maintenances, newest first."""
    return _shaped(request, runtime, slug, atlassian.maintenances)


@router.get("/feed.atom", responses=READS | FEED)
def read_status_feed(request: Request, runtime: Installation, slug: Slug) -> Response:
    """Incidents and maintenance for feed readers."""
    with opened(request, runtime) as work:
        view = public.view(work, public.published(work, slug))
    text = feed(view, url_of(runtime, slug))
    return kept_for(request, text, ATOM, etag_of(text), KEPT)


@contextmanager
def opened(request: Request, runtime: Runtime) -> Iterator[Work]:
    """A look as a stranger has it: with no right at all."""
    with read(runtime.engine, STRANGER, runtime.clock, request.state.request_id) as work:
        yield work


def url_of(runtime: Runtime, slug: str) -> str:
    """Where a page stands; without a host where the installation knows none."""
    return f"{runtime.settings.base_url.rstrip('/')}/status/{slug}"


def _shaped(request: Request, runtime: Runtime, slug: str, shape: Shaped) -> Response:
    with opened(request, runtime) as work:
        view = public.view(work, public.published(work, slug))
    said = shape(view, url_of(runtime, slug))
    unmade = {**said, "page": {**said["page"], "made_at": None}}
    tag = etag_of(json.dumps(unmade, sort_keys=True))
    return kept_for(request, json.dumps(said, ensure_ascii=False), JSON, tag, KEPT)
