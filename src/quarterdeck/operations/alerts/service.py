"""What people do with alerts, and what makes them begin and end."""

from collections.abc import Sequence

from quarterdeck.events.operations import AlertEnded, AlertFired, AlertResolved
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.alerts import store
from quarterdeck.operations.alerts.model import Alert, AlertNotFound, AlertState, Sign

MOST = 500
LARGEST_ID = 2**31 - 1


def active(
    work: Work, *, types: Sequence[str] = (), tenant: str = "", limit: int = MOST
) -> list[Alert]:
    """Alerts that fire, newest first; of one tenant, or of one type, if that is said."""
    tenants = work.require("alerts:read", tenant) if tenant else work.tenants("alerts:read")
    firing = [AlertState.FIRING]
    return store.newest(work.db, tenants, states=firing, types=types, limit=limit)


def past(work: Work, *, tenant: str = "", limit: int = 50) -> list[Alert]:
    """Alerts that were resolved, newest first."""
    tenants = work.require("alerts:read", tenant) if tenant else work.tenants("alerts:read")
    return store.newest(work.db, tenants, states=[AlertState.RESOLVED], limit=limit)


def active_count(work: Work) -> int:
    """How many alerts fire that the actor may see."""
    return store.count(work.db, work.tenants("alerts:read"))


def resolve(work: Work, alert: int, resolved_by: str = "") -> Alert:
    """Say that an alert needs nobody any more. One that has ended stays as it ended.

    ``resolved_by`` is who did, in their own words; empty: the actor. Where the cause is still
    there, the next sign of it begins another alert.

    Raises:
        AlertNotFound: there is none that the actor may resolve.
    """
    tenants = work.tenants("alerts:resolve")
    found = _found(work, tenants, alert)
    who = resolved_by or work.actor.id
    if not store.end(work.db, tenants, alert, work.now, who):
        return found
    work.publish(
        AlertResolved(
            tenant=found.sign.tenant, alert=str(alert), type=found.sign.type, resolved_by=who
        )
    )
    return _found(work, tenants, alert)


def fire(work: Work, sign: Sign) -> None:
    """Begin an alert, or note that the one under the sign's key still fires."""
    own = Tenants(frozenset({sign.tenant}))
    if store.renew(work.db, own, sign, work.now):
        return
    alert = store.add(work.db, sign, work.now)
    work.publish(
        AlertFired(
            tenant=sign.tenant,
            alert=str(alert),
            type=sign.type,
            severity=sign.severity.value,
            title=sign.title,
        )
    )


def clear(work: Work, tenant: str, key: str) -> None:
    """End the alert under ``key``, if one fires: its cause has passed."""
    own = Tenants(frozenset({tenant}))
    found = store.firing(work.db, own, key)
    if found is not None and store.end(work.db, own, found.id, work.now, ""):
        work.publish(AlertEnded(tenant=tenant, alert=str(found.id), type=found.sign.type))


def _found(work: Work, tenants: Tenants, alert: int) -> Alert:
    found = store.of_id(work.db, tenants, alert) if 0 < alert <= LARGEST_ID else None
    if found is None:
        raise AlertNotFound(f"no alert {alert}; GET /api/v1/sync/alerts lists those that fire")
    return found
