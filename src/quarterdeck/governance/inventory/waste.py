"""What nobody uses any more: rules over a resource's own words, each with its reason. Pure.

A rule answers found, clear or not known. It does not guess: where the listing that the
resource came from leaves out what the rule needs, that is what it says.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

EDITION = 1
"""One more whenever a rule changes: resources judged by an older edition are judged anew."""

Fields = Mapping[str, Any]


class Verdict(StrEnum):
    """What a rule says of a resource."""

    FOUND = "found"
    CLEAR = "clear"
    NOT_KNOWN = "not_known"


class Waste(StrEnum):
    """``orphan``: nothing refers to it. ``idle``: it is in use, and does nothing."""

    ORPHAN = "orphan"
    IDLE = "idle"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """When a resource of a type is waste.

    Attributes:
        type: in lower case.
        reason: what the rule looks at, to be read beside a resource that it found.
        remedy: what a person does about it.
        judge: reads ``properties``, and the item whole; None is not known.
        lacks: why it is not known, where it is not.
    """

    name: str
    waste: Waste
    type: str
    reason: str
    remedy: str
    judge: Callable[[Fields, Fields], bool | None]
    lacks: str = "the listing carries no properties of it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one rule says of one resource; ``since`` when, once that is kept."""

    rule: str
    verdict: Verdict
    reason: str
    since: datetime | None = None


def _disk(properties: Fields, item: Fields) -> bool | None:
    state = _word(properties, "diskState")
    if state:
        return state == "unattached"
    return False if item.get("managedBy") else None


def _address(properties: Fields, _item: Fields) -> bool | None:
    return not (properties.get("ipConfiguration") or properties.get("natGateway"))


def _interface(properties: Fields, _item: Fields) -> bool | None:
    return not (properties.get("virtualMachine") or properties.get("privateEndpoint"))


def _plan(properties: Fields, _item: Fields) -> bool | None:
    sites = properties.get("numberOfSites")
    return None if sites is None else sites == 0


def _machine(properties: Fields, _item: Fields) -> bool | None:
    power = _power(properties)
    return None if power is None else power == "powerstate/stopped"


def _balancer(properties: Fields, _item: Fields) -> bool | None:
    if "backendAddressPools" not in properties:
        return None
    pools = _parts(properties, "backendAddressPools")
    return not any(_filled(_part(pool, "properties")) for pool in pools)


def _security_group(properties: Fields, _item: Fields) -> bool | None:
    return not (properties.get("subnets") or properties.get("networkInterfaces"))


RULES = (
    Rule(
        name="unattached-disk",
        waste=Waste.ORPHAN,
        type="microsoft.compute/disks",
        reason="the disk's state is Unattached: no machine has it",
        remedy="Take a snapshot if its data may be wanted, then delete the disk.",
        judge=_disk,
        lacks="the listing says neither its diskState nor what manages it",
    ),
    Rule(
        name="unassociated-address",
        waste=Waste.ORPHAN,
        type="microsoft.network/publicipaddresses",
        reason="the address has neither an IP configuration nor a NAT gateway",
        remedy="Release the address, unless a name or a partner's firewall still says it.",
        judge=_address,
    ),
    Rule(
        name="interface-without-machine",
        waste=Waste.ORPHAN,
        type="microsoft.network/networkinterfaces",
        reason="the interface has neither a machine nor a private endpoint",
        remedy="Delete the interface.",
        judge=_interface,
    ),
    Rule(
        name="unused-security-group",
        waste=Waste.ORPHAN,
        type="microsoft.network/networksecuritygroups",
        reason="the security group has neither a subnet nor an interface",
        remedy="Delete the security group, or attach it to what it should guard.",
        judge=_security_group,
    ),
    Rule(
        name="empty-plan",
        waste=Waste.IDLE,
        type="microsoft.web/serverfarms",
        reason="no site runs on the plan (numberOfSites is 0)",
        remedy="Delete the plan: it is paid for without a site, too.",
        judge=_plan,
        lacks="the listing does not say its numberOfSites",
    ),
    Rule(
        name="stopped-machine",
        waste=Waste.IDLE,
        type="microsoft.compute/virtualmachines",
        reason="the machine is stopped and not deallocated: its cores are still paid for",
        remedy="Deallocate the machine, or delete it.",
        judge=_machine,
        lacks="the listing does not say its power state",
    ),
    Rule(
        name="balancer-without-members",
        waste=Waste.IDLE,
        type="microsoft.network/loadbalancers",
        reason="no pool of the load balancer has a member",
        remedy="Delete the load balancer, or give its pool members.",
        judge=_balancer,
        lacks="the listing does not say its pools",
    ),
)
"""Rules that a resource's own words decide."""

EMPTY_GROUP = "empty-group"
GROUP_TYPES = (
    "microsoft.resources/resourcegroups",
    "microsoft.resources/subscriptions/resourcegroups",
)

GROUP_RULE = Rule(
    name=EMPTY_GROUP,
    waste=Waste.ORPHAN,
    type=GROUP_TYPES[-1],
    reason="no resource of the inventory is in the group",
    remedy="Delete the group, unless a deployment will fill it.",
    judge=lambda _properties, _item: None,
    lacks="no listing has told which resource groups there are",
)
"""Decided over all resources when it is asked for, not by the group's own words."""

ALL_RULES = (*RULES, GROUP_RULE)
BY_TYPE = {kind: [rule for rule in RULES if rule.type == kind] for kind in {r.type for r in RULES}}


def findings(kind: str, body: str) -> Iterator[Finding]:
    """What the rules find in a resource, or cannot know of it; what is clear is left out."""
    rules = BY_TYPE.get(kind.casefold())
    if not rules:
        return
    item = _decoded(body)
    for rule in rules:
        found = rule.judge(_part(item, "properties"), item)
        if "properties" not in item and found is not False:
            found = None
        if found is None:
            yield Finding(rule=rule.name, verdict=Verdict.NOT_KNOWN, reason=rule.lacks)
        elif found:
            yield Finding(rule=rule.name, verdict=Verdict.FOUND, reason=rule.reason)


def _decoded(body: str) -> Fields:
    try:
        item = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return {}
    return item if isinstance(item, dict) else {}


def _power(properties: Fields) -> str | None:
    # Resource Graph puts it under ``extended``; Compute's own listing into a status.
    extended = _part(_part(properties, "extended"), "instanceView")
    if code := _word(_part(extended, "powerState"), "code"):
        return code
    statuses = _parts(_part(properties, "instanceView"), "statuses")
    codes = (_word(status, "code") for status in statuses)
    return next((code for code in codes if code.startswith("powerstate/")), None)


def _filled(pool: Fields) -> bool:
    return bool(pool.get("backendIPConfigurations") or pool.get("loadBalancerBackendAddresses"))


def _part(fields: Fields, name: str) -> Fields:
    value = fields.get(name)
    return value if isinstance(value, dict) else {}


def _parts(fields: Fields, name: str) -> list[Fields]:
    value = fields.get(name)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _word(fields: Fields, name: str) -> str:
    value = fields.get(name)
    return value.casefold() if isinstance(value, str) else ""
