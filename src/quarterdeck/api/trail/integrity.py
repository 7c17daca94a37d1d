"""/api/v1/trail/integrity: freeze, look into it, unfreeze; and what is missing where."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Literal, Self

from fastapi import Query
from pydantic import BaseModel, Field

from quarterdeck.kernel.clock import instant, rfc3339
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.trail.freeze import service as freezes
from quarterdeck.trail.freeze.model import Investigation, Quarantine, Suspicion
from quarterdeck.trail.integrity import scope as scopes
from quarterdeck.trail.integrity.scope import Missing
from quarterdeck.trail.integrity.sources import Counted
from quarterdeck.trail.integrity.sources import sources as numbers_of
from quarterdeck.trail.integrity.storage import projected
from quarterdeck.trail.integrity.storage.scans import Watched
from quarterdeck.trail.integrity.watch import watched
from quarterdeck.trail.log.model import MAX_INDEX
from quarterdeck.web.bodies import Body
from quarterdeck.web.deps import InRead, Installation, InWork
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import api_router

router = api_router(prefix="/trail/integrity", tags=["trail"])


class Freezing(Body):
    """Why purge and export are to stop."""

    reason: str
    tenant: str = Field(PLATFORM, description="Whose log; default: every log.")
    suspicion: Literal["tampering", "data-loss"] = Field(
        "tampering", description="`data-loss` stops ingest too."
    )


class Unfreezing(Body):
    """How an investigation ended."""

    outcome: str = Field("", description="`confirmed` or `false-positive`.")
    root_cause: str = ""
    investigation: str = Field("", description="Which; needed where several are open.")


class QuarantineBody(BaseModel):
    """Records of one log that came while an investigation was open."""

    tenant: str
    first: int
    end: int | None = Field(description="Index after the last; null while it is open.")

    @classmethod
    def of(cls, found: Quarantine) -> Self:
        return cls(tenant=found.tenant, first=found.first, end=found.end)


class InvestigationBody(BaseModel):
    """One look into the trail."""

    id: str
    tenant: str
    suspicion: str
    reason: str
    opened_by: str
    opened_at: str
    where: str = Field(description="Of the finding that opened it; empty where a person did.")
    what: str
    quarantine_from: int | None = Field(description="First record that came while it was open.")
    quarantine_to: int | None
    quarantines: list[QuarantineBody] = Field(description="By log; where every log is meant, all.")
    open: bool
    outcome: str
    root_cause: str
    closed_by: str
    closed_at: str | None
    evidence_held: bool = Field(description="Purge stays refused.")

    @classmethod
    def of(cls, found: Investigation, ranges: Sequence[Quarantine] = ()) -> Self:
        closed_at = None if found.closed_at is None else rfc3339(instant(found.closed_at))
        return cls(
            id=found.id,
            tenant=found.tenant,
            suspicion=found.suspicion,
            reason=found.reason,
            opened_by=found.opened_by,
            opened_at=rfc3339(instant(found.opened_at)),
            where=found.where,
            what=found.what,
            quarantine_from=found.quarantine_from,
            quarantine_to=found.quarantine_to,
            quarantines=[QuarantineBody.of(one) for one in ranges if one.investigation == found.id],
            open=found.open,
            outcome=found.outcome,
            root_cause=found.root_cause,
            closed_by=found.closed_by,
            closed_at=closed_at,
            evidence_held=found.evidence_held,
        )


class WatchedBody(BaseModel):
    """How far a log was checked by the running check."""

    tenant: str
    size: int = Field(description="The tail was checked up to here.")
    position: int = Field(description="Where the full scan stands.")
    rounds: int = Field(description="Full scans that ended.")
    at: str

    @classmethod
    def of(cls, found: Watched) -> Self:
        return cls(
            tenant=found.log,
            size=found.size,
            position=found.position,
            rounds=found.rounds,
            at=rfc3339(instant(found.at)),
        )


class IntegrityBody(BaseModel):
    """What stands in the way, and how far the logs were checked."""

    frozen: bool
    investigations: list[InvestigationBody]
    logs: list[WatchedBody]


class MissingBody(BaseModel):
    """Records of one log that one place lacks."""

    tenant: str
    place: str = Field(description="`log`, `segment store`, `sealed fields`, or a projection.")
    count: int
    first: int | None = Field(description="Index of the first.")
    last: int | None
    from_at: str | None = Field(description="When the first of them was received.")
    to_at: str | None
    types: dict[str, int] = Field(description="How many, by type of resource.")
    ids: list[str] = Field(description="Of the records, at most 1,000.")

    @classmethod
    def of(cls, found: Missing) -> Self:
        times = [
            None if at is None else rfc3339(instant(at)) for at in (found.from_at, found.to_at)
        ]
        return cls(
            tenant=found.tenant,
            place=found.place,
            count=found.count,
            first=found.first,
            last=found.last,
            from_at=times[0],
            to_at=times[1],
            types=dict(found.types),
            ids=list(found.ids),
        )


class ScopeBody(BaseModel):
    """What is missing where, by tenant; empty: nothing is."""

    checked: int = Field(description="Records that were compared.")
    purged: int = Field(description="Of them, those that policy removed: none is missing.")
    missing: list[MissingBody]


class GapBody(BaseModel):
    """Numbers of a source that never came."""

    first: int
    last: int


class SourceBody(BaseModel):
    """The numbers that one source gave its events."""

    source: str = Field(description="The principal that sent them.")
    records: int = Field(description="That bear a number (`source_seq`).")
    unnumbered: int
    first: int = Field(description="The least number; 0: none is numbered.")
    last: int
    missing: int = Field(description="How many numbers between them never came.")
    gaps: list[GapBody] = Field(description="At most 100.")
    repeated: int = Field(
        description="Records whose number another has too: more than one counts for this source, "
        "and what is missing cannot be told surely."
    )

    @classmethod
    def of(cls, found: Counted) -> Self:
        return cls(
            source=found.source,
            records=found.records,
            unnumbered=found.unnumbered,
            first=found.first,
            last=found.last,
            missing=found.missing,
            gaps=[GapBody(first=first, last=last) for first, last in found.gaps],
            repeated=found.repeated,
        )


class SourcesBody(BaseModel):
    """Sources of a log, those that miss most first."""

    tenant: str
    first: int = Field(description="Index of the first record that was read.")
    end: int = Field(description="Index after the last.")
    size: int = Field(description="Records of the log.")
    unread: int = Field(description="Purged or damaged: their numbers seem to be missing.")
    sources: list[SourceBody] = Field(description="At most 1,000.")
    more: int = Field(description="Sources beyond these.")


@router.get("", responses=problems(401, 403), **needs("trail:verify"))
def get_integrity(work: InRead) -> IntegrityBody:
    """Investigations, newest first, and how far each log was checked."""
    found, ranges = freezes.investigations(work), freezes.ranges(work)
    return IntegrityBody(
        frozen=any(one.open for one in found),
        investigations=[InvestigationBody.of(one, ranges) for one in found],
        logs=[WatchedBody.of(one) for one in watched(work)],
    )


@router.post(
    "/freeze",
    status_code=201,
    responses=problems(401, 403, 404, 422),
    **needs("integrity:investigate"),
)
def freeze_trail(body: Freezing, work: InWork, runtime: Installation) -> InvestigationBody:
    """Refuse purge and export from now on; ingest goes on, but where data is lost."""
    sizes = runtime.reader.sizes()
    found = freezes.freeze(work, body.reason, body.tenant, Suspicion(body.suspicion), sizes)
    return InvestigationBody.of(found, freezes.ranges_of(work, found))


@router.post(
    "/unfreeze", responses=problems(401, 403, 404, 409, 422), **needs("integrity:investigate")
)
def unfreeze_trail(body: Unfreezing, work: InWork, runtime: Installation) -> InvestigationBody:
    """End an investigation with its outcome and its root cause."""
    found = freezes.open_investigation(work, body.investigation)
    sizes = runtime.reader.sizes()
    closed = freezes.unfreeze(work, body.outcome, body.root_cause, found.id, sizes)
    return InvestigationBody.of(closed, freezes.ranges_of(work, closed))


@router.post(
    "/investigations/{investigation}/release",
    status_code=204,
    responses=problems(401, 403, 404),
    **needs("holds:release"),
)
def release_evidence(investigation: str, work: InWork) -> None:
    """Let what a confirmed investigation holds be purged again."""
    freezes.release_evidence(work, investigation)


@router.get("/scope", responses=problems(401, 403, 404, 503), **needs("trail:verify"))
def get_scope(work: InRead, runtime: Installation, tenant: str = "") -> ScopeBody:
    """Compare the log, the segment store and the projections; which records are missing where."""
    listed = partial(projected.listed, runtime.explorer.read)
    among = scopes.Places(
        reader=runtime.reader, store=runtime.worm, listed=listed, removal=runtime.removal
    )
    found = scopes.scope(work, among, tenant)
    return ScopeBody(
        checked=found.checked,
        purged=found.purged,
        missing=[MissingBody.of(one) for one in found.missing],
    )


@router.get("/sources", responses=problems(401, 403, 404, 422, 503), **needs("trail:verify"))
def get_sources(
    work: InRead,
    runtime: Installation,
    tenant: str,
    end: Annotated[
        int | None, Query(ge=0, le=MAX_INDEX, description="Index after the last; default: all.")
    ] = None,
) -> SourcesBody:
    """Which numbers of each source never came, among the 100,000 records before `end`."""
    found = numbers_of(work, runtime.reader, tenant, end)
    return SourcesBody(
        tenant=found.tenant,
        first=found.first,
        end=found.end,
        size=found.size,
        unread=found.unread,
        sources=[SourceBody.of(one) for one in found.sources],
        more=found.more,
    )
