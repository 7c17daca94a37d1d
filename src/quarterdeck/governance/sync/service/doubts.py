"""What is kept though its cloud told it no more: not known whether it is gone."""

from quarterdeck.governance.connections import service as connections
from quarterdeck.governance.sync.doubts import Doubt
from quarterdeck.governance.sync.store import doubts as store
from quarterdeck.kernel.work import Tenants, Work


def doubted(work: Work, only: Tenants | None = None) -> list[Doubt]:
    """What is not known to be gone, the longest first; of connections that there are still."""
    tenants = only or work.tenants("sync:read")
    there = {one.id for one in connections.of(work.db, tenants)}
    return [one for one in store.of(work.db, tenants) if one.connection in there]


def doubt_about(work: Work, domain: str, connection: str, subscription: str) -> Doubt | None:
    """Why it is not known whether what a subscription holds is gone; None where it is known."""
    found = (
        one
        for one in store.of(work.db, work.tenants("resources:read"))
        if (one.domain, one.connection) == (domain, connection)
        and one.subscription in ("", subscription.casefold())
    )
    return next(found, None)
