"""Rotating a log's signing key: with an overlap, or at once. Each is one use case.

Nothing stops meanwhile: whoever signs next finds the new key in the key folder.
"""

from datetime import timedelta

from quarterdeck.events.trail import SigningKeyRotated
from quarterdeck.kernel.clock import Clock, instant, since
from quarterdeck.kernel.errors import Invalid
from quarterdeck.kernel.health import Entry, Health
from quarterdeck.kernel.work import Work
from quarterdeck.trail.keys.handover import EMERGENCY, SCHEDULED
from quarterdeck.trail.keys.keystore import KeyStore
from quarterdeck.trail.keys.ring import SigningKey

OVERLAP = timedelta(days=30)
MOST_OVERLAP = timedelta(days=400)
OLD_DAYS, TOO_OLD_DAYS = 335, 365
"""Root signing keys are rotated each year (runbook 004, topic 27)."""


class BadOverlap(Invalid):
    """Two keys overlap for more than no time, and at most 400 days."""


class IncidentMissing(Invalid):
    """An emergency rotation belongs to an incident."""


def rotate(
    work: Work, keys: KeyStore, tenant: str, size: int, overlap: timedelta = OVERLAP
) -> SigningKey:
    """Make a new signing key for the tenant's log; the old one signs beside it for ``overlap``.

    ``size``: leaves that were signed by now. Raises KeyRotated as ``KeyStore.rotate``.
    """
    work.require("keys:rotate", tenant)
    if not timedelta(0) < overlap <= MOST_OVERLAP:
        raise BadOverlap(f"an overlap is 1 second to {MOST_OVERLAP.days} days, got {overlap}")
    return _rotate(work, keys, tenant, size, overlap, (SCHEDULED, ""))


def rotate_at_once(work: Work, keys: KeyStore, tenant: str, size: int, incident: str) -> SigningKey:
    """Make a new signing key because the old one is no longer only ours: it signs no more."""
    work.require("keys:rotate", tenant)
    if not incident.strip():
        raise IncidentMissing("name the incident: --incident ID")
    return _rotate(work, keys, tenant, size, timedelta(0), (EMERGENCY, incident.strip()))


def signing_keys(work: Work, keys: KeyStore, tenant: str) -> list[SigningKey]:
    """Every key that signed the tenant's log, oldest first; never their secret parts."""
    work.require("keys:read", tenant)
    return keys.ring(tenant)


def key_age(keys: KeyStore, tenants: list[str], clock: Clock) -> Entry:
    """The age of the oldest key that signs a log."""
    made = [(keys.ring(tenant)[-1].made_at, tenant) for tenant in tenants]
    if not made:
        return Entry(status=Health.HEALTHY, description="no log has begun")
    oldest, tenant = min(made)
    days = since(clock(), instant(oldest)).days
    words = f"the oldest signing key, of {tenant}, is {days} days old"
    if days < OLD_DAYS:
        return Entry(status=Health.HEALTHY, description=words)
    late = f"{words}; rotate it: quarterdeck keys rotate --tenant {tenant}"
    status = Health.DEGRADED if days < TOO_OLD_DAYS else Health.UNHEALTHY
    return Entry(status=status, description=late)


def _rotate(
    work: Work, keys: KeyStore, tenant: str, size: int, overlap: timedelta, why: tuple[str, str]
) -> SigningKey:
    old, new = keys.rotate(tenant, size, overlap, why)
    work.publish(
        SigningKeyRotated(
            tenant=tenant,
            key=new.verifier.vkey,
            old=old.verifier.vkey,
            reason=why[0],
            incident=why[1],
            size=size,
        )
    )
    return new
