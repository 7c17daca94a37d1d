"""What people do with webhooks. Each function is one use case in one transaction."""

from dataclasses import replace
from datetime import timedelta

from quarterdeck.events.trail_exports import WebhookAdded, WebhookChanged, WebhookRemoved
from quarterdeck.kernel.clock import micros
from quarterdeck.kernel.work import Work
from quarterdeck.trail.keys.keystore import KeyStore
from quarterdeck.trail.log.ports import Reader
from quarterdeck.trail.query.model import Filter
from quarterdeck.trail.webhooks import store
from quarterdeck.trail.webhooks.model import (
    OVERLAP,
    Attempt,
    State,
    Webhook,
    WebhookNotFound,
    check_address,
)
from quarterdeck.trail.webhooks.service.secret import secret_of

WRITES = "webhooks:write"
HISTORY = 100


def add(
    work: Work, reader: Reader, keys: KeyStore, tenant: str, url: str, wanted: Filter
) -> tuple[Webhook, str]:
    """Send the tenant's records from now on; the webhook, and its secret: shown this once."""
    work.require(WRITES, tenant)
    work.require("trail:read", tenant)
    check_address(url)
    made = Webhook(
        id=work.new_id(),
        tenant=tenant,
        url=url,
        wanted=wanted,
        begins=reader.size(tenant),
        at=micros(work.now),
        by=work.actor.id,
    )
    store.add(work.db, made)
    work.publish(WebhookAdded(tenant=tenant, webhook=made.id, url=url))
    return made, secret_of(keys, made)


def webhooks(work: Work) -> list[Webhook]:
    """Those that the actor may see."""
    return store.of_tenants(work.db, work.tenants(WRITES))


def webhook(work: Work, webhook_id: str) -> Webhook:
    """One webhook."""
    found = {one.id: one for one in webhooks(work)}.get(webhook_id)
    if found is None:
        raise WebhookNotFound(f"no webhook {webhook_id}")
    return found


def attempts(work: Work, webhook_id: str) -> list[Attempt]:
    """What was tried last, newest first."""
    found = webhook(work, webhook_id)
    return store.history(work.db, work.tenants(WRITES), found.id, HISTORY)


def rotate(
    work: Work, keys: KeyStore, webhook_id: str, overlap: timedelta = OVERLAP
) -> tuple[Webhook, str]:
    """Give it a new secret; what is sent bears both signatures for as long as ``overlap``."""
    found = webhook(work, webhook_id)
    until = micros(work.now + overlap)
    made = _put(
        work,
        replace(found, secret_version=found.secret_version + 1, overlap_until=until),
        "rotated",
    )
    return made, secret_of(keys, made)


def pause(work: Work, webhook_id: str) -> Webhook:
    """Send nothing; what comes meanwhile waits."""
    return _put(work, replace(webhook(work, webhook_id), state=State.PAUSED), "paused")


def resume(work: Work, webhook_id: str) -> Webhook:
    """Send again, also to one whose receiver was gone."""
    return _put(work, replace(webhook(work, webhook_id), state=State.ACTIVE), "resumed")


def remove(work: Work, webhook_id: str) -> None:
    """Forget a webhook, and what waits for it."""
    found = webhook(work, webhook_id)
    store.remove(work.db, work.tenants(WRITES), found.id)
    work.publish(WebhookRemoved(tenant=found.tenant, webhook=found.id))


def _put(work: Work, made: Webhook, how: str) -> Webhook:
    if not store.put(work.db, work.tenants(WRITES), made):
        raise WebhookNotFound(f"no webhook {made.id}")
    work.publish(WebhookChanged(tenant=made.tenant, webhook=made.id, how=how))
    return made
