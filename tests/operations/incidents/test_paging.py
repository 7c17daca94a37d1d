"""An incident and its page: one is answered with the other, and ends with it."""

from dataclasses import replace

import pytest

from operations.incidents.stage import Bridge
from quarterdeck.events.trail import FreezePlaced, TamperConfirmed
from quarterdeck.kernel.work import Tenants
from quarterdeck.operations.escalation.model.page import Page, PageState, What
from quarterdeck.operations.escalation.service import answering, desk, policies
from quarterdeck.operations.escalation.service.timing import Timers
from quarterdeck.operations.escalation.store import pages
from quarterdeck.operations.incidents.model.incident import Incident
from quarterdeck.operations.incidents.model.stage import Stage
from quarterdeck.operations.incidents.model.timeline import Wrote
from quarterdeck.operations.incidents.service import describing, leading, looking
from quarterdeck.operations.messages.service import looking as messages
from quarterdeck.operations.severities import service as severities
from quarterdeck.operations.severities.model import Flag

POLICY = """\
levels:
  - name: L1
    targets: [mail ada@example.com]
    notify_at: {any: 0}
    engage_at: {SEV-1: 0, SEV-2: 0}
  - name: L2
    targets: [mail bob@example.com]
    engage_at: {SEV-1: 30m, SEV-2: 1h}
"""
ACME = Tenants(frozenset({"acme"}))


@pytest.fixture
def paged(bridge: Bridge) -> Bridge:
    """A ladder whose two worst page somebody."""
    with bridge.working() as work:
        policies.apply(work, "acme", "incidents", POLICY)
        usual = severities.ladder(work.db, "acme")
        first, second, *rest = usual.severities
        wakes = (replace(first, policy="incidents"), replace(second, policy="incidents"))
        severities.put(work, "acme", replace(usual, severities=(*wakes, *rest)))
    return bridge


def page_of(bridge: Bridge, incident: str) -> Page | None:
    with bridge.working() as work:
        about = pages.open_about(work.db, ACME, f"incident/{incident}")
        return pages.of_id(work.db, ACME, about[0]) if about else None


def told(bridge: Bridge, incident: str) -> list[str]:
    """Who was told by the page until now."""
    Timers(engine=bridge.engine, clock=bridge.clock, url="").beat()
    page = page_of(bridge, incident)
    assert page is not None
    with bridge.working() as work:
        return [one.address for one in messages.about(work.db, ACME, f"page/{page.id}")]


@pytest.mark.census("ATP-164", "ATP-171", "AG-101")
def test_a_severe_incident_pages_at_once_and_goes_on_to_who_is_next(paged: Bridge) -> None:
    made = paged.declare(severity="SEV-1")
    assert told(paged, made.id) == ["ada@example.com"]
    paged.pass_time(minutes=30)
    paged.hear()
    assert "L1 must join: ada@example.com" in paged.lines(made.id)
    assert sorted(told(paged, made.id)) == ["ada@example.com", "bob@example.com"]
    minor = paged.declare(severity="SEV-4", symptom="Typo")
    assert page_of(paged, minor.id) is None


def test_whoever_answers_the_page_is_on_the_incident(paged: Bridge) -> None:
    made = paged.declare(severity="SEV-1")
    page = page_of(paged, made.id)
    assert page is not None
    with paged.working() as work:
        answering.acknowledge(work, page.id, by="ada")
    paged.hear()
    with paged.working() as work:
        found = looking.account(work, made.id)
    assert found.incident.acknowledged is not None
    assert found.incident.acknowledged.by == "ada"
    lines = [one.text for one in found.timeline]
    assert "Page opened: incidents, SEV-1" in lines
    assert "Page acknowledged by ada (api)" in lines


def test_whoever_is_on_the_incident_has_answered_its_page_which_ends_with_it(
    paged: Bridge,
) -> None:
    made = paged.declare(severity="SEV-2")
    with paged.working() as work:
        leading.acknowledge(work, made.id)
    page = page_of(paged, made.id)
    assert page is not None
    assert (page.state, page.means) == (PageState.ACKNOWLEDGED, "incident")
    paged.hear()
    paged.triage(made.id)
    with paged.working() as work:
        describing.describe(work, made.id, describing.Said(temporary="x", validated="y"))
        leading.advance(work, made.id, Stage.RESOLUTION)
    assert page_of(paged, made.id) is None


