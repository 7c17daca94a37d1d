"""The secret of a webhook: derived from a key of its tenant, so that it is stored nowhere."""

from base64 import urlsafe_b64encode
from dataclasses import replace

from quarterdeck.trail.keys.keystore import KeyStore
from quarterdeck.trail.webhooks.model import Webhook


def secret_of(keys: KeyStore, webhook: Webhook) -> str:
    """What to give to its receiver, once."""
    keys.begin(webhook.tenant)
    use = f"webhook v1 {webhook.id} {webhook.secret_version}"
    return "whsec_" + urlsafe_b64encode(keys.derived(webhook.tenant, use)).decode().rstrip("=")


def secrets_of(keys: KeyStore, webhook: Webhook, now: int) -> list[bytes]:
    """Those that sign now, the newest first."""
    found = [secret_of(keys, webhook).encode()]
    if now < webhook.overlap_until:
        before = replace(webhook, secret_version=webhook.secret_version - 1)
        found.append(secret_of(keys, before).encode())
    return found
