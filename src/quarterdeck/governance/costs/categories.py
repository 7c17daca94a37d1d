"""What a service is for, in the words of FOCUS 1.2 (ServiceCategory). Pure.

The allowed values are those of the specification, section "Service Category". Names are
those that Cost Management gives services (``ServiceName``), and the newer ones that Azure's
own FOCUS data has for the same; a service that is not listed is ``Other``.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum


class Category(StrEnum):
    """The values that the specification allows."""

    AI = "AI and Machine Learning"
    ANALYTICS = "Analytics"
    BUSINESS = "Business Applications"
    COMPUTE = "Compute"
    DATABASES = "Databases"
    DEVELOPER_TOOLS = "Developer Tools"
    MULTICLOUD = "Multicloud"
    IDENTITY = "Identity"
    INTEGRATION = "Integration"
    INTERNET_OF_THINGS = "Internet of Things"
    MANAGEMENT = "Management and Governance"
    MEDIA = "Media"
    MIGRATION = "Migration"
    MOBILE = "Mobile"
    NETWORKING = "Networking"
    SECURITY = "Security"
    STORAGE = "Storage"
    WEB = "Web"
    OTHER = "Other"


SERVICES: Mapping[Category, Iterable[str]] = {
    Category.AI: (
        "Azure AI Bot Service",
        "Azure AI Search",
        "Azure AI Services",
        "Azure Bot Service",
        "Azure Cognitive Search",
        "Azure Machine Learning",
        "Azure OpenAI",
        "Cognitive Services",
        "Foundry Models",
        "Foundry Tools",
    ),
    Category.ANALYTICS: (
        "Azure Analysis Services",
        "Azure Data Explorer",
        "Azure Databricks",
        "Azure Data Lake Analytics",
        "Azure Managed Grafana",
        "Azure Stream Analytics",
        "Azure Synapse Analytics",
        "Data Catalog",
        "HDInsight",
        "Microsoft Fabric",
        "Microsoft Purview",
        "Power BI Embedded",
        "Stream Analytics",
    ),
    Category.COMPUTE: (
        "Azure Container Apps",
        "Azure Container Instances",
        "Azure Container Registry",
        "Azure Dedicated Host",
        "Azure Functions",
        "Azure Kubernetes Service",
        "Azure Savings Plan for Compute",
        "Azure Spring Apps",
        "Azure Spring Cloud",
        "Azure Virtual Desktop",
        "Azure VMware Solution",
        "Batch",
        "Cloud Services",
        "Container Instances",
        "Container Registry",
        "Functions",
        "Service Fabric",
        "Virtual Machine Scale Sets",
        "Virtual Machines",
        "Virtual Machines Licenses",
    ),
    Category.DATABASES: (
        "Azure Cache for Redis",
        "Azure Confidential Ledger",
        "Azure Cosmos DB",
        "Azure Database for MariaDB",
        "Azure Database for MySQL",
        "Azure Database for PostgreSQL",
        "Azure Managed Redis",
        "Azure SQL Database",
        "Azure SQL Managed Instance",
        "Redis Cache",
        "SQL Database",
        "SQL Managed Instance",
        "SQL Server Stretch Database",
    ),
    Category.DEVELOPER_TOOLS: (
        "App Configuration",
        "Azure DevOps",
        "Azure Lab Services",
        "GitHub",
        "GitHub Enterprise Cloud",
        "Microsoft Dev Box",
        "Visual Studio Subscription",
    ),
    Category.MULTICLOUD: ("Azure Arc", "Azure Arc Enabled Databases", "Azure Stack HCI"),
    Category.IDENTITY: (
        "Azure Active Directory B2C",
        "Azure Active Directory Domain Services",
        "Azure Active Directory for External Identities",
        "Microsoft Entra Domain Services",
        "Microsoft Entra External Identities",
        "Microsoft Entra ID",
    ),
    Category.INTEGRATION: (
        "API Management",
        "Automation",
        "Azure Automation",
        "Azure Communication Services",
        "Azure Data Factory",
        "Azure Data Factory v2",
        "Event Grid",
        "Event Hubs",
        "Logic Apps",
        "Notification Hubs",
        "Service Bus",
        "SignalR",
    ),
    Category.INTERNET_OF_THINGS: (
        "Azure Digital Twins",
        "Azure IoT Central",
        "Digital Twins",
        "IoT Central",
        "IoT Hub",
        "Microsoft Defender for IoT",
    ),
    Category.MANAGEMENT: (
        "Application Insights",
        "Azure Monitor",
        "Azure Policy",
        "Azure Reservations",
        "Insight and Analytics",
        "Log Analytics",
    ),
    Category.MEDIA: ("Azure Media Services", "Media Services"),
    Category.MIGRATION: ("Azure Database Migration Service", "Azure Migrate"),
    Category.NETWORKING: (
        "Application Gateway",
        "Azure Bastion",
        "Azure DDOS Protection",
        "Azure DNS",
        "Azure Firewall",
        "Azure Firewall Manager",
        "Azure Front Door Service",
        "Bandwidth",
        "Content Delivery Network",
        "ExpressRoute",
        "Load Balancer",
        "NAT Gateway",
        "Network Watcher",
        "Traffic Manager",
        "Virtual Network",
        "Virtual WAN",
        "VPN Gateway",
    ),
    Category.SECURITY: (
        "Advanced Threat Protection",
        "Azure Dedicated HSM",
        "Key Vault",
        "Microsoft Defender for Cloud",
        "Microsoft Sentinel",
        "Security Center",
        "Sentinel",
    ),
    Category.STORAGE: (
        "Azure Backup",
        "Azure Data Box",
        "Azure Data Lake Store",
        "Azure NetApp Files",
        "Azure Site Recovery",
        "Backup",
        "Storage",
        "Storage Accounts",
    ),
    Category.WEB: ("API Center", "Azure App Service", "Azure Static Web Apps", "Microsoft Bing"),
}

BY_NAME = {name.casefold(): category for category, names in SERVICES.items() for name in names}


def category_of(service: str) -> Category:
    """The category of a service, whatever the case of its name."""
    return BY_NAME.get(service.strip().casefold(), Category.OTHER)
