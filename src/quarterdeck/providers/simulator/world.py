"""The simulated cloud's whole state. One thread, the server's loop, touches it."""

from collections import Counter
from datetime import timedelta

from quarterdeck.kernel.clock import Clock
from quarterdeck.providers.simulator import estate
from quarterdeck.providers.simulator.estate import Json, SimulatedSubscription, SimulatedTenant
from quarterdeck.providers.simulator.faults import Faults
from quarterdeck.providers.simulator.options import SimulatorOptions
from quarterdeck.providers.simulator.shelf import Shelf
from quarterdeck.providers.simulator.tokens import Tokens

READS_AN_HOUR = 12_000


class World:
    """Directories, what they hold, the tokens issued for them, and what goes wrong."""

    def __init__(self, options: SimulatorOptions, clock: Clock) -> None:
        made = estate.tenants(options.seed, options.tenants, options.resources)
        self.tenants = {tenant.id: tenant for tenant in made}
        self.holders = {s.id: tenant for tenant in made for s in tenant.subscriptions}
        self.subscriptions = {s.id: s for tenant in made for s in tenant.subscriptions}
        self.shelves = {id_: Shelf(estate.resources(s)) for id_, s in self.subscriptions.items()}
        self.groups = {id_: estate.resource_groups(s) for id_, s in self.subscriptions.items()}
        self.faults = Faults()
        self.tokens = Tokens(timedelta(seconds=options.token_s), clock)
        self.token_s = options.token_s
        self.latency_s = options.latency_s
        self._reads: Counter[str] = Counter()

    def reads_left(self, subscription: str) -> int:
        """Counts a read. Told in a header, as Azure does; running out has no effect here."""
        self._reads[subscription] += 1
        return max(READS_AN_HOUR - self._reads[subscription], 0)

    def shelf_of(self, resource_id: str) -> Shelf | None:
        """Where a resource with this id stands, or would; None outside this cloud."""
        parts = resource_id.lower().split("/")
        if len(parts) < 3 or parts[1] != "subscriptions":  # noqa: PLR2004  "", subscriptions, id
            return None
        return self.shelves.get(parts[2])


def subscription_item(tenant: SimulatedTenant, subscription: SimulatedSubscription) -> Json:
    """A subscription as its listing shows it."""
    return {
        "id": f"/subscriptions/{subscription.id}",
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
        "subscriptionId": subscription.id,
        "tenantId": tenant.id,
        "displayName": subscription.name,
        "state": "Enabled",
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01",
            "quotaId": "EnterpriseAgreement_2014-09-01",
            "spendingLimit": "Off",
        },
    }
