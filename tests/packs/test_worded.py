"""The audiences of the runbooks, as their packs have them, and whom they tell."""

import pytest
import yaml
from sqlalchemy import Engine

from packs.test_watched import ROOT, apply
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.work import begin, read
from quarterdeck.operations.audiences import service
from quarterdeck.operations.incidents.service import declaring, looking, noticing, updating
from quarterdeck.packs import loader

CUSTOMERS = ("acme", "contoso", "fabrikam")


def declared(engine: Engine, **said: object) -> str:
    usual: dict[str, object] = {"tenant": "atp", "symptom": "Down", "severity": "SEV-1"}
    with begin(engine, ROOT, utc_now) as work:
        return declaring.declare(work, declaring.Told(**usual | said))[0].id  # type: ignore[arg-type]


def told(engine: Engine, incident: str) -> dict[str, tuple[str, list[str]]]:
    """By whom it was: the text, and each address with what became of it."""
    with read(engine, ROOT, utc_now) as work:
        found = looking.account(work, incident).bulletins
    return {
        one.bulletin.title: (
            one.bulletin.text,
            [f"{way.address}: {way.state}" for way in one.deliveries],
        )
        for one in found
    }


@pytest.mark.census("ATP-167", "ATP-479")
def test_customer_success_hears_of_a_sev_1_whom_it_touches_and_how_they_are_reached(
    engine: Engine,
) -> None:
    apply(engine, "atp")
    text, ways = told(engine, declared(engine, tenants=CUSTOMERS))["Customer Success"]
    assert ways == ["success@connectsoft.com: waiting"]
    for line in (
        "- acme: Acme Corp (mail success@acmecorp.com, chat @acme-csm)",
        "- contoso: Contoso (mail support@contoso.com, chat @contoso-csm)",
        "- fabrikam: Fabrikam (mail ops@fabrikam.com, chat @fabrikam-csm)",
    ):
        assert line in text
    assert "Customer Success" not in told(engine, declared(engine, severity="SEV-2"))


@pytest.mark.census("ATP-479")
def test_a_notice_to_tenants_goes_to_the_customers_that_the_directory_has(engine: Engine) -> None:
    apply(engine, "atp")
    found = told(engine, declared(engine, tenants=("acme", "contoso")))
    text, ways = found["Acme Corp"]
    assert ("Dear Acme Corp," in text, "contoso" in text.lower()) == (True, False)
    assert ways == ["success@acmecorp.com: waiting", "Acme Corp, chat @acme-csm: unsent"]
    assert ("Contoso" in found, "Fabrikam" in found) == (True, False)


@pytest.mark.census("ATP-392")
def test_the_ciso_and_legal_hear_of_a_security_incident_and_customers_do_not(
    engine: Engine,
) -> None:
    apply(engine, "atp")
    made = declared(engine, kind="security", severity="", tenants=("acme",))
    found = told(engine, made)
    assert found["CISO and Security"][1] == [
        "ciso@connectsoft.com: waiting",
        "security@connectsoft.com: waiting",
    ]
    assert found["Legal"][1] == ["legal@connectsoft.com: waiting"]
    assert "Acme Corp" not in found
    with begin(engine, ROOT, utc_now) as work:
        noticing.approve(work, made, "case 17")
        [bulletin] = updating.post_update(work, made, "We were broken into.", ["customers"])
    assert "We were broken into." in bulletin.text


@pytest.mark.census("BK-015")
def test_banking_has_words_for_its_engineers_its_management_and_its_customers(
    engine: Engine,
) -> None:
    apply(engine, "banking")
    with read(engine, ROOT, utc_now) as work:
        found = {one.audience.name: one.audience for one in service.listed(work, "banking")}
    assert sorted(found) == ["customers", "engineering", "management"]
    made = declared(engine, tenant="banking", severity="P3")
    with begin(engine, ROOT, utc_now) as work:
        [bulletin] = updating.post_update(work, made, "Payments are slow.", ["management"])
    assert [(way.address, bool(way.why)) for way in bulletin.ways] == [
        ("Engineering Manager, phone +1-555-0301", True),
        ("CTO, phone +1-555-0302", True),
    ]


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"text": "${nobody}"}, "no name ${nobody}"),
        ({"channels": []}, "names channels or contacts"),
        ({"flags": ["fire"]}, "fire"),
        ({"severities": ["SEV-1"]}, "there is no channel acme/ops"),
    ],
)
def test_a_wrong_audience_is_a_finding_with_its_line(said: dict[str, object], why: str) -> None:
    spec = {"title": "t", "subject": "s", "text": "x", "channels": ["ops"]} | said
    text = yaml.safe_dump({"kind": "audience", "name": "acme/ours", "spec": spec})
    head = "pack: p\ntitle: t\nsource: s\nversion: '1'\n"
    tenant = "kind: tenant\nname: acme\nspec: {name: Acme}\n"
    found = loader.lint({"pack.yaml": head, "audiences.yaml": text, "tenants.yaml": tenant})
    assert [why in one.what for one in found] == [True]
