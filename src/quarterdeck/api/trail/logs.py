"""/api/v1/trail/logs: which there are; and each as c2sp.org/tlog-tiles serves a log.

Checkpoints and hash tiles are open: they show nothing, and let strangers verify.
"""

from collections.abc import Iterator
from typing import Annotated
from urllib.parse import quote

from fastapi import Depends, Request, Response
from pydantic import BaseModel, Field

from quarterdeck.kernel.work import Actor, Work, read
from quarterdeck.trail.log import service as log
from quarterdeck.trail.log.model import Served
from quarterdeck.web.deps import InRead, Installation
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import api_router

router = api_router(prefix="/trail/logs", tags=["trail"])

ANYBODY = Actor("anonymous", frozenset())
BINARY = "application/octet-stream"
FOR_EVER = "max-age=31536000, immutable"


class LogBody(BaseModel):
    """One tenant's log."""

    tenant: str
    origin: str = Field(description="Its name in checkpoints; never changes.")
    size: int = Field(description="Records that its checkpoint commits to.")
    pending: int = Field(description="Records that await the next checkpoint.")
    vkey: str = Field(description="What signs it: name+hash+key, as in c2sp.org/signed-note.")
    second_vkey: str | None = Field(
        None,
        description="Of the ML-DSA-44 cosignature that its checkpoint bears; null where it bears "
        "none.",
    )
    url: str = Field(
        description="Below it stand checkpoint and tile/..., as in c2sp.org/tlog-tiles."
    )


class Logs(BaseModel):
    """The logs that one may read."""

    logs: list[LogBody]


def open_to_all(request: Request, runtime: Installation) -> Iterator[Work]:
    """A look at what needs no credential."""
    with read(runtime.engine, ANYBODY, runtime.clock, request.state.request_id) as work:
        yield work


InOpen = Annotated[Work, Depends(open_to_all, scope="function")]


@router.get("", responses=problems(401, 403), **needs("trail:read"))
def list_logs(work: InRead, request: Request, runtime: Installation) -> Logs:
    """The logs that one may read, each with its key and its address."""
    second = log.second_keys(work)
    base = (runtime.settings.base_url or str(request.base_url)).rstrip("/")
    return Logs(
        logs=[
            LogBody(
                tenant=one.tenant,
                origin=one.origin,
                size=size,
                pending=one.size - size,
                vkey=one.vkey,
                second_vkey=second.get(one.tenant),
                url=f"{base}/api/v1/trail/logs/{quote(one.tenant, safe='')}",
            )
            for one, size in log.logs(work, runtime.reader)
        ]
    )


@router.get(
    "/{tenant}/checkpoint",
    response_class=Response,
    responses={200: {"content": {"text/plain; charset=utf-8": {}}}, **problems(404)},
)
def log_checkpoint(tenant: str, work: InOpen, runtime: Installation) -> Response:
    """The log's signed head (c2sp.org/tlog-checkpoint). Open to all."""
    note = log.checkpoint(work, runtime.reader, tenant).note
    # Read by those who verify, each time anew: a cached head looks like one rolled back.
    headers = {"Cache-Control": "no-cache"}
    return Response(note, headers=headers, media_type="text/plain; charset=utf-8")


@router.get(
    "/{tenant}/tile/entries/{index:path}",
    response_class=Response,
    responses={200: {"content": {BINARY: {}}}, **problems(401, 403, 404)},
    **needs("trail:read"),
)
def log_entries(tenant: str, index: str, work: InRead, runtime: Installation) -> Response:
    """A bundle of 256 entries, or of fewer at the log's end: ``x001/067``, ``000.p/17``."""
    found = log.entry_bundle(work, runtime.reader, tenant, f"tile/entries/{index}")
    return _served(found, "private")


@router.get(
    "/{tenant}/tile/{level}/{index:path}",
    response_class=Response,
    responses={200: {"content": {BINARY: {}}}, **problems(404)},
)
def log_tile(tenant: str, level: str, index: str, work: InOpen, runtime: Installation) -> Response:
    """A tile of 256 hashes, or of fewer at the log's end. Open to all."""
    found = log.hash_tile(work, runtime.reader, tenant, f"tile/{level}/{index}")
    return _served(found, "public")


def _served(found: Served, whose: str) -> Response:
    # What is damaged is mended one day: nobody may hold it against the log then.
    kept = f"{whose}, {FOR_EVER}" if found.whole else "no-store"
    return Response(found.content, headers={"Cache-Control": kept}, media_type=BINARY)
