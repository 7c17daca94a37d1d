"""What only Resource Graph shows of a resource: its properties, and what uses it.

Some of it is waste, in known shares: IDLE says how much of what.
"""

from collections.abc import Callable, Mapping

from quarterdeck.providers.simulator.chance import share
from quarterdeck.providers.simulator.estate import Json

IDLE: Mapping[str, float] = {
    "microsoft.compute/disks": 0.12,  # attached to nothing
    "microsoft.network/publicipaddresses": 0.15,  # with no configuration that uses it
    "microsoft.web/serverfarms": 0.20,  # without a site
    "microsoft.compute/virtualmachines": 0.10,  # deallocated; 4 in 100 more stopped, still billed
    "microsoft.network/networkinterfaces": 0.08,  # of no machine
    "microsoft.network/loadbalancers": 0.25,  # with nothing behind it
    "microsoft.network/networksecuritygroups": 0.10,  # guarding nothing
}
STOPPED = 0.04


def idle(resource: Json) -> bool:
    """Whether a resource is waste."""
    type_ = resource["type"].lower()
    return share(resource["id"].lower(), "idle") < IDLE.get(type_, 0.0)


def properties(resource: Json) -> Json:
    """The properties of a resource; those it was given by hand stand over the made ones."""
    describe = KINDS.get(resource["type"].lower())
    found: Json = {"provisioningState": resource.get("provisioningState", "Succeeded")}
    if describe is not None:
        found |= describe(resource)
    given: Json = resource.get("properties", {})
    return found | given


def used_by(resource: Json) -> str:
    """The id of the machine that a disk is attached to; empty for anything else."""
    if resource["type"].lower() != "microsoft.compute/disks" or idle(resource):
        return str(resource.get("managedBy", ""))
    return str(resource.get("managedBy", sibling(resource, "Microsoft.Compute/virtualMachines/vm")))


def sibling(resource: Json, kind: str) -> str:
    """The id of something in the same group that goes with a resource."""
    group = resource["id"].partition("/providers/")[0]
    return f"{group}/providers/{kind}-{resource['name'].partition('-')[2]}"


def disk(resource: Json) -> Json:
    """A managed disk."""
    return {
        "diskState": "Unattached" if idle(resource) else "Attached",
        "diskSizeGB": 32 << int(6 * share(resource["id"].lower(), "size")),
        "timeCreated": resource.get("createdTime"),
        "encryption": {"type": "EncryptionAtRestWithPlatformKey"},
        "publicNetworkAccess": "Enabled",
    }


def machine(resource: Json) -> Json:
    """A virtual machine, with its power state as Resource Graph extends it."""
    point = share(resource["id"].lower(), "idle") - IDLE["microsoft.compute/virtualmachines"]
    state = "deallocated" if point < 0 else "stopped" if point < STOPPED else "running"
    size = VM_SIZES[int(len(VM_SIZES) * share(resource["id"].lower(), "size"))]
    return {
        "hardwareProfile": {"vmSize": size},
        "timeCreated": resource.get("createdTime"),
        "extended": {
            "instanceView": {
                "powerState": {
                    "code": f"PowerState/{state}",
                    "displayStatus": f"VM {state}",
                    "level": "Info",
                }
            }
        },
    }


def address(resource: Json) -> Json:
    """A public address."""
    found: Json = {"publicIPAllocationMethod": "Static", "publicIPAddressVersion": "IPv4"}
    if not idle(resource):
        used = sibling(resource, "Microsoft.Network/networkInterfaces/nic")
        found["ipConfiguration"] = {"id": f"{used}/ipConfigurations/ipconfig1"}
    return found


def plan(resource: Json) -> Json:
    """An App Service plan."""
    sites = 0 if idle(resource) else 1 + int(6 * share(resource["id"].lower(), "sites"))
    return {"numberOfSites": sites, "status": "Ready", "reserved": True}


def interface(resource: Json) -> Json:
    """A network interface."""
    if idle(resource):
        return {"enableIPForwarding": False}
    machine_ = sibling(resource, "Microsoft.Compute/virtualMachines/vm")
    return {"enableIPForwarding": False, "virtualMachine": {"id": machine_}}


def balancer(resource: Json) -> Json:
    """A load balancer."""
    pool = {"name": "backend", "id": f"{resource['id']}/backendAddressPools/backend"}
    return {"backendAddressPools": [] if idle(resource) else [pool]}


def guard(resource: Json) -> Json:
    """A network security group."""
    used = sibling(resource, "Microsoft.Network/networkInterfaces/nic")
    return {"securityRules": []} | ({} if idle(resource) else {"networkInterfaces": [{"id": used}]})


def store(resource: Json) -> Json:
    """A storage account."""
    return {
        "creationTime": resource.get("createdTime"),
        "supportsHttpsTrafficOnly": share(resource["id"].lower(), "https") < 0.9,  # noqa: PLR2004
        "allowBlobPublicAccess": share(resource["id"].lower(), "public") < 0.1,  # noqa: PLR2004
        "minimumTlsVersion": "TLS1_2",
        "primaryLocation": resource.get("location"),
        "statusOfPrimary": "available",
    }


VM_SIZES = ("Standard_B2s", "Standard_D2s_v5", "Standard_D4s_v5", "Standard_E8s_v5")
KINDS: Mapping[str, Callable[[Json], Json]] = {
    "microsoft.compute/disks": disk,
    "microsoft.compute/virtualmachines": machine,
    "microsoft.network/publicipaddresses": address,
    "microsoft.web/serverfarms": plan,
    "microsoft.network/networkinterfaces": interface,
    "microsoft.network/loadbalancers": balancer,
    "microsoft.network/networksecuritygroups": guard,
    "microsoft.storage/storageaccounts": store,
}
