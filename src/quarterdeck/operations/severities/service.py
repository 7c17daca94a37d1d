"""What is asked of ladders, and how a tenant gets one of its own."""

from collections.abc import Iterable
from hashlib import sha256

import msgspec
from sqlalchemy import Connection

from quarterdeck.access.tenants import service as access
from quarterdeck.events.severities import LadderWritten
from quarterdeck.kernel.errors import Conflict
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.severities import house, store
from quarterdeck.operations.severities.model import Flag, Kept, Ladder, Verdict

READ, WRITE = "incidents:read", "severities:write"


class LadderChanged(Conflict):
    """Somebody else changed the severities meanwhile."""


def ladder(db: Connection, tenant: str) -> Ladder:
    """The tenant's, else the platform's, else the house's own. In no person's name."""
    return _standing(db, tenant).ladder


def standing(work: Work, tenant: str) -> Kept:
    """The ladder that holds for a tenant, and whose it is."""
    work.require(READ, tenant)
    return _standing(work.db, tenant)


def classify(
    work: Work, tenant: str, impact: str, urgency: str, flags: Iterable[Flag] = ()
) -> Verdict:
    """How bad something is, by the tenant's matrix."""
    return standing(work, tenant).ladder.classify(impact, urgency, flags)


def own(work: Work, tenant: str) -> Ladder | None:
    """The ladder that a tenant wrote itself, if it did."""
    found = store.listed(work.db, work.require(READ, tenant))
    return found[0].ladder if found else None


def owners(work: Work) -> list[str]:
    """The tenants that have one of their own."""
    return [kept.tenant for kept in store.listed(work.db, work.tenants(READ))]


def put(work: Work, tenant: str, ladder: Ladder) -> tuple[Kept, bool]:
    """Have a ladder hold for a tenant from now on; whether it changed.

    Incidents that are open keep what they were declared under.

    Raises:
        LadderChanged: somebody else wrote in the same moment.
    """
    own = work.require(WRITE, tenant)
    if tenant != PLATFORM:
        access.require_open(work, tenant)
    before = store.listed(work.db, own)
    if before and before[0].ladder == ladder:
        return before[0], False
    version = before[0].version + 1 if before else 1
    made = Kept(tenant=tenant, version=version, by=work.actor.id, at=work.now, ladder=ladder)
    if not store.put(work.db, own, made):
        raise LadderChanged("the severities were changed just now: look at them again")
    digest = sha256(msgspec.json.encode(ladder, order="sorted")).hexdigest()
    work.publish(LadderWritten(tenant=tenant, version=str(version), digest=digest))
    return made, True


def _standing(db: Connection, tenant: str) -> Kept:
    found = {kept.tenant: kept for kept in store.listed(db, Tenants(frozenset({tenant, PLATFORM})))}
    own = Kept(tenant=tenant, version=0, by="", at=None, ladder=house.LADDER)
    return found.get(tenant) or found.get(PLATFORM) or own
