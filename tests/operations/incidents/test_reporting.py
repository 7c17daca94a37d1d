"""An incident written down: runbook 000's report, 004's ticket, a postmortem."""

from datetime import timedelta

import pytest

from operations.incidents.stage import NOON, Bridge
from quarterdeck.operations.incidents.model.incident import Impact, Postmortem, Role
from quarterdeck.operations.incidents.model.stage import Stage
from quarterdeck.operations.incidents.model.timeline import Wrote
from quarterdeck.operations.incidents.service import (
    describing,
    leading,
    noting,
    reviewing,
    roles,
)
from quarterdeck.operations.incidents.service.reporting import FORMS

SAID = describing.Said(
    impact=Impact(
        partial=True,
        partial_words="ingestion only",
        performance=True,
        tenants="15 enterprise tenants in US-East",
        users="Increased ingestion latency (500ms to 2s)",
        integrity="No data loss, all events persisted",
    ),
    symptoms=("Dashboard inaccessible", "Error 53300: too many connections"),
    root_cause=("Connection pool exhausted (max 100)", "Pool not sized for peak load"),
    temporary="Increased connection pool max to 200",
    permanent="Implement per-tenant rate limiting",
    prevention="Capacity is planned for peaks",
    validated="all probes are green",
)


@pytest.fixture
def resolved(bridge: Bridge) -> str:
    made = bridge.declare(severity="P2", region="US-East", began_at=NOON - timedelta(minutes=2))
    with bridge.working() as work:
        roles.assign(work, made.id, Role.TL, "tom")
        for text in ("Restarted the pool", "Raised the limit"):
            noting.append(work, made.id, noting.Line(kind=Wrote.ACTION, text=text))
        noting.add_action(work, made.id, "Increase default pool size", owner="ada")
        noting.add_action(work, made.id, "Add pool alerts (>80%)")
        noting.tick_action(work, made.id, 1)
    bridge.pass_time(minutes=16)
    with bridge.working() as work:
        describing.describe(work, made.id, SAID)
        leading.advance(work, made.id, Stage.RESOLUTION)
        said = Postmortem(summary="# The pool was full\n- really", well="seen at once")
        reviewing.review(work, made.id, said)
    return made.id


def written(bridge: Bridge, incident: str, form: str) -> str:
    return FORMS[form](bridge.account(incident), bridge.now, {})


@pytest.mark.census("AG-110", "AG-111", "AG-112", "AG-113", "AG-114")
def test_the_brief_report_has_the_form_of_runbook_000(bridge: Bridge, resolved: str) -> None:
    assert written(bridge, resolved, "brief") == (
        "## Incident Report: High Latency\n\n"
        "**Severity:** SEV-2\n**Start Time:** 2025-10-30 14:30 UTC\n**Status:** Resolved\n\n"
        "### Impact\n- [ ] Complete outage\n- [x] Partial outage (ingestion only)\n"
        "- [ ] Data issue\n- [x] Performance degradation\n\n"
        "### Symptoms\n- Dashboard inaccessible\n- Error 53300: too many connections\n\n"
        "### Actions Taken\n1. Restarted the pool\n2. Raised the limit\n"
        "3. Mitigation: Increased connection pool max to 200\n"
        "4. Permanent fix: Implement per-tenant rate limiting\n\n"
        "### Root Cause (if known)\n- Connection pool exhausted (max 100)\n"
        "- Pool not sized for peak load\n\n"
        "### Resolution\nIncreased connection pool max to 200\n\n"
        "Implement per-tenant rate limiting\n\n"
        "### Prevention\nCapacity is planned for peaks\n"
    )


@pytest.mark.census("ATP-150", "ATP-151", "ATP-152")
def test_the_ticket_has_the_form_of_runbook_004(bridge: Bridge, resolved: str) -> None:
    text = written(bridge, resolved, "ticket")
    for words in (
        f"# {resolved}: [SEV-2] Ingestion Service High Latency in US-East",
        "- Affected Tenants: 15 enterprise tenants in US-East",
        "- Duration: 18 minutes\n",
        "- User Impact: Increased ingestion latency (500ms to 2s)",
        "- Data Integrity: No data loss, all events persisted",
        "- Temporary: Increased connection pool max to 200\n- Permanent: Implement per-tenant",
        "- [x] Increase default pool size (ada)\n- [ ] Add pool alerts (>80%)",
        "2025-10-30 14:32 UTC: Restarted the pool",
        "- logs: /logs?tenant=acme",
    ):
        assert words in text


def test_a_postmortem_comes_from_the_timeline_and_forges_no_heading(
    bridge: Bridge, resolved: str
) -> None:
    text = written(bridge, resolved, "postmortem")
    assert "## What happened\n\\# The pool was full\n\\- really\n" in text
    assert "- Technical Lead: tom" in text
    assert "## What went well\nseen at once" in text
    assert "## What did not\nNot recorded." in text
    assert "Not changed because of it." in text


def test_what_is_not_known_is_said_to_be_so(bridge: Bridge) -> None:
    made = bridge.declare()
    assert "Status:** Investigating" in written(bridge, made.id, "brief")
    assert "Not recorded." in written(bridge, made.id, "brief")
    assert "minutes so far" in written(bridge, made.id, "ticket")
