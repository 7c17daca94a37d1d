"""/witness: we as a witness for others' logs (c2sp.org/tlog-witness); and what ours were given."""

from typing import Annotated

from fastapi import Body, Request, Response

from quarterdeck.api.trail.logs import ANYBODY, InOpen
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.work import begin
from quarterdeck.runtime import Runtime
from quarterdeck.trail.keys.note import Verifier
from quarterdeck.trail.log.model import LogNotFound
from quarterdeck.trail.witnesses import service as witnesses
from quarterdeck.trail.witnesses.cosignature import Cosigner
from quarterdeck.trail.witnesses.model import MalformedRequest, WitnessMoved
from quarterdeck.web.deps import Installation
from quarterdeck.web.faults import Malformed
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import Router, api_router

router = Router(prefix="/witness", tags=["trail"])
cosigned = api_router(prefix="/trail/logs/{tenant}", tags=["trail"])

PLAIN = "text/plain; charset=utf-8"
SIZE = "text/x.tlog.size"
SEED = "trail witness v1"


@router.post(
    "/add-checkpoint",
    response_class=Response,
    responses={200: {"content": {PLAIN: {}}}, **problems(400, 403, 404, 409, 422, 503)},
)
def add_checkpoint(
    request: Request,
    runtime: Installation,
    body: Annotated[bytes, Body(media_type="text/plain")] = b"",
) -> Response:
    """Cosign a checkpoint of a log that we witness, if it continues what we saw of it.

    409 bears the size that was seen last. Open to all: only what its log signed is cosigned.
    """
    logs = _origins(runtime)
    try:
        with begin(runtime.engine, ANYBODY, runtime.clock, request.state.request_id) as work:
            line = witnesses.add_checkpoint(work, _cosigner(runtime), logs, body)
    except MalformedRequest as error:
        raise Malformed(str(error)) from error
    except WitnessMoved as moved:
        return Response(f"{moved.size}\n", 409, media_type=SIZE)
    return Response(line, media_type=PLAIN)


@router.get(
    "/key",
    response_class=Response,
    responses={200: {"content": {PLAIN: {}}}, **problems(503)},
)
def witness_key(runtime: Installation) -> Response:
    """The key that we cosign with: name+hash+key. Open to all."""
    return Response(f"{_cosigner(runtime).key.vkey}\n", media_type=PLAIN)


@cosigned.get(
    "/cosigned",
    response_class=Response,
    responses={200: {"content": {PLAIN: {}}}, **problems(404)},
)
def log_cosigned(tenant: str, work: InOpen) -> Response:
    """The newest checkpoint that witnesses cosigned, their cosignatures on it. Open to all."""
    note = witnesses.cosigned(work, tenant)
    if note is None:
        raise LogNotFound(f"no checkpoint of the log of {tenant} was cosigned yet")
    return Response(note, headers={"Cache-Control": "no-cache"}, media_type=PLAIN)


def _cosigner(runtime: Runtime) -> Cosigner:
    keys = runtime.keys
    return Cosigner(f"{keys.of(PLATFORM).origin}/witness", keys.derived(PLATFORM, SEED))


def _origins(runtime: Runtime) -> dict[str, list[Verifier]]:
    found: dict[str, list[Verifier]] = {}
    for text in filter(None, runtime.settings.witness_origins.split(",")):
        key = Verifier.parse(text)
        found.setdefault(key.name, []).append(key)
    return found
