"""What people ask of segments. Each function is one use case in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection

from quarterdeck.kernel.clock import micros
from quarterdeck.kernel.errors import Invalid
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.trail.keys.keystore import KeyStore
from quarterdeck.trail.keys.note import text_of
from quarterdeck.trail.log.model import Head
from quarterdeck.trail.log.ports import Reader
from quarterdeck.trail.log.storage import purged
from quarterdeck.trail.proof import consistency
from quarterdeck.trail.segments.model import (
    Judged,
    Manifest,
    Segment,
    SegmentNotFound,
    SegmentVerdict,
    StoreUnavailable,
    parts,
)
from quarterdeck.trail.segments.ports import SegmentStore
from quarterdeck.trail.segments.proof import SegmentProof
from quarterdeck.trail.segments.storage import sql
from quarterdeck.trail.segments.storage import verdicts as stored_verdicts
from quarterdeck.trail.segments.trial import Sources, Trial, judge

MAX_PAGE = 501


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What segments are judged on."""

    reader: Reader
    store: SegmentStore | None
    keys: KeyStore


def segments(work: Work, tenant: str, before: int | None = None, limit: int = 50) -> list[Segment]:
    """The newest segments of a tenant's log; ``before``: of smaller numbers."""
    if not 1 <= limit <= MAX_PAGE:
        raise Invalid(f"limit must be 1 to {MAX_PAGE}, got {limit}")
    return sql.of_tenants(work.db, work.require("trail:verify", tenant), before, limit)


def segment(work: Work, segment_id: str) -> Segment:
    """One segment."""
    tenant, number, mine = _named(work, segment_id)
    return _one(work, mine, tenant, number)


def verify_segment(
    work: Work, ground: Ground, segment_id: str, *, prove: bool = False
) -> tuple[SegmentVerdict, SegmentProof | None]:
    """Check a segment in the log and in the store; with its proof, if asked and if there is one.

    Reads the whole range twice: about a second for 100,000 records.
    """
    found, previous, trial = _judged(work, ground, segment_id)
    proof = _proof(ground, found, previous, trial) if prove else None
    return trial.verdict, proof


def keep_verdict(work: Work, verdict: SegmentVerdict) -> str:
    """Keep what ``verify_segment`` found, for whoever looks; whose segment it is."""
    tenant, number, mine = _named(work, verdict.segment)
    stored_verdicts.put(work.db, mine, (tenant, number), verdict, micros(work.now))
    return tenant


def verdicts(work: Work, tenant: str, numbers: Sequence[int]) -> Mapping[int, Judged]:
    """The last verdicts on segments of a tenant's log, by number; none: it was never checked."""
    mine = work.require("trail:verify", tenant)
    return stored_verdicts.of_segments(work.db, mine, tenant, numbers)


def _judged(work: Work, ground: Ground, segment_id: str) -> tuple[Segment, Segment | None, Trial]:
    tenant, number, mine = _named(work, segment_id)
    found = _one(work, mine, tenant, number)
    previous = sql.one(work.db, mine, tenant, number - 1)
    places = Sources(
        reader=ground.reader,
        store=_store(ground),
        naming=partial(purged.among, work.db, ground.reader, tenant),
    )
    return found, previous, judge(found, previous, places, ground.keys.ring(tenant))


def segment_of(work: Work, tenant: str, index: int) -> Segment | None:
    """The segment that holds a record; None if it is not sealed yet."""
    return sql.covering(work.db, work.require("trail:verify", tenant), tenant, index)


def sealed_end(db: Connection, tenant: str) -> int:
    """Records below this index are sealed and stored away. No use case: its callers required
    their own.
    """
    found = sql.stored_end(db, Tenants(frozenset({tenant})))
    return found or 0


def overlapping(db: Connection, tenant: str, start: int, end: int) -> list[Manifest]:
    """The manifests of the stored segments that hold a record of a range. No use case: its
    callers required their own.
    """
    found = sql.between(db, Tenants(frozenset({tenant})), tenant, start, end)
    return [one.manifest for one in found if one.stored]


def _named(work: Work, segment_id: str) -> tuple[str, int, Tenants]:
    # Who may verify nothing is told so, whatever the id is.
    work.tenants("trail:verify")
    tenant, number = parts(segment_id)
    return tenant, number, work.require("trail:verify", tenant)


def _one(work: Work, mine: Tenants, tenant: str, number: int) -> Segment:
    found = sql.one(work.db, mine, tenant, number)
    if found is None:
        raise SegmentNotFound(f"the log of {tenant} has no segment {number}")
    return found


def _store(ground: Ground) -> SegmentStore:
    if ground.store is None:
        raise StoreUnavailable("this process has no segment store; see the setting worm")
    return ground.store


def _proof(
    ground: Ground, found: Segment, previous: Segment | None, trial: Trial
) -> SegmentProof | None:
    tenant, end = found.manifest.tenant, found.manifest.end
    signed = ground.reader.checkpoint(tenant)
    if signed is None or not trial.leaves:
        return None
    size = Head.parse(text_of(signed.note)).size

    def read(level: int, start: int, count: int) -> list[bytes]:
        return ground.reader.hashes(tenant, level, start, count)

    return SegmentProof(
        segment=found,
        previous=previous,
        handovers=[key.handover for key in ground.keys.ring(tenant)[1:]],
        leaves=trial.leaves,
        before=trial.before,
        checkpoint=signed.note,
        growth=consistency.prove(read, end, size) if end <= size else [],
    )