def test_its_page_is_as_severe_as_it_is(paged: Bridge) -> None:
    made = paged.declare(severity="SEV-2")
    for word in ("SEV-1", "SEV-2"):
        with paged.working() as work:
            leading.change_severity(work, made.id, word, "as far as we know now")
        page = page_of(paged, made.id)
        assert page is not None
        assert page.severity == word


def test_who_brings_it_on_has_answered_its_page(paged: Bridge) -> None:
    made = paged.declare(severity="SEV-2")
    paged.triage(made.id)
    with paged.working() as work:
        on = leading.advance(work, made.id, Stage.TRIAGE)
    page = page_of(paged, made.id)
    assert page is not None
    assert page.state is PageState.ACKNOWLEDGED
    assert on.acknowledged is not None
    assert on.stage is Stage.TRIAGE


def test_who_answered_before_it_got_worse_does_not_answer_for_what_it_became(
    paged: Bridge,
) -> None:
    made = paged.declare(severity="SEV-2")
    page = page_of(paged, made.id)
    assert page is not None
    with paged.working() as work:
        answering.acknowledge(work, page.id, by="ada")
    with paged.working() as work:  # before the worker hears of the answer
        leading.change_severity(work, made.id, "SEV-1", "all tenants")
    paged.hear()
    paged.hear()
    page = page_of(paged, made.id)
    assert page is not None
    assert (page.state, page.severity) == (PageState.OPEN, "SEV-1")
    with paged.working() as work:
        leading.acknowledge(work, made.id)
    page = page_of(paged, made.id)
    assert page is not None
    assert page.state is PageState.ACKNOWLEDGED


def test_only_its_own_page_answers_for_an_incident(paged: Bridge) -> None:
    made = paged.declare(severity="SEV-2")
    with paged.working() as work:
        for about in (f"incident/{made.id}", "incident/INC-2025-999999"):
            what = What(title="look", severity="SEV-2", about=about)
            other = desk.open_by_hand(work, "acme", "incidents", what, key=f"incident/{about}")
            answering.acknowledge(work, other.id, by="eve")
    paged.hear()
    assert paged.one(made.id).acknowledged is None


def suspecting(bridge: Bridge, severity: str) -> Incident:
    """An incident that suspected a loss of data, and so began an investigation."""
    made = bridge.declare(severity=severity, flags=(Flag.DATA_LOSS,))
    with bridge.working() as work:
        work.publish(
            FreezePlaced(
                tenant="acme",
                investigation="i-1",
                suspicion="data-loss",
                reason="A loss of data is suspected",
                incident=made.id,
            )
        )
    bridge.hear()
    return made


def confirm(bridge: Bridge) -> None:
    """Security says that records were tampered with."""
    with bridge.working(who="sara") as work:
        work.publish(
            TamperConfirmed(
                tenant="acme",
                investigation="i-1",
                severity="SEV-1",
                teams=["security"],
                where="entry 1",
                what="altered",
            )
        )
    bridge.hear()


def resolve(bridge: Bridge, incident: str) -> None:
    bridge.triage(incident)
    with bridge.working() as work:
        describing.describe(work, incident, describing.Said(temporary="x", validated="y"))
        leading.advance(work, incident, Stage.RESOLUTION)


def test_tampering_confirmed_after_its_incident_is_over_is_another_that_pages(
    paged: Bridge,
) -> None:
    over = suspecting(paged, "SEV-2")
    resolve(paged, over.id)
    confirm(paged)
    with paged.working() as work:
        [one] = [one for one in looking.listed(work) if one.is_open]
    assert (one.id != over.id, one.severity.name) == (True, "SEV-1")
    assert told(paged, one.id) == ["ada@example.com"]


def test_tampering_confirmed_raises_the_incident_that_suspected_a_loss(paged: Bridge) -> None:
    made = suspecting(paged, "SEV-3")
    assert page_of(paged, made.id) is None
    confirm(paged)
    confirm(paged)
    assert paged.one(made.id).severity.name == "SEV-1"
    words = "SEV-3 to SEV-1: Tampering confirmed: altered at entry 1"
    assert paged.lines(made.id, Wrote.SEVERITY).count(words) == 1
    assert told(paged, made.id) == ["ada@example.com"]
    with paged.working() as work:
        assert [one.id for one in looking.listed(work)] == [made.id]
