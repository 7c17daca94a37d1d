"""The simulated cloud's whole state. One thread, the server's loop, touches it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic

import msgspec

from quarterdeck.kernel.clock import Clock
from quarterdeck.kernel.errors import Invalid
from quarterdeck.providers.simulator import estate
from quarterdeck.providers.simulator.credentials import Credential
from quarterdeck.providers.simulator.deltas import Deltas
from quarterdeck.providers.simulator.estate import Json, SimulatedSubscription, SimulatedTenant
from quarterdeck.providers.simulator.faults import Faults
from quarterdeck.providers.simulator.lacks import Lack, Lacks
from quarterdeck.providers.simulator.options import SimulatorOptions
from quarterdeck.providers.simulator.quotas import COST_QUERIES, RESOURCE_GRAPH, Quota, times
from quarterdeck.providers.simulator.shelf import Shelf
from quarterdeck.providers.simulator.tokens import Tokens

READS_AN_HOUR = 12_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """Trouble that the cloud admits on its status page."""

    title: str
    description: str
    since: datetime


class World:
    """Directories, what they hold, the tokens issued for them, and what goes wrong.

    Attributes:
        born: midnight (UTC) of the day on which it was made, by its own clock.
        gone: for each subscription what was deleted, and when; it has cost money until then.
        managing: the directories to which a subscription is delegated (Azure Lighthouse).
        binding: whether the quotas refuse, or only count.
        changed: objects of a directory, by its id and the path of their collection, that were
            changed by hand; None for one that was deleted.
        credentials: certificates and federated identities that prove an application, by its
            directory; its secret always does.
        incidents: what the status page tells of; empty when all is well.
        deltas: what delta queries have told so far.
    """

    def __init__(self, options: SimulatorOptions, clock: Clock) -> None:
        made = estate.tenants(options.seed, options.tenants, options.resources)
        self.tenants = {tenant.id: tenant for tenant in made}
        self.holders = {s.id: tenant for tenant in made for s in tenant.subscriptions}
        self.subscriptions = {s.id: s for tenant in made for s in tenant.subscriptions}
        self.shelves = {id_: Shelf(estate.resources(s)) for id_, s in self.subscriptions.items()}
        self.groups = {id_: estate.resource_groups(s) for id_, s in self.subscriptions.items()}
        self.gone: dict[str, list[tuple[Json, datetime]]] = {id_: [] for id_ in self.subscriptions}
        self.managing: dict[str, set[str]] = {}
        self.changed: dict[tuple[str, str], dict[str, Json | None]] = {}
        self.incidents: list[Incident] = []
        self.deltas = Deltas()
        self.faults = Faults()
        self.lacks = Lacks()
        self.tokens = Tokens(timedelta(seconds=options.token_s), clock)
        self.token_s = options.token_s
        self.latency_s = options.latency_s
        self.cost_limits = times(COST_QUERIES, options.cost_quotas)
        self.bind(options.quotas)
        self._clock = clock
        self._ahead = options.now - clock() if options.now else timedelta(0)
        self._reads: Counter[str] = Counter()
        self.credentials: dict[str, list[Credential]] = {}
        for one in options.without:
            self.lacks.add(lacking(one, made))
        if options.lighthouse:
            for tenant in made[1:]:
                self.managing |= {s.id: {made[0].id} for s in tenant.subscriptions}
        self.born = self.now().replace(hour=0, minute=0, second=0, microsecond=0)

    def now(self) -> datetime:
        """The time in this world, which runs on from where it was set.

        Tokens and certificates end by the machine's clock: their readers go by that.
        """
        return self._clock() + self._ahead

    def set_clock(self, now: datetime) -> None:
        """Make it ``now`` here."""
        self._ahead = now - self._clock()

    def bind(self, binding: bool) -> None:  # noqa: FBT001  a switch
        """Let the quotas refuse, or only count; they begin anew."""
        self.binding = binding
        self.graph_quota = Quota(RESOURCE_GRAPH, monotonic)
        self.cost_quota = Quota(self.cost_limits, monotonic)

    def delegated(self, subscription: str, tenant: str) -> bool:
        """Whether a subscription of another directory is delegated to ``tenant``."""
        return tenant in self.managing.get(subscription, ())

    def visible(self, tenant: str) -> list[SimulatedSubscription]:
        """The subscriptions that a directory's token shows: its own, then those delegated."""
        mine = list(self.tenants[tenant].subscriptions)
        others = [self.subscriptions[id_] for id_, to in self.managing.items() if tenant in to]
        return mine + [one for one in others if one not in mine]

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

    def delete(self, resource_id: str) -> bool:
        """Whether there was such a resource; there is none now."""
        shelf = self.shelf_of(resource_id)
        found = shelf.get(resource_id) if shelf else None
        if shelf is None or found is None:
            return False
        subscription = resource_id.lower().split("/")[2]
        self.gone[subscription].append((msgspec.json.decode(found), self.now()))
        return shelf.delete(resource_id)

    def put(self, resource: Json) -> None:
        """Add a resource, or replace the one with its id; made now if nothing else is said."""
        shelf = self.shelf_of(resource["id"])
        if shelf is not None:
            moment = estate.stamp(self.now())
            shelf.put({"createdTime": moment, "changedTime": moment} | resource)


def lacking(text: str, tenants: Sequence[SimulatedTenant]) -> Lack:
    """What ``permission`` or ``number:permission`` takes away, from all or one directory.

    Raises Invalid where there are not so many directories.
    """
    number, colon, permission = text.partition(":")
    if not colon:
        return Lack(permission=text)
    if not number.isdecimal() or not 1 <= int(number) <= len(tenants):
        raise Invalid(f"without {text}: expected 1 to {len(tenants)} before the colon")
    return Lack(permission=permission, tenant=tenants[int(number) - 1].id)


def subscription_item(world: World, subscription: SimulatedSubscription) -> Json:
    """A subscription as its listing shows it."""
    return {
        "id": f"/subscriptions/{subscription.id}",
        "authorizationSource": "RoleBased",
        "managedByTenants": [
            {"tenantId": one} for one in sorted(world.managing.get(subscription.id, ()))
        ],
        "subscriptionId": subscription.id,
        "tenantId": world.holders[subscription.id].id,
        "displayName": subscription.name,
        "state": "Enabled",
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01",
            "quotaId": "EnterpriseAgreement_2014-09-01",
            "spendingLimit": "Off",
        },
    }
