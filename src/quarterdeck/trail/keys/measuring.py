"""The signing keys as metrics of the process that answers."""

from collections.abc import Iterable

from prometheus_client import Gauge

from quarterdeck.kernel.clock import Clock, instant, since
from quarterdeck.trail.keys.keystore import KeyStore
from quarterdeck.trail.keys.model import KeyUnusable

A_DAY_S = 86_400
AGE = Gauge(
    "quarterdeck_key_age_days",
    "Age of the key that signs a tenant's log; absent where its file cannot be read.",
    ["tenant", "key"],
)


def measure(keys: KeyStore, tenants: Iterable[str], clock: Clock) -> None:
    """Show the age of each log's newest key, which signs."""
    AGE.clear()
    for tenant in tenants:
        try:
            made_at = keys.ring(tenant)[-1].made_at
        except KeyUnusable:
            continue  # readiness says why
        age_s = since(clock(), instant(made_at)).total_seconds()
        AGE.labels(tenant, "signing").set(age_s / A_DAY_S)
