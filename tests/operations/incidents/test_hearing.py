"""Incidents out of alerts and budgets, and timelines that write themselves."""

import pytest
from sqlalchemy import event

from operations.incidents.stage import NOON, Bridge
from quarterdeck.events.escalation import PageOpened
from quarterdeck.events.slos import BudgetStepReached
from quarterdeck.events.trail import SigningKeyRotated, TamperConfirmed
from quarterdeck.operations.alerts import service as alerts
from quarterdeck.operations.alerts.model import Severity, Sign
from quarterdeck.operations.alerts.service import lifecycle
from quarterdeck.operations.incidents.model.incident import Source
from quarterdeck.operations.incidents.model.timeline import Wrote
from quarterdeck.operations.incidents.service import alerted, looking
from quarterdeck.operations.severities import service as severities
from quarterdeck.operations.severities.model import Kind, Ladder
from quarterdeck.operations.severities.model import Severity as Row
from quarterdeck.trail.deliveries.replay import Order
from quarterdeck.trail.deliveries.service.replaying import begin_replay
from trail.deliveries.letters import NAME, put_dead

LABELS = {"alertname": "HighLatency", "service": "Ingestion", "region": "US-East"}


def fire(bridge: Bridge, kind: str = "HighLatency", **labels: str) -> int:
    sign = Sign(
        key=f"{kind}/{labels}",
        tenant="acme",
        type=kind,
        severity=Severity.WARNING,
        title="P95 latency above 1 s",
        labels=LABELS | labels,
        annotations={"traces_url": "https://traces.example/1", "logs_url": "https://logs.example"},
    )
    with bridge.working() as work:
        alerts.fire(work, sign)
    with bridge.working() as work:
        return alerts.active(work)[0].id


def opened(bridge: Bridge) -> list[tuple[str, str]]:
    with bridge.working() as work:
        return [(one.severity.name, one.source.value) for one in looking.listed(work)]


@pytest.mark.census("ATP-157", "ATP-158", "ATP-146")
def test_an_incident_is_filled_from_its_alert(bridge: Bridge) -> None:
    alert = fire(bridge, severity="SEV-2")
    bridge.pass_time(minutes=2)
    with bridge.working() as work:
        made, fresh = alerted.from_alert(work, alert)
        assert alerted.from_alert(work, alert) == (made, False)
    assert fresh is True
    assert made.title == "[SEV-2] Ingestion P95 latency above 1 s in US-East"
    assert (made.services, made.began_at, made.source) == (("Ingestion",), NOON, Source.ALERT)
    first = bridge.account(made.id).timeline[0]
    assert (first.text, first.at) == (f"Alert fired: P95 latency above 1 s (#{alert})", NOON)
    assert bridge.account(made.id).about == [f"alert/{alert}"]
    links = {word: made.links[word] for word in ("logs", "traces")}
    assert links == {"logs": "https://logs.example", "traces": "https://traces.example/1"}
    assert made.links["metrics"].startswith("/watch/metrics")


def test_without_a_word_of_the_ladder_an_alert_is_as_bad_as_it_says(bridge: Bridge) -> None:
    plain, other = fire(bridge), fire(bridge, "Other")
    with bridge.working() as work:
        assert alerted.from_alert(work, plain)[0].severity.name == "SEV-3"
        assert alerted.from_alert(work, other, severity="P1")[0].severity.name == "SEV-1"


def test_what_becomes_of_an_alert_stands_on_the_timeline(bridge: Bridge) -> None:
    alert = fire(bridge)
    with bridge.working() as work:
        made, _ = alerted.from_alert(work, alert)
    with bridge.working() as work:
        lifecycle.acknowledge(work, alert, "ada@example.com")
    bridge.hear()
    acknowledged = bridge.one(made.id).acknowledged
    assert acknowledged is not None
    assert acknowledged.by == "ada@example.com"
    with bridge.working() as work:
        lifecycle.resolve(work, alert, "ada@example.com")
    bridge.hear()
    bridge.hear()
    assert bridge.lines(made.id, Wrote.ALERT)[1:] == [
        f"Alert #{alert} acknowledged",
        f"Alert #{alert} resolved by ada@example.com",
    ]


