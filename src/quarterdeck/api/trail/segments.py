"""/api/v1/trail/segments: sealed ranges, and whether they are what was sealed."""

from base64 import b64encode
from typing import Annotated, Any, Self

from fastapi import Query, Response
from pydantic import BaseModel, Field

from quarterdeck.kernel.clock import instant, rfc3339
from quarterdeck.trail.integrity import watch
from quarterdeck.trail.segments import service as segments
from quarterdeck.trail.segments.model import Segment, SegmentVerdict
from quarterdeck.trail.segments.service import Ground
from quarterdeck.web.deps import InRead, Installation
from quarterdeck.web.paging import InPage
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import api_router

router = api_router(prefix="/trail", tags=["trail"])


class SegmentBody(BaseModel):
    """A sealed range of a log."""

    id: str
    tenant: str
    number: int
    start: int = Field(description="Index of its first record.")
    end: int = Field(description="Index after its last.")
    root: str = Field(description="Merkle tree hash over its leaves, base64.")
    tree_root: str = Field(description="Root of the log at size `end`, base64.")
    previous: str = Field(description="SHA-256 of the manifest before it, hexadecimal.")
    digest: str = Field(description="SHA-256 of its own manifest, hexadecimal.")
    key_id: str = Field(description="Of what signed it, hexadecimal.")
    retention: str = Field(description="The class whose prefix of the store it lies under.")
    first_at: str = Field(description="When its first record was received.")
    last_at: str
    sealed_at: str
    stored: bool = Field(description="Everything of it stands in the segment store.")
    manifest: str = Field(description="The signed note.")

    @classmethod
    def of(cls, found: Segment) -> Self:
        manifest = found.manifest
        return cls(
            id=manifest.id,
            tenant=manifest.tenant,
            number=manifest.number,
            start=manifest.start,
            end=manifest.end,
            root=b64encode(manifest.root).decode(),
            tree_root=b64encode(manifest.tree_root).decode(),
            previous=manifest.previous,
            digest=found.digest,
            key_id=manifest.key_id,
            retention=manifest.retention,
            first_at=rfc3339(instant(manifest.first_at)),
            last_at=rfc3339(instant(manifest.last_at)),
            sealed_at=rfc3339(instant(manifest.sealed_at)),
            stored=found.stored,
            manifest=found.note.decode(),
        )


class SegmentList(BaseModel):
    """Segments of a log, newest first."""

    segments: list[SegmentBody]
    store: str = Field(description="What keeps their objects from being changed.")


class ResultBody(BaseModel):
    """One of the three results."""

    name: str = Field(description="`chain`, `tree` or `signature`.")
    right: bool
    found: list[str]


class SegmentVerdictBody(BaseModel):
    """What a check of a segment found."""

    segment: str
    intact: bool
    checked: int = Field(description="Records whose hashes were computed.")
    failures: int = Field(description="Results that are not right.")
    position: int | None = Field(description="Index of the first record that differs.")
    purged: list[str] = Field(description="What was purged, by which policy: nothing wrong.")
    results: list[ResultBody]
    proof: dict[str, Any] | None = Field(
        None, description="Everything to check it without a network, where asked for."
    )

    @classmethod
    def of(cls, verdict: SegmentVerdict, proof: dict[str, Any] | None) -> Self:
        results = [
            ResultBody(name=one.name, right=one.right, found=list(one.found))
            for one in verdict.results
        ]
        return cls(
            segment=verdict.segment,
            intact=verdict.intact,
            checked=verdict.checked,
            failures=sum(not one.right for one in results),
            position=verdict.position,
            purged=list(verdict.purged),
            results=results,
            proof=proof,
        )


class KeptCheckpoint(BaseModel):
    """A checkpoint that was kept: compare a copy that you keep elsewhere."""

    size: int
    signed_at: str
    note: str


class KeptCheckpoints(BaseModel):
    """Checkpoints of a log, newest first: one in ten minutes."""

    checkpoints: list[KeptCheckpoint]


@router.get(
    "/logs/{tenant}/checkpoints", responses=problems(401, 403, 404, 422), **needs("trail:read")
)
def list_checkpoints(
    tenant: str, work: InRead, page: InPage, response: Response
) -> KeptCheckpoints:
    """Checkpoints that were kept of a log, newest first."""
    before = int(page.after[0] or 0) if page.after else None
    rows = watch.checkpoints(work, tenant, before, page.fetch)
    found = page.turn(response, rows, lambda one: (one.size,))
    kept = [
        KeptCheckpoint(size=c.size, signed_at=rfc3339(instant(c.at)), note=c.note.decode())
        for c in found
    ]
    return KeptCheckpoints(checkpoints=kept)


@router.get(
    "/logs/{tenant}/segments", responses=problems(401, 403, 404, 422), **needs("trail:verify")
)
def list_segments(
    tenant: str, work: InRead, page: InPage, response: Response, runtime: Installation
) -> SegmentList:
    """Sealed ranges of a log, newest first."""
    before = int(page.after[0] or 0) if page.after else None
    rows = segments.segments(work, tenant, before, page.fetch)
    found = page.turn(response, rows, lambda one: (one.manifest.number,))
    label = runtime.worm.label if runtime.worm else ""
    return SegmentList(segments=[SegmentBody.of(one) for one in found], store=label)


@router.get("/segments/{segment}", responses=problems(401, 403, 404), **needs("trail:verify"))
def get_segment(segment: str, work: InRead) -> SegmentBody:
    """One segment."""
    return SegmentBody.of(segments.segment(work, segment))


@router.get(
    "/segments/{segment}/verification",
    responses=problems(401, 403, 404, 422, 503),
    **needs("trail:verify"),
)
def verify_segment(
    segment: str,
    work: InRead,
    runtime: Installation,
    *,
    include_proof: Annotated[bool, Query(description="Give the proof too.")] = False,
) -> SegmentVerdictBody:
    """Check a segment in the log and in its store: chain, tree and signature."""
    ground = Ground(reader=runtime.reader, store=runtime.worm, keys=runtime.keys)
    verdict, proof = segments.verify_segment(work, ground, segment, prove=include_proof)
    return SegmentVerdictBody.of(verdict, proof.document() if proof else None)
