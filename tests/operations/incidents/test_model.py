"""Incidents by themselves: titles, rooms, gates and clocks, without a database."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.operations.incidents.model.clocks import clocks, due, reminded_at
from quarterdeck.operations.incidents.model.faults import UnusableIncident
from quarterdeck.operations.incidents.model.gates import Facts, missing, missing_to_close
from quarterdeck.operations.incidents.model.incident import (
    Done,
    Impact,
    Incident,
    Item,
    Postmortem,
    Role,
    Source,
)
from quarterdeck.operations.incidents.model.rooms import room_name, topic
from quarterdeck.operations.incidents.model.stage import STAGES, Stage, Status
from quarterdeck.operations.severities.house import LADDER
from quarterdeck.operations.severities.model import Flag

BEGAN = datetime(2025, 10, 30, 14, 32, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def incident(severity: str = "SEV-2", **said: object) -> Incident:
    usual: dict[str, Any] = {
        "id": "INC-2025-000001",
        "tenant": "acme",
        "version": 1,
        "severity": LADDER.severity(severity),
        "stage": Stage.DETECTION,
        "symptom": "High Latency",
        "service": "Ingestion Service",
        "source": Source.ALERT,
        "declared_at": BEGAN,
        "began_at": BEGAN,
        "by": "p",
    }
    return Incident(**usual | said)


def names(one: Incident, minutes: float) -> list[str]:
    return [clock.name for clock in due(one, BEGAN + minutes * MINUTE)]


def due_at(one: Incident) -> dict[str, float]:
    return {clock.name: (clock.due_at - BEGAN) / MINUTE for clock in clocks(one)}


@pytest.mark.census("ATP-146")
def test_a_title_has_severity_service_symptom_and_region() -> None:
    title = "[SEV-2] Ingestion Service High Latency in US-East"
    assert incident(region="US-East").title == title
    assert incident(service="").title == "[SEV-2] High Latency"


@pytest.mark.census("ATP-140")
def test_a_war_room_is_called_by_date_and_time() -> None:
    one = incident("SEV-1")
    assert room_name(one, BEGAN) == "#incident-2025-10-30-1432"
    taken = {"#incident-2025-10-30-1432", "#incident-2025-10-30-1432-2"}
    assert room_name(one, BEGAN, taken) == "#incident-2025-10-30-1432-3"
    security = replace(one, flags=(Flag.SECURITY,))
    assert room_name(security, BEGAN) == "#security-incident-20251030"


def test_a_topic_says_what_became_of_it_once_that_is_known() -> None:
    one = incident("SEV-1")
    assert topic(one) == "[SEV-1] [Ingestion Service] High Latency"
    assert topic(replace(one, stage=Stage.RECOVERY)).endswith("High Latency - Mitigated")


@pytest.mark.census("ATP-147")
def test_a_status_follows_from_the_stage() -> None:
    found = {stage: incident(stage=stage).status for stage in STAGES}
    assert found == {
        Stage.DETECTION: Status.INVESTIGATING,
        Stage.ACKNOWLEDGEMENT: Status.INVESTIGATING,
        Stage.TRIAGE: Status.INVESTIGATING,
        Stage.INVESTIGATION: Status.INVESTIGATING,
        Stage.MITIGATION: Status.INVESTIGATING,
        Stage.RECOVERY: Status.MITIGATED,
        Stage.RESOLUTION: Status.RESOLVED,
        Stage.POSTMORTEM: Status.RESOLVED,
    }


def test_each_gate_says_what_it_lacks() -> None:
    one = incident("SEV-1")
    assert missing(one, Stage.TRIAGE, Facts()) == []
    assert missing(one, Stage.INVESTIGATION, Facts()) == [
        "affected services",
        "affected tenants",
        "the impact",
        "who works on it (assignee, or a technical lead)",
    ]
    triaged = replace(
        one,
        stage=Stage.TRIAGE,
        services=("web",),
        tenants=("acme",),
        impact=Impact(outage=True),
        roles={Role.TL: "tom"},
    )
    assert missing(triaged, Stage.MITIGATION, Facts()) == []
    assert missing(triaged, Stage.RECOVERY, Facts()) == [
        "what mitigated it (temporary or permanent)"
    ]
    fixed = replace(triaged, temporary="restarted")
    assert missing(fixed, Stage.RESOLUTION, Facts(sick=("web",))) == [
        "how the services were validated",
        "web is not healthy",
    ]
    valid = replace(fixed, validated="all probes are green")
    assert missing(valid, Stage.POSTMORTEM, Facts()) == []
    assert missing_to_close(valid, Facts()) == [
        "a root cause",
        "an action item",
        "what happened (postmortem.summary)",
    ]
    learnt = replace(valid, root_cause=("pool",), postmortem=Postmortem(summary="it was full"))
    assert missing_to_close(learnt, Facts(actions=1)) == []


@pytest.mark.census("ATP-162", "ATP-169", "ATP-175", "ATP-179")
def test_clocks_are_those_of_the_severity() -> None:
    first, second, third, fourth = (
        due_at(incident(name)) for name in ("SEV-1", "SEV-2", "SEV-3", "SEV-4")
    )
    assert (first["respond"], first["resolve"]) == (5, 240)
    assert (second["respond"], second["resolve"]) == (15, 480)
    assert (third["respond"], third["resolve"]) == (60, 1440)
    assert fourth == {"resolve": 7 * 24 * 60}


def test_at_its_minute_sharp_nothing_is_late_and_after_it_is() -> None:
    assert "respond" not in names(incident("SEV-1"), 5)
    assert "respond" in names(incident("SEV-1"), 5.01)
    late = replace(incident("SEV-1"), acknowledged=Done(at=BEGAN + 6 * MINUTE, by="ada"))
    [clock] = [clock for clock in clocks(late) if clock.name == "respond"]
    assert (clock.is_due(BEGAN + 9 * MINUTE), clock.is_breached(BEGAN + 9 * MINUTE)) == (
        False,
        True,
    )


@pytest.mark.census("ATP-172")
def test_a_war_room_of_the_second_severity_is_due_after_half_an_hour() -> None:
    assert "war-room" in names(incident("SEV-1"), 0)
    assert "war-room" not in names(incident("SEV-2"), 30)
    assert "war-room" in names(incident("SEV-2"), 31)
    assert "war-room" not in names(incident("SEV-2", war_room="#r"), 31)
    assert due_at(incident("SEV-2"))["update"] == 30


@pytest.mark.census("ATP-170")
def test_customers_are_told_once_impact_exceeds_an_hour() -> None:
    assert "customer-notice" not in names(incident("SEV-2"), 60)
    assert "customer-notice" in names(incident("SEV-2"), 61)
    mended = incident("SEV-2", mitigated_at=BEGAN + 40 * MINUTE)
    assert "customer-notice" not in names(mended, 61)
    assert "customer-notice" in names(incident("SEV-1"), 0)
    for quiet in ("SEV-3", "SEV-4"):
        assert "customer-notice" not in names(incident(quiet), 10_000)


def test_an_update_is_reminded_of_once_a_period() -> None:
    one = incident("SEV-1")
    at = {minutes: reminded_at(one, BEGAN + minutes * MINUTE) for minutes in (15, 16, 29, 31)}
    assert at == {
        15: None,
        16: BEGAN + 15 * MINUTE,
        29: BEGAN + 15 * MINUTE,
        31: BEGAN + 30 * MINUTE,
    }
    posted = replace(one, updated_at=BEGAN + 20 * MINUTE)
    assert reminded_at(posted, BEGAN + 31 * MINUTE) is None
    assert reminded_at(incident("SEV-3"), BEGAN + 10_000 * MINUTE) is None


@pytest.mark.census("ATP-455")
def test_a_loss_of_data_has_three_regulators_with_their_times() -> None:
    lost = due_at(incident("SEV-1", flags=(Flag.DATA_LOSS,), flagged_at=BEGAN))
    found = {name: at for name, at in lost.items() if name.startswith("regulator/")}
    assert found == {
        "regulator/GDPR": 72 * 60,
        "regulator/HIPAA": 60 * 24 * 60,
        "regulator/SOC 2": 0,
    }
    told = {"SOC 2": Done(at=BEGAN, by="ada")}
    assert "regulator/SOC 2" not in names(
        incident("SEV-1", flags=(Flag.DATA_LOSS,), flagged_at=BEGAN, told=told), 1
    )


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"symptom": " "}, "say what is seen"),
        ({"symptom": "a\nb"}, "one line"),
        ({"symptoms": ("",)}, "one line of 1"),
        ({"links": {"door": "https://x.example"}}, "no link 'door'"),
        ({"links": {"logs": "javascript:alert(1)"}}, "begins with https"),
        ({"services": ("x",) * 201}, "at most 200"),
        ({"checklist": (Item(text="x"),) * 201}, "at most 200"),
    ],
)
def test_what_cannot_be_is_refused(said: dict[str, Any], why: str) -> None:
    with pytest.raises(UnusableIncident, match=why):
        incident(**said)


@given(st.sampled_from(["SEV-1", "SEV-2", "SEV-3", "SEV-4"]), st.integers(0, 20_000))
def test_what_is_due_stays_due_until_it_is_done(severity: str, minutes: int) -> None:
    one = incident(severity)
    assert {*names(one, minutes)} <= {*names(one, minutes + 1)}
