"""What is due: the records whose time is over, that no hold keeps, and that are stored away."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from quarterdeck.kernel.clock import micros
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.trail.freeze import service as freeze
from quarterdeck.trail.holds import service as holds
from quarterdeck.trail.holds.model import keeping
from quarterdeck.trail.log.ports import Reader, Removal
from quarterdeck.trail.log.purges import Range
from quarterdeck.trail.policy import service as policy
from quarterdeck.trail.policy.keeping import Retention
from quarterdeck.trail.policy.model import Kind
from quarterdeck.trail.retention import store
from quarterdeck.trail.retention.model import Due, Plan, Purge
from quarterdeck.trail.retention.reading import Classes, Seen, Subjects, seen
from quarterdeck.trail.segments.model import StoreUnavailable
from quarterdeck.trail.segments.ports import SegmentStore
from quarterdeck.trail.segments.service import overlapping, sealed_end


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """The logs that retention works on, and the store of their copies where there is one."""

    reader: Reader
    removal: Removal
    store: SegmentStore | None = None


def refuse(work: Work, tenant: str) -> None:
    """Raise unless records of the tenant may be purged now: see ``purge``."""
    freeze.refuse_purge(work.db, tenant)
    holds.refuse_whole(work.db, tenant, "purge")


def planned(work: Work, ground: Ground, tenant: str, past: Sequence[Range], most: int = 0) -> Plan:
    """What is due, beyond ``past``; at most ``most`` records, where that is not 0.

    For the job too, whose right was checked when it was asked for.
    """
    classes = Classes(work.db, retention_of(work, tenant))
    now, shortest = micros(work.now), classes.shortest_us
    floor = floor_of(work, ground, tenant)
    if shortest is None:
        return Plan(tenant=tenant, due=[], floor=floor)
    standing = holds.standing(work.db, tenant)
    subjects = Subjects(work.db, ground.removal, tenant, standing)
    due: list[Due] = []
    held: dict[str, int] = {}
    waiting = 0
    for one in _old(ground, tenant, past, now - shortest):
        cls, due_at = classes.due(one)
        if due_at is None or due_at > now:
            continue
        if kept := keeping(standing, subjects.held(one)):
            held |= {hold: held.get(hold, 0) + 1 for hold in kept}
        elif one.index >= floor:
            waiting += 1
        else:
            due.append(Due(index=one.index, cls=cls, due_at=due_at))
            if len(due) == most:
                break
    plan = Plan(tenant=tenant, due=due, held=held, waiting=waiting, floor=floor)
    try:
        return replace(plan, copies_until=_copies_until(work, ground, tenant, due))
    except StoreUnavailable:
        return replace(plan, copies_known=False)


def _copies_until(work: Work, ground: Ground, tenant: str, due: Sequence[Due]) -> datetime | None:
    """Until when the segment store keeps copies: the lock of the segment sealed last."""
    if ground.store is None or not due:
        return None
    sealed = overlapping(work.db, tenant, due[-1].index, due[-1].index + 1)
    until = ground.store.locked_until(sealed[-1].key) if sealed else None
    return until if until and until > work.now else None


def _old(ground: Ground, tenant: str, past: Sequence[Range], until: int) -> Iterator[Seen]:
    """The records that came up to ``until``; they stand in the order in which they came."""
    start = next((end for begun, end in sorted(past) if begun == 0), 0)
    for one in seen(ground.reader, tenant, start, ground.reader.size(tenant)):
        if isinstance(one, int):
            continue
        if one.at > until:
            return
        yield one


def floor_of(work: Work, ground: Ground, tenant: str) -> int:
    """Below this index records can be removed: they are sealed and stored away."""
    return min(sealed_end(work.db, tenant), ground.removal.floor(tenant))


def retention_of(work: Work, tenant: str) -> Retention:
    """How long the tenant's records are kept."""
    return Retention.of(policy.document(work.db, tenant, Kind.RETENTION))


def done(work: Work, mine: Tenants) -> list[Range]:
    """What was purged, or is about to be."""
    return ranges(store.of_tenants(work.db, mine))


def ranges(of: Sequence[Purge]) -> list[Range]:
    """What these purges removed, or are about to."""
    return sorted(range_ for one in of for range_ in one.ranges)
