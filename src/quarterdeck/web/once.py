"""Idempotency-Key on HTTP: what of a request counts, and what of an answer is kept."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated

from fastapi import Depends, FastAPI, Header, Request, Response
from sqlalchemy import Connection, Engine

from quarterdeck.kernel.work import Actor
from quarterdeck.web.faults import InvalidRequest
from quarterdeck.web.idempotency import service
from quarterdeck.web.idempotency.model import Claim, Kept
from quarterdeck.web.signin import FORMS, actor_of

KEPT_HEADERS = ("content-type", "etag", "link", "location")
MAX_KEPT_BYTES = 256 * 1024
REPLAYED = "Idempotency-Replayed"

Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        pattern=r"^[\x21-\x7e]+$",
        description="A name of yours for this write; repeated within 24 h, it is done once.",
    ),
]


class Replay(Exception):
    """The request was done before: here is its answer. Not an error."""

    def __init__(self, kept: Kept) -> None:
        super().__init__()
        self.kept = kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Once:
    """What makes a repetition of a request known; ``key`` is empty where none was given."""

    actor: str
    key: str
    digest: str

    @contextmanager
    def claimed(self, engine: Engine) -> Iterator[Claim | None]:
        """Hold the key while the request is done; give it back if that fails."""
        if not self.key:
            yield None
            return
        found = service.claim(engine, self.actor, self.key, self.digest)
        if isinstance(found, Kept):
            raise Replay(found)
        done = False
        try:
            yield found
            done = True
        finally:
            if not done:
                service.release(engine, found)


async def once_of(
    request: Request, actor: Annotated[Actor, Depends(actor_of)], key: Key = None
) -> Once:
    """The request's key, if it has one, with the digest of what it asks for."""
    if key is None:
        return Once(actor=actor.id, key="", digest="")
    kind = request.headers.get("content-type", "")
    if kind.startswith(FORMS):
        raise InvalidRequest("an Idempotency-Key goes with JSON, not with a form")
    # The rights too: a narrower token of the same principal must not read the kept answer.
    rights = sha256(repr(sorted(actor.grants)).encode()).hexdigest()
    parts = (request.method, request.scope["path"], request.url.query, kind, rights)
    digest = sha256("\n".join(parts).encode() + b"\n\n" + await request.body())
    return Once(actor=actor.id, key=key, digest=digest.hexdigest())


def keep(db: Connection, held: Claim, answer: Response) -> None:
    """Keep ``answer`` by the transaction of the write, unless it says: no-store."""
    headers = tuple((k, v) for k, v in answer.headers.items() if k in KEPT_HEADERS)
    body = bytes(answer.body) if _may_keep(answer) else None
    service.keep(db, held, Kept(status=answer.status_code, headers=headers, body=body))


def install(app: FastAPI) -> None:
    """Make ``app`` answer a repetition with what the first request got."""

    @app.exception_handler(Replay)
    def replayed(_request: Request, replay: Replay) -> Response:
        kept = replay.kept
        return Response(kept.body, kept.status, {**dict(kept.headers), REPLAYED: "true"})


def _may_keep(answer: Response) -> bool:
    if "no-store" in answer.headers.get("cache-control", ""):
        return False
    body = getattr(answer, "body", None)
    return body is not None and len(body) <= MAX_KEPT_BYTES
