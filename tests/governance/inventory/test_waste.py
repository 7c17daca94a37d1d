"""Rules on what nobody uses: found, clear, or not known with why."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.governance.inventory import waste
from quarterdeck.governance.inventory.waste import RULES, Verdict, findings

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["properties", "extended", "instanceView", "statuses", "powerState"])
            | st.sampled_from(["code", "diskState", "backendAddressPools", "numberOfSites"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)

DISK = "Microsoft.Compute/disks"
MACHINE = "Microsoft.Compute/virtualMachines"


def said(kind: str, **item: object) -> list[tuple[str, Verdict]]:
    return [(f.rule, f.verdict) for f in findings(kind, json.dumps({"id": "/x", **item}))]


@pytest.mark.parametrize(
    ("kind", "item", "rule"),
    [
        (DISK, {"properties": {"diskState": "Unattached"}}, "unattached-disk"),
        ("Microsoft.Network/publicIPAddresses", {"properties": {}}, "unassociated-address"),
        ("Microsoft.Network/networkInterfaces", {"properties": {}}, "interface-without-machine"),
        ("Microsoft.Network/networkSecurityGroups", {"properties": {}}, "unused-security-group"),
        ("Microsoft.Web/serverfarms", {"properties": {"numberOfSites": 0}}, "empty-plan"),
        (
            MACHINE,
            {
                "properties": {
                    "extended": {"instanceView": {"powerState": {"code": "PowerState/stopped"}}}
                }
            },
            "stopped-machine",
        ),
        (
            MACHINE,
            {"properties": {"instanceView": {"statuses": [{"code": "PowerState/stopped"}]}}},
            "stopped-machine",
        ),
        (
            "Microsoft.Network/loadBalancers",
            {"properties": {"backendAddressPools": [{"properties": {}}]}},
            "balancer-without-members",
        ),
    ],
)
def test_a_rule_finds_what_it_says(kind: str, item: dict[str, object], rule: str) -> None:
    assert said(kind, **item) == [(rule, Verdict.FOUND)]


@pytest.mark.parametrize(
    ("kind", "item"),
    [
        (DISK, {"properties": {"diskState": "Attached"}}),
        (DISK, {"managedBy": "/vm"}),
        ("Microsoft.Network/publicIPAddresses", {"properties": {"ipConfiguration": {"id": "/c"}}}),
        ("Microsoft.Network/publicIPAddresses", {"properties": {"natGateway": {"id": "/n"}}}),
        ("Microsoft.Network/networkInterfaces", {"properties": {"privateEndpoint": {"id": "/p"}}}),
        ("Microsoft.Network/networkSecurityGroups", {"properties": {"subnets": [{"id": "/s"}]}}),
        ("Microsoft.Web/serverfarms", {"properties": {"numberOfSites": 2}}),
        (
            MACHINE,
            {"properties": {"instanceView": {"statuses": [{"code": "PowerState/deallocated"}]}}},
        ),
        (
            "Microsoft.Network/loadBalancers",
            {
                "properties": {
                    "backendAddressPools": [{"properties": {"backendIPConfigurations": [{}]}}]
                }
            },
        ),
        ("Microsoft.Sql/servers", {}),
    ],
)
def test_what_is_in_use_is_left_alone(kind: str, item: dict[str, object]) -> None:
    assert said(kind, **item) == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_listing_without_properties_makes_no_verdict(rule: waste.Rule) -> None:
    [found] = findings(rule.type.upper(), '{"id": "/x"}')
    assert (found.verdict, found.reason) == (Verdict.NOT_KNOWN, rule.lacks)


@given(st.sampled_from(RULES), JSON)
def test_no_rule_trips_over_what_a_cloud_sends(rule: waste.Rule, item: object) -> None:
    assert len(list(findings(rule.type, json.dumps(item)))) <= 1
