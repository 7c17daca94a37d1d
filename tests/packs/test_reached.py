"""The contacts of the runbooks, as their packs have them."""

import pytest
import yaml
from sqlalchemy import Engine

from packs.test_watched import ROOT, apply
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.errors import Invalid
from quarterdeck.kernel.work import read
from quarterdeck.operations.contacts import service
from quarterdeck.operations.contacts.model import Contact, Section
from quarterdeck.packs import loader, reached

WAYS = [{"means": "mail", "address": "ada@example.com"}]


def contacts(engine: Engine, pack: str) -> dict[str, Contact]:
    apply(engine, pack)
    with read(engine, ROOT, utc_now) as work:
        return {kept.contact.name: kept.contact for kept in service.directory(work)}


def ways(one: Contact) -> list[tuple[str, str]]:
    return [(way.means.value, way.address) for way in one.channels]


@pytest.mark.census("AG-105", "AG-106", "AG-107", "AG-108")
def test_azure_governance_has_three_levels_and_a_vendor(engine: Engine) -> None:
    found = contacts(engine, "azure-governance")
    levels = [found[f"level-{level}"] for level in (1, 2, 3)]
    assert [(one.title, one.level, one.responds_in_min) for one in levels] == [
        ("Platform Support", 1, 15),
        ("DevOps Manager", 2, 60),
        ("VP Engineering", 3, 240),
    ]
    assert [sorted(means for means, _ in ways(one)) for one in levels] == [
        ["mail", "pager"],
        ["mail", "pager"],
        ["mail"],
    ]
    assert ("mail", "platform-support@company.com") in ways(levels[0])
    vendor = found["microsoft-support"]
    assert (vendor.section, vendor.responds_in_min) == (Section.VENDOR, 60)
    assert vendor.channels[0].address.startswith("https://portal.azure.com/")


@pytest.mark.census("CG-046", "CG-047")
def test_cloudgov_has_its_engineer_and_its_owner(engine: Engine) -> None:
    found = contacts(engine, "cloudgov")
    assert ("mail", "ops-oncall@company.com") in ways(found["on-call-engineer"])
    assert ways(found["platform-owner"]) == [("mail", "platform-team@company.com")]


@pytest.mark.census("BK-077", "BK-078", "BK-079", "BK-081", "BK-082", "BK-084")
def test_banking_has_three_levels_and_vendors(engine: Engine) -> None:
    found = contacts(engine, "banking")
    first = found["operations"]
    assert (first.level, first.coverage) == (1, "24/7")
    assert [(way.address, way.note) for way in first.channels] == [
        ("+1-555-0101", "primary: Operations Lead"),
        ("+1-555-0102", "secondary: Senior Operations Engineer"),
    ]
    second = {name for name, one in found.items() if one.level == 2}
    assert second == {"platform-team", "database-team", "security-team"}
    third = {name: one.critical_only for name, one in found.items() if one.level == 3}
    assert third == {"engineering-manager": False, "cto": False, "ceo": True}
    vendors = [name for name, one in found.items() if one.section is Section.VENDOR]
    assert vendors == ["azure-support", "security-firm"]


@pytest.mark.census("ATP-037", "ATP-468", "ATP-469", "ATP-470", "ATP-471", "ATP-472")
def test_atp_has_stakeholders_and_experts(engine: Engine) -> None:
    found = contacts(engine, "atp")
    stakeholders = {n: ways(one) for n, one in found.items() if one.section == "stakeholder"}
    assert stakeholders == {
        "ciso": [("mail", "ciso@connectsoft.com")],
        "compliance": [("mail", "compliance@connectsoft.com")],
        "customer-success": [("mail", "success@connectsoft.com")],
        "legal": [("mail", "legal@connectsoft.com")],
        "security": [("mail", "security@connectsoft.com")],
    }
    experts = {n: ways(one)[0] for n, one in found.items() if one.section is Section.EXPERT}
    assert experts == {
        "cloud-experts": ("chat", "#atp-cloud"),
        "compliance-experts": ("mail", "compliance@connectsoft.com"),
        "database-experts": ("chat", "#atp-database"),
        "networking-experts": ("chat", "#atp-networking"),
        "security-experts": ("chat", "#atp-security"),
    }
    with read(engine, ROOT, utc_now) as work:
        about = service.suggested(work, "atp", ["atp-database", "critical"])
    assert [kept.contact.name for kept in about] == ["database-experts"]


@pytest.mark.census("ATP-478", "ATP-479", "ATP-480")
def test_atp_has_vendors_and_customers(engine: Engine) -> None:
    found = contacts(engine, "atp")
    azure = found["azure-support"]
    assert ways(azure) == [("portal", "https://portal.azure.com"), ("phone", "1-800-867-1389")]
    assert "severity A (critical)" in azure.channels[0].note
    vendors = {ways(found[name])[0][1] for name in ("hashicorp", "elastic", "pagerduty")}
    assert vendors == {*("support@hashicorp.com", "support@elastic.co", "support@pagerduty.com")}
    majors = {one.tenants: ways(one) for one in found.values() if one.section == "customer"}
    assert majors == {
        ("acme",): [("mail", "success@acmecorp.com"), ("chat", "@acme-csm")],
        ("contoso",): [("mail", "support@contoso.com"), ("chat", "@contoso-csm")],
        ("fabrikam",): [("mail", "ops@fabrikam.com"), ("chat", "@fabrikam-csm")],
    }


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ({"title": "Ada", "section": "friend", "channels": WAYS}, "section"),
        ({"title": "Ada", "section": "expert", "channels": []}, "1 to 50 channels"),
        ({"title": "Ada", "section": "expert", "channels": WAYS, "level": 12}, "level is 0 to 9"),
        ({"title": "Ada", "section": "expert", "channels": WAYS, "pager": "1"}, "pager"),
    ],
)
def test_a_wrong_contact_is_a_finding_with_its_line(spec: dict[str, object], why: str) -> None:
    text = yaml.safe_dump({"kind": "contact", "name": "acme/ada", "spec": spec})
    head = "pack: p\ntitle: t\nsource: s\nversion: '1'\n"
    [finding] = loader.lint({"pack.yaml": head, "contacts.yaml": text})
    assert (str(finding.place), why in finding.what) == ("contacts.yaml:1", True)


@pytest.mark.parametrize("name", ["ada", "acme/", "/ada", "acme/ada/x"])
def test_a_contact_says_whose_it_is(engine: Engine, name: str) -> None:
    with read(engine, ROOT, utc_now) as work, pytest.raises(Invalid):
        reached.contact(work, name)
