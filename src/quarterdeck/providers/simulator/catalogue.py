"""What stands in a simulated estate: types, regions, sizes, tags, and how common each is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceKind:
    """A type of resource.

    Attributes:
        weight: how common it is, against the others.
        prefix: begins its names, after Microsoft's abbreviation list.
        skus: some of its sizes; empty where it has none.
        kind: its ``kind``; empty where it has none.
        dense: names without hyphens, as storage accounts and registries demand.
    """

    type: str
    weight: int
    prefix: str
    skus: Sequence[Mapping[str, str | int]] = ()
    kind: str = ""
    dense: bool = False


KINDS: Sequence[ResourceKind] = (
    ResourceKind(type="Microsoft.Network/networkInterfaces", weight=16, prefix="nic"),
    ResourceKind(
        type="Microsoft.Compute/disks",
        weight=15,
        prefix="disk",
        skus=(
            {"name": "Premium_LRS", "tier": "Premium"},
            {"name": "StandardSSD_LRS", "tier": "Standard"},
            {"name": "Standard_LRS", "tier": "Standard"},
        ),
    ),
    ResourceKind(type="Microsoft.Compute/virtualMachines", weight=12, prefix="vm"),
    ResourceKind(
        type="Microsoft.Storage/storageAccounts",
        weight=9,
        prefix="st",
        skus=(
            {"name": "Standard_LRS", "tier": "Standard"},
            {"name": "Standard_GRS", "tier": "Standard"},
            {"name": "Standard_RAGRS", "tier": "Standard"},
        ),
        kind="StorageV2",
        dense=True,
    ),
    ResourceKind(type="Microsoft.Network/networkSecurityGroups", weight=7, prefix="nsg"),
    ResourceKind(
        type="Microsoft.Network/publicIPAddresses",
        weight=6,
        prefix="pip",
        skus=({"name": "Standard", "tier": "Regional"}, {"name": "Basic", "tier": "Regional"}),
    ),
    ResourceKind(type="Microsoft.Network/virtualNetworks", weight=5, prefix="vnet"),
    ResourceKind(type="Microsoft.Web/sites", weight=5, prefix="app", kind="app,linux"),
    ResourceKind(type="Microsoft.Insights/components", weight=4, prefix="appi", kind="web"),
    ResourceKind(
        type="Microsoft.Web/serverFarms",
        weight=3,
        prefix="asp",
        skus=(
            {"name": "P1v3", "tier": "PremiumV3", "size": "P1v3", "family": "Pv3", "capacity": 2},
            {"name": "B1", "tier": "Basic", "size": "B1", "family": "B", "capacity": 1},
        ),
        kind="linux",
    ),
    ResourceKind(type="Microsoft.KeyVault/vaults", weight=3, prefix="kv"),
    ResourceKind(type="Microsoft.OperationalInsights/workspaces", weight=2, prefix="log"),
    ResourceKind(type="Microsoft.ManagedIdentity/userAssignedIdentities", weight=2, prefix="id"),
    ResourceKind(
        type="Microsoft.Sql/servers/databases",
        weight=2,
        prefix="sqldb",
        skus=(
            {"name": "GP_Gen5", "tier": "GeneralPurpose", "family": "Gen5", "capacity": 4},
            {"name": "Standard", "tier": "Standard", "capacity": 50},
        ),
        kind="v12.0,user,vcore",
    ),
    ResourceKind(type="Microsoft.Sql/servers", weight=2, prefix="sql", kind="v12.0"),
    ResourceKind(
        type="Microsoft.DocumentDB/databaseAccounts",
        weight=1,
        prefix="cosmos",
        kind="GlobalDocumentDB",
    ),
    ResourceKind(
        type="Microsoft.ContainerRegistry/registries",
        weight=1,
        prefix="cr",
        skus=({"name": "Premium", "tier": "Premium"}, {"name": "Basic", "tier": "Basic"}),
        dense=True,
    ),
    ResourceKind(
        type="Microsoft.ContainerService/managedClusters",
        weight=1,
        prefix="aks",
        skus=({"name": "Base", "tier": "Standard"}, {"name": "Base", "tier": "Free"}),
    ),
    ResourceKind(
        type="Microsoft.Cache/Redis",
        weight=1,
        prefix="redis",
    ),
    ResourceKind(
        type="Microsoft.Network/loadBalancers",
        weight=1,
        prefix="lb",
        skus=({"name": "Standard", "tier": "Regional"},),
    ),
)

REGIONS: Mapping[str, int] = {
    "westeurope": 44,
    "northeurope": 20,
    "eastus": 14,
    "eastus2": 8,
    "germanywestcentral": 6,
    "swedencentral": 4,
    "southeastasia": 3,
    "global": 1,
}

STAGES: Mapping[str, int] = {"prod": 5, "staging": 2, "dev": 3, "sandbox": 1}

WORKLOADS: Sequence[str] = (
    "billing",
    "catalog",
    "checkout",
    "claims",
    "crm",
    "datalake",
    "fleet",
    "identity",
    "inventory",
    "ledger",
    "loyalty",
    "network",
    "payments",
    "portal",
    "pricing",
    "reporting",
    "search",
    "shipping",
    "telemetry",
    "warehouse",
)

COMPANIES: Sequence[str] = (
    "Harbor Lines",
    "Northwind Marine",
    "Gullwing Freight",
    "Beacon Insurance",
    "Tidewater Foods",
    "Lodestar Bank",
    "Meridian Health",
    "Sextant Retail",
    "Halyard Energy",
    "Capstan Media",
)

OWNERS: Sequence[str] = ("ada", "grace", "linus", "margaret", "dennis", "barbara", "edsger", "")
COST_CENTRES: Sequence[str] = ("CC-1001", "CC-1002", "CC-2040", "CC-3300", "cc-2040", "")
STATES: Mapping[str, int] = {"Succeeded": 96, "Failed": 2, "Updating": 1, "Creating": 1}
