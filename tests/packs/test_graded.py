"""The severities of the runbooks, as their packs have them."""

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from packs.test_watched import ROOT, apply
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.deliveries import behind, deliver
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.work import begin, read
from quarterdeck.operations.alerts import service as alerts
from quarterdeck.operations.alerts.model import Severity, Sign
from quarterdeck.operations.contacts import service as contacts
from quarterdeck.operations.contacts.model import Channel, Contact, Means, Section
from quarterdeck.operations.escalation.service import looking as pages
from quarterdeck.operations.incidents import hearing
from quarterdeck.operations.incidents.model.clocks import clocks
from quarterdeck.operations.incidents.model.incident import Incident
from quarterdeck.operations.incidents.service import declaring, looking
from quarterdeck.operations.severities import service
from quarterdeck.operations.severities.model import Ladder

EAR = hearing.subscriber()


def ladder(engine: Engine, pack: str, tenant: str) -> Ladder:
    apply(engine, pack)
    with read(engine, ROOT, utc_now) as work:
        return service.ladder(work.db, tenant)


def test_azure_governance_answers_in_a_quarter_of_an_hour_to_a_day(engine: Engine) -> None:
    found = ladder(engine, "azure-governance", PLATFORM)
    assert [(one.name, one.respond_min) for one in found.severities] == [
        ("P1", 15),
        ("P2", 60),
        ("P3", 240),
        ("P4", 1440),
    ]


def test_cloudgov_has_three_kinds_of_five_steps(engine: Engine) -> None:
    found = ladder(engine, "cloudgov", "cloudgov")
    kinds = {one.name: (one.severity, len(one.checklist)) for one in found.kinds}
    assert kinds == {
        "high-usage": ("P2", 5),
        "budget-exceeded": ("P1", 5),
        "compliance-violation": ("P2", 5),
    }
    assert found.kind("compliance-violation").severity_for("critical") == "P1"


@pytest.mark.census("BK-016")
def test_banking_has_a_matrix(engine: Engine) -> None:
    found = ladder(engine, "banking", "banking")
    judged = [found.classify(i, u).severity.name for i in found.impacts for u in found.urgencies]
    assert judged == ["P1", "P2", "P3", "P2", "P3", "P4", "P3", "P4", "P4"]


def test_phoenix_has_a_scale_of_words(engine: Engine) -> None:
    names = [one.name for one in ladder(engine, "phoenix", "phoenix").severities]
    assert names == ["critical", "high", "medium", "low"]


def test_atp_has_its_severities_kinds_and_examples(engine: Engine) -> None:
    found = ladder(engine, "atp", "atp")
    of = Counter(one.severity for one in found.examples)
    assert of == {"SEV-1": 5, "SEV-2": 5, "SEV-3": 5, "SEV-4": 4}
    assert [one.channels for one in found.severities] == [
        ("atp-incidents", "atp-oncall-mail"),
        ("atp-incidents", "atp-oncall-mail"),
        ("atp-ops", "atp-ops-mail"),
        (),
    ]
    assert found.severities[0].team == {"ic": "manager", "tl": "primary"}


@pytest.mark.census("ATP-441")
def test_a_region_outage_is_of_the_worst_with_six_tasks_within_half_an_hour(
    engine: Engine,
) -> None:
    apply(engine, "atp")
    with begin(engine, ROOT, utc_now) as work:
        told = declaring.Told(tenant="atp", symptom="US-East is gone", kind="region-outage")
        made, _ = declaring.declare(work, told)
    assert (made.severity.name, len(made.checklist)) == ("SEV-1", 6)
    tasks = [clock for clock in clocks(made) if clock.name.startswith("task/")]
    assert {clock.due_at - made.declared_at for clock in tasks} == {timedelta(minutes=30)}
    with read(engine, ROOT, utc_now) as work:
        [page] = pages.listed(work, "atp")
        steps = pages.account(work, page.id).steps
    assert (page.severity, page.what.about) == ("SEV-1", f"incident/{made.id}")
    assert {one.level for one in steps if one.due_at <= made.declared_at} == {
        "L1",
        "L2",
        "L3",
        "L4",
    }


def opened(engine: Engine, tenant: str) -> Incident:
    """The newest incident of a tenant, once what happened was heard."""
    while waiting := behind(engine, EAR.name):
        for one, place in waiting:
            deliver(engine, utc_now, EAR, one, place)
    with read(engine, ROOT, utc_now) as work:
        return looking.listed(work, tenant)[0]


@pytest.mark.census("CG-001", "CG-014")
@pytest.mark.parametrize(
    ("kind", "severity", "expected"),
    [
        ("HighCpuUsage", "warning", ("P2", "high-usage")),
        ("HighMemoryUsage", "warning", ("P2", "high-usage")),
        ("ComplianceViolation", "critical", ("P1", "compliance-violation")),
        ("ComplianceViolation", "warning", ("P2", "compliance-violation")),
    ],
)
def test_an_alert_of_cloudgov_opens_an_incident_with_its_runbook(
    engine: Engine, kind: str, severity: str, expected: tuple[str, str]
) -> None:
    apply(engine, "cloudgov")
    sign = Sign(
        key="k", tenant="cloudgov", type=kind, severity=Severity(severity), title=f"{kind} of vm-1"
    )
    with begin(engine, ROOT, utc_now) as work:
        alerts.fire(work, sign)
    one = opened(engine, "cloudgov")
    assert (one.severity.name, one.links["runbook"], len(one.checklist)) == (*expected, 5)


@pytest.mark.census("BK-012", "BK-014", "BK-080", "BK-085")
def test_an_incident_of_banking_offers_its_procedure_and_who_could_help(engine: Engine) -> None:
    apply(engine, "banking")
    made = {}
    with begin(engine, ROOT, utc_now) as work:
        for kind in ("outage", "performance", "security"):
            told = declaring.Told(tenant="banking", symptom=kind, kind=kind)
            made[kind] = declaring.declare(work, told)[0]
        account = looking.account(work, made["security"].id)
    assert {one.links["runbook"] for one in made.values()} == {"02_incident_response.md"}
    assert [one.severity.name for one in made.values()] == ["P1", "P2", "P1"]
    assert {one.name for one in account.knowing} == {"security-team", "security-firm"}
    written = [entry.text for entry in account.timeline]
    assert "To be called: Security Team, phone +1-555-0203" in written
    assert "To be called: External Security Firm, phone +1-555-0401" in written


@pytest.mark.census("AG-124")
def test_a_security_incident_of_azure_governance_is_told_to_who_knows_of_security(
    engine: Engine,
) -> None:
    apply(engine, "azure-governance")
    way = Channel(means=Means.MAIL, address="security@company.com")
    team = Contact(
        name="security",
        title="Security team",
        section=Section.STAKEHOLDER,
        channels=(way,),
        topics=("security",),
    )
    with begin(engine, ROOT, utc_now) as work:
        contacts.put(work, PLATFORM, team)
        told = declaring.Told(tenant=PLATFORM, symptom="Credentials leaked", kind="security")
        made, _ = declaring.declare(work, told)
        written = looking.account(work, made.id).timeline
    assert made.severity.name == "P1"
    assert "Told: security@company.com" in [entry.text for entry in written]
