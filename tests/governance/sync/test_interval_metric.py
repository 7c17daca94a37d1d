"""How often a domain is synced, as a metric: rules compare the age of data with it."""

from datetime import UTC, datetime, timedelta

from prometheus_client import REGISTRY

from quarterdeck.governance.sync.freshness import Age, Freshness
from quarterdeck.governance.sync.metrics import show
from quarterdeck.governance.sync.model import USUAL
from quarterdeck.kernel.ids import TenantId

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_the_interval_of_each_domain_stands_beside_the_age_of_its_data() -> None:
    age = timedelta(minutes=5)
    fresh = Freshness(
        tenant=TenantId("acme"),
        domain="resources",
        state=Age.CURRENT,
        last_success=NOON - age,
        age=age,
        stale_at=NOON,
        stalled=False,
    )
    show([fresh], USUAL, {}, {})
    labels = {"tenant": "acme", "domain": "resources"}
    found = [
        REGISTRY.get_sample_value(f"quarterdeck_sync_{name}_seconds", labels)
        for name in ("age", "interval")
    ]
    assert found == [300, USUAL["resources"].interval.total_seconds()]
