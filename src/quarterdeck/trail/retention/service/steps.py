"""The steps of a purge: announce, wait for the leaf, remove, destroy the keys left over.

Whatever breaks off is taken up where it stands: what was announced is removed next.
"""

from quarterdeck.access.epoch import service as epoch
from quarterdeck.events.keeping import RecordsPurged, SubjectKeysDropped
from quarterdeck.kernel.clock import micros
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.trail.holds import service as holds
from quarterdeck.trail.holds.model import keeping
from quarterdeck.trail.keys import service as data_keys
from quarterdeck.trail.log.storage import purged
from quarterdeck.trail.policy import service as policy
from quarterdeck.trail.policy.model import Kind, digest_of
from quarterdeck.trail.retention import store
from quarterdeck.trail.retention.model import Purge, PurgeState
from quarterdeck.trail.retention.reading import Seen, Subjects, seen
from quarterdeck.trail.retention.service.planning import Ground, done, planned, refuse

MOST = 2000
"""Records of one step: their ranges fit into one leaf, even if each stands alone."""

DROPPED = "purged"
"""What stands in the place of the subjects of keys that no record needs any more."""


def announced(work: Work, tenant: str) -> list[Purge]:
    """Purges whose records may stand there still, oldest first."""
    return store.of_tenants(work.db, _of(tenant), PurgeState.ANNOUNCED)[::-1]


def announce(work: Work, ground: Ground, tenant: str) -> Purge | None:
    """Say in the log what is removed next; None: nothing is due.

    Raises:
        OnHold, Frozen, EvidenceHeld: it may not be.
    """
    refuse(work, tenant)
    due = planned(work, ground, tenant, done(work, _of(tenant)), MOST)
    if not due.due:
        return None
    purge = Purge(
        id=work.new_id(),
        tenant=tenant,
        state=PurgeState.ANNOUNCED,
        event="",
        ranges=due.ranges,
        policy=digest_of(policy.document(work.db, tenant, Kind.RETENTION)),
        due_at=max(one.due_at for one in due.due),
        at=micros(work.now),
    )
    return _announced(work, purge)


def marked(work: Work, purge: Purge, leaf: int) -> None:
    """Note where the log says what a purge removes, for whoever finds it gone."""
    start, end = min(a for a, _ in purge.ranges), max(b for _, b in purge.ranges)
    purged.mark(work.db, purge.tenant, leaf, start, end)


def removable(work: Work, ground: Ground, purge: Purge) -> list[Seen]:
    """The records of an announced purge that stand there and that no hold keeps by now.

    Moves the access epoch: a hold that is being placed waits for this transaction's end.

    Raises:
        OnHold, Frozen, EvidenceHeld: none of them may be removed.
    """
    epoch.advance(work)
    refuse(work, purge.tenant)
    standing = holds.standing(work.db, purge.tenant)
    subjects = Subjects(work.db, ground.removal, purge.tenant, standing)
    return [
        one
        for start, end in purge.ranges
        for one in seen(ground.reader, purge.tenant, start, end)
        if isinstance(one, Seen) and not keeping(standing, subjects.held(one))
    ]


def complete(work: Work, purge: Purge) -> None:
    """Say that what could be removed of a purge is removed."""
    store.done(work.db, _of(purge.tenant), purge.id)


def drop_keys(work: Work, ground: Ground, tenant: str) -> int:
    """Destroy the data keys that seal nothing any more; how many.

    Of those made before the newest record that was purged was due: a younger one may be of
    a record that is just being appended.
    """
    epoch.advance(work)
    past = store.of_tenants(work.db, _of(tenant))
    until = max((one.due_at for one in past), default=0)
    used = {key for _, key in ground.removal.sealed_under(tenant)}
    left = [key for key in data_keys.living_before(work.db, tenant, until) if key not in used]
    count = data_keys.destroy(work.db, tenant, left, DROPPED)
    if count:
        work.publish(SubjectKeysDropped(tenant=tenant, keys=count))
    return count


def _announced(work: Work, purge: Purge) -> Purge:
    work.publish(
        RecordsPurged(
            tenant=purge.tenant,
            purge=purge.id,
            ranges=[list(one) for one in purge.ranges],
            count=purge.count,
            policy=purge.policy,
        )
    )
    told = Purge(
        id=purge.id,
        tenant=purge.tenant,
        state=purge.state,
        event=work.published[-1].id,
        ranges=purge.ranges,
        policy=purge.policy,
        due_at=purge.due_at,
        at=purge.at,
    )
    store.add(work.db, told)
    return told


def _of(tenant: str) -> Tenants:
    return Tenants(frozenset({tenant}))
