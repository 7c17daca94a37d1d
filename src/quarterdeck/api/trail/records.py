"""/api/v1/trail/logs/{tenant}/records: what was done, and its proofs."""

from base64 import b64encode
from collections.abc import Sequence
from typing import Annotated, Any, Self

from fastapi import Path, Query, Request, Response
from pydantic import BaseModel, Field

from quarterdeck.kernel.work import Work
from quarterdeck.trail.freeze import service as freezes
from quarterdeck.trail.freeze.model import Quarantine
from quarterdeck.trail.log import service as log
from quarterdeck.trail.log.model import MAX_INDEX, Inclusion, RecordView
from quarterdeck.trail.policy import service as policy
from quarterdeck.web import ndjson
from quarterdeck.web.deps import InRead, Installation, InWork
from quarterdeck.web.ndjson import Listing
from quarterdeck.web.paging import InPage, Key
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import api_router

router = api_router(prefix="/trail/logs/{tenant}", tags=["trail"])

Index = Annotated[int, Path(ge=0, le=MAX_INDEX, description="Of the record in its log.")]
Size = Annotated[int, Query(ge=0, le=MAX_INDEX)]


class RecordBody(BaseModel):
    """One record of the log."""

    index: int
    leaf_hash: str = Field(description="SHA-256 of its leaf (RFC 6962), base64.")
    proven: bool = Field(description="A signed checkpoint commits to it.")
    retention: str = Field(
        description="Retention class, by the policy that the record names.", examples=["standard"]
    )
    record: dict[str, Any] = Field(description="The leaf: docs/reference/record-v1.md.")
    payload: Any = Field(description="The record's payload, read as JSON.")
    hidden: dict[str, str] = Field(
        description="Fields that are committed and not shown here: class by path; "
        "``erased`` where the value is gone for good."
    )
    disclosed: dict[str, Any] = Field(description="Committed fields that are shown: value by path.")
    quarantined: bool = Field(
        description="It came while tampering with the log, or a loss, was looked into, and nothing "
        "cleared it since."
    )
    investigations: list[str] = Field(description="Those that have it in quarantine.")

    @classmethod
    def of(cls, view: RecordView, retention: str, doubted: Sequence[Quarantine]) -> Self:
        by = [one.investigation for one in doubted if one.overlaps(view.index, view.index + 1)]
        return cls(
            quarantined=bool(by),
            investigations=by,
            retention=retention,
            index=view.index,
            leaf_hash=b64encode(view.leaf_hash).decode(),
            proven=view.proven,
            record=dict(view.record),
            payload=view.payload,
            hidden=dict(view.hidden),
            disclosed=dict(view.disclosed),
        )


def bodies(work: Work, tenant: str, views: Sequence[RecordView]) -> list[RecordBody]:
    """Records of one log as they are answered: each with its class, and what casts doubt on it."""
    told = policy.retention_classes(work.db, [view.record for view in views])
    doubted = [one for one in freezes.quarantines(work.db, tenant) if one.in_doubt]
    return [RecordBody.of(view, cls, doubted) for view, cls in zip(views, told, strict=True)]


class Records(BaseModel):
    """A page of records, newest first."""

    records: list[RecordBody]


class ProofBody(BaseModel):
    """That a record is in the log, for RFC 6962's verifiers."""

    index: int
    leaf_hash: str = Field(description="Base64.")
    tree_size: int
    proof: list[str] = Field(
        description="Hashes from the leaf's sibling to the root's child, base64."
    )
    checkpoint: str = Field(description="The signed note that the proof leads to.")

    @classmethod
    def of(cls, found: Inclusion) -> Self:
        return cls(
            index=found.index,
            leaf_hash=b64encode(found.leaf_hash).decode(),
            tree_size=found.checkpoint.size,
            proof=[b64encode(step).decode() for step in found.proof],
            checkpoint=found.checkpoint.note.decode(),
        )


class ConsistencyBody(BaseModel):
    """That a log only grew, for RFC 6962's verifiers."""

    old_size: int
    new_size: int
    proof: list[str] = Field(description="Base64.")


@router.get(
    "/records",
    responses={
        200: {"model": Records, "content": {ndjson.MEDIA_TYPE: {}}},
        **problems(401, 403, 404, 422),
    },
    **needs("trail:read"),
)
def list_records(
    tenant: str,
    request: Request,
    response: Response,
    work: InRead,
    page: InPage,
    runtime: Installation,
) -> Any:  # noqa: ANN401  a page, or a stream of all
    """What was done, newest first; committed fields hidden."""

    def rows(reading: Work, after: Key | None, limit: int) -> Sequence[RecordView]:
        return log.records(
            reading, runtime.reader, tenant, int(after[0] or 0) if after else None, limit
        )

    if ndjson.asked_for(request):
        listing = Listing(
            rows=lambda reading, after, limit: bodies(reading, tenant, rows(reading, after, limit)),
            key=lambda body: (body.index,),
            line=lambda body: body.model_dump_json().encode(),
        )
        return ndjson.streamed(request, listing, page.after)
    found = page.turn(response, rows(work, page.after, page.fetch), lambda view: (view.index,))
    return Records(records=bodies(work, tenant, found))


@router.get("/records/{index}", responses=problems(401, 403, 404), **needs("trail:read"))
def get_record(tenant: str, index: Index, work: InRead, runtime: Installation) -> RecordBody:
    """One record; committed fields hidden."""
    return bodies(work, tenant, [log.record(work, runtime.reader, tenant, index)])[0]


@router.post(
    "/records/{index}/disclose", responses=problems(401, 403, 404), **needs("trail:disclose")
)
def disclose_record(
    tenant: str, index: Index, work: InWork, runtime: Installation, response: Response
) -> RecordBody:
    """One record with its committed fields shown. The look itself leaves a record."""
    response.headers["Cache-Control"] = "no-store"
    return bodies(work, tenant, [log.disclose(work, runtime.reader, runtime.keys, tenant, index)])[
        0
    ]


@router.get("/records/{index}/proof", responses=problems(401, 403, 404), **needs("trail:read"))
def get_proof(tenant: str, index: Index, work: InRead, runtime: Installation) -> ProofBody:
    """The proof that a record is in the log, and the checkpoint it leads to."""
    return ProofBody.of(log.prove_inclusion(work, runtime.reader, tenant, index))


@router.get("/consistency", responses=problems(401, 403, 404, 422), **needs("trail:read"))
def get_consistency(
    tenant: str, old: Size, new: Size, work: InRead, runtime: Installation
) -> ConsistencyBody:
    """The proof that the log of size ``new`` begins with that of size ``old``."""
    proof = log.prove_consistency(work, runtime.reader, tenant, old, new)
    return ConsistencyBody(
        old_size=old, new_size=new, proof=[b64encode(step).decode() for step in proof]
    )