def test_a_kind_of_alert_opens_an_incident_by_itself(bridge: Bridge) -> None:
    kinds = (
        Kind(
            name="high-usage",
            title="High usage",
            severity="P2",
            triggers=("HighCpuUsage",),
            declares=True,
            runbook="high-usage",
        ),
        Kind(
            name="violation",
            title="Violation",
            severity="P2",
            by={"critical": "P1"},
            triggers=("Violation",),
            declares=True,
        ),
    )
    rows = (Row(name="P1", title="Critical"), Row(name="P2", title="High"))
    with bridge.working() as work:
        severities.put(work, "acme", Ladder(severities=rows, kinds=kinds))
    fire(bridge, "HighCpuUsage")
    bridge.hear()
    assert opened(bridge) == [("P2", "rule")]
    with bridge.working() as work:
        assert looking.listed(work)[0].links["runbook"] == "high-usage"
    fire(bridge, "Violation", severity="critical")
    fire(bridge, "Violation", severity="minor", check="b")
    bridge.hear()
    assert sorted(opened(bridge)) == [("P1", "rule"), ("P2", "rule"), ("P2", "rule")]
    fire(bridge, "Harmless")
    passed = fire(bridge, "HighCpuUsage", check="c")
    with bridge.working() as work:
        lifecycle.resolve(work, passed)
    fire(bridge, "Labelled", incident="declare")
    bridge.hear()
    bridge.hear()
    assert len(opened(bridge)) == 4


def test_a_spent_error_budget_opens_an_incident(bridge: Bridge) -> None:
    said = {"tenant": "acme", "slo": "up", "objective": "1", "service": "web", "environment": ""}
    for percent, demand in ((25, "emergency"), (50, "incident")):
        with bridge.working() as work:
            words = f"SLO up: {percent} % of the error budget is consumed"
            step = BudgetStepReached(**said, percent=percent, demand=demand, reason=words)
            work.publish(step)
    bridge.hear()
    assert opened(bridge) == [("SEV-2", "burn")]


def test_tampering_that_is_confirmed_opens_one_that_legal_gates(bridge: Bridge) -> None:
    with bridge.working() as work:
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
    with bridge.working() as work:
        [one] = looking.listed(work)
    assert (one.severity.name, one.is_gated, one.notified_at) == ("SEV-1", True, None)


@pytest.mark.census("ATP-159")
def test_what_is_done_in_an_incidents_name_joins_its_timeline(bridge: Bridge) -> None:
    made = bridge.declare()
    with bridge.working() as work:
        for incident in (made.id, "INC-2025-999999", "none"):
            work.publish(
                SigningKeyRotated(
                    tenant="acme",
                    key="k2",
                    old="k1",
                    reason="emergency",
                    incident=incident,
                    size=7,
                )
            )
    bridge.hear()
    [line] = bridge.lines(made.id, Wrote.COMMAND)
    assert line == "Signing key rotated: key k2, old k1, reason emergency, size 7"


@pytest.mark.census("ATP-282")
def test_a_replay_that_names_an_incident_joins_its_timeline(bridge: Bridge) -> None:
    made = bridge.declare()
    letter = put_dead(bridge.engine, "acme")
    order = Order(consumer=NAME, message=letter, confirm=True, incident=made.id)
    with bridge.working() as work:
        replay = begin_replay(work, order)
    bridge.hear()
    [line] = bridge.lines(made.id, Wrote.COMMAND)
    assert line.startswith(f"Dead letters replayed: replay {replay}, consumer {NAME}, messages 1")


def test_an_alert_is_linked_by_hand_too(bridge: Bridge) -> None:
    made, alert = bridge.declare(), fire(bridge)
    with bridge.working() as work:
        alerted.link_alert(work, made.id, alert)
        alerted.link_alert(work, made.id, alert)
    assert bridge.account(made.id).about == [f"alert/{alert}"]
    assert len(bridge.lines(made.id, Wrote.ALERT)) == 1


def test_a_storm_that_leads_to_nothing_is_asked_about_once(bridge: Bridge) -> None:
    """However many alerts and pages: no more statements than for a few."""
    asked: list[str] = []

    def hear() -> int:
        asked.clear()
        bridge.hear()
        return len(asked)

    event.listen(bridge.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    bridge.hear()
    counts = []
    for many in (2, 30):
        for number in range(many):
            fire(bridge, "Harmless", turn=f"{many}/{number}")
        with bridge.working() as work:
            for number in range(many):
                work.publish(PageOpened(**OPENED, page=f"p-{many}-{number}"))
        counts.append(hear())
    assert counts[1] == counts[0]


OPENED = {
    "tenant": "acme",
    "what": "alert/1",
    "policy": "incidents",
    "severity": "SEV-2",
    "version": "1",
    "title": "Harmless",
    "digest": "",
}
