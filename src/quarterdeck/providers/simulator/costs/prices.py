"""What each type of resource costs a day, and how its cost moves from day to day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

MICRO = 1_000_000
SATURDAY = 5


class Wave(StrEnum):
    """How a cost moves."""

    FLAT = "flat"  # the same each day
    OFFICE = "office"  # less at week-ends
    GROWING = "growing"  # a tenth more each quarter of a year


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """Attributes:
    service: as Cost Management names it (``ServiceName``).
    day: the usual cost of a day, in millionths of the currency; 0 for what is free.
    """

    service: str
    day: int
    wave: Wave = Wave.FLAT


FREE = Price(service="Virtual Network", day=0)

PRICES: Mapping[str, Price] = {
    "microsoft.compute/virtualmachines": Price(
        service="Virtual Machines", day=4_310_000, wave=Wave.OFFICE
    ),
    "microsoft.compute/disks": Price(service="Storage", day=620_000),
    "microsoft.storage/storageaccounts": Price(service="Storage", day=910_000, wave=Wave.GROWING),
    "microsoft.network/publicipaddresses": Price(service="Virtual Network", day=118_000),
    "microsoft.network/loadbalancers": Price(service="Load Balancer", day=596_000),
    "microsoft.web/serverfarms": Price(service="Azure App Service", day=5_270_000),
    "microsoft.insights/components": Price(service="Azure Monitor", day=340_000, wave=Wave.OFFICE),
    "microsoft.operationalinsights/workspaces": Price(
        service="Log Analytics", day=2_760_000, wave=Wave.GROWING
    ),
    "microsoft.keyvault/vaults": Price(service="Key Vault", day=31_000),
    "microsoft.sql/servers/databases": Price(service="SQL Database", day=7_440_000),
    "microsoft.documentdb/databaseaccounts": Price(
        service="Azure Cosmos DB", day=9_130_000, wave=Wave.GROWING
    ),
    "microsoft.containerregistry/registries": Price(service="Container Registry", day=1_490_000),
    "microsoft.containerservice/managedclusters": Price(
        service="Azure Kubernetes Service", day=2_160_000
    ),
    "microsoft.cache/redis": Price(service="Redis Cache", day=3_050_000),
}
"""By type in lower case; what is not here is free."""

RATES: Mapping[str, int] = {"EUR": 10_842, "USD": 10_000, "GBP": 12_710}
"""US dollars for one, in ten-thousandths."""


def moved(wave: Wave, day: date) -> int:
    """What a usual day's cost is multiplied by, in thousandths."""
    if wave is Wave.OFFICE:
        return 640 if day.weekday() >= SATURDAY else 1_060
    if wave is Wave.GROWING:
        return 1_000 + (day.toordinal() - date(2024, 1, 1).toordinal()) * 100 // 91
    return 1_000
