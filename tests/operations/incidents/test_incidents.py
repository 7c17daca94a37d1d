"""Incidents as people lead them, from declaration to postmortem."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from operations.incidents.stage import NOON, Bridge
from quarterdeck.access.principals import service as principals
from quarterdeck.access.principals.model import Kind as Who
from quarterdeck.kernel.errors import Invalid
from quarterdeck.kernel.ids import TenantId
from quarterdeck.kernel.work import ANY, MissingPermission, Tenants
from quarterdeck.operations.changes import service as changes
from quarterdeck.operations.contacts import service as contacts
from quarterdeck.operations.contacts.model import Channel, Contact, Means, Section
from quarterdeck.operations.health.model.registry import Service
from quarterdeck.operations.health.service import registry
from quarterdeck.operations.health.store.tables import services
from quarterdeck.operations.incidents import measuring
from quarterdeck.operations.incidents.model.faults import (
    GateClosed,
    IncidentChanged,
    IncidentOver,
    NobodyToTell,
    NoSuchIncident,
    NoSuchIncidentItem,
    NoticeNotApproved,
    NotTheirRole,
    RationaleMissing,
    UnusableIncident,
)
from quarterdeck.operations.incidents.model.incident import Impact, Postmortem, Role, Source
from quarterdeck.operations.incidents.model.stage import Stage, Status
from quarterdeck.operations.incidents.model.timeline import Wrote
from quarterdeck.operations.incidents.service import (
    declaring,
    describing,
    keeping,
    leading,
    looking,
    noticing,
    noting,
    reviewing,
    roles,
    rooming,
)
from quarterdeck.operations.oncall.service import writing as oncall
from quarterdeck.operations.severities import service as severities
from quarterdeck.operations.severities.house import LADDER
from quarterdeck.operations.severities.model import Flag, Ladder

MAIL = "ops@acme.example"
WRITER = ("incidents:read", "incidents:write")


def customer(tenant: str, mail: str) -> Contact:
    way = Channel(means=Means.MAIL, address=mail)
    said = {"title": tenant, "section": Section.CUSTOMER, "channels": (way,)}
    return Contact(name=f"customer-{tenant}", tenants=(tenant,), **said)  # type: ignore[arg-type]


def append(bridge: Bridge, incident: str, kind: Wrote, text: str, who: str = "p-1") -> None:
    with bridge.working(*WRITER, who=who) as work:
        noting.append(work, incident, noting.Line(kind=kind, text=text))


@pytest.mark.census("ATP-145")
def test_ids_have_a_year_and_six_digits_and_rise(bridge: Bridge) -> None:
    assert [bridge.declare().id for _ in range(3)] == [f"INC-2025-00000{n}" for n in (1, 2, 3)]
    bridge.pass_time(days=100)
    assert bridge.declare().id == "INC-2026-000001"


@pytest.mark.census("ATP-128")
@pytest.mark.parametrize("source", [Source.ALERT, Source.REPORT, Source.ANOMALY])
def test_an_incident_says_how_it_came_to_be_known(bridge: Bridge, source: Source) -> None:
    made = bridge.declare(source=source)
    assert (bridge.one(made.id).source, bridge.one(made.id).stage) == (source, Stage.DETECTION)


def test_one_of_a_key_is_open_at_a_time(bridge: Bridge) -> None:
    first = bridge.declare(key="disk")
    assert bridge.declare(key="disk").id == first.id
    assert bridge.declare().id != first.id
    with bridge.working() as work:
        described = describing.Said(temporary="freed", validated="seen")
        describing.describe(work, first.id, described)
    bridge.triage(first.id)
    with bridge.working() as work:
        leading.advance(work, first.id, Stage.RESOLUTION)
    assert bridge.declare(key="disk").id != first.id


def test_how_bad_it_is_comes_from_a_word_a_kind_or_the_matrix(bridge: Bridge) -> None:
    assert bridge.declare(severity="p1").severity.name == "SEV-1"
    assert bridge.declare(severity="", kind="performance").severity.name == "SEV-2"
    rated = bridge.declare(severity="", rated=("few", "normal"), flags=(Flag.INTEGRITY,))
    assert rated.severity.name == "SEV-1"
    with pytest.raises(UnusableIncident, match="say how bad it is"):
        bridge.declare(severity="")
    with pytest.raises(Invalid, match="there are SEV-1"):
        bridge.declare(severity="SEV-7")
    with pytest.raises(UnusableIncident, match="began before"):
        bridge.declare(began_at=NOON + timedelta(hours=1))


@pytest.mark.census("ATP-129", "ATP-140", "ATP-141")
def test_the_worst_opens_a_war_room_at_once_and_says_whom_it_wants(bridge: Bridge) -> None:
    bridge.channel("atp-incidents")
    with bridge.working() as work:
        first, *rest = LADDER.severities
        named = Ladder(severities=(replace(first, channels=("atp-incidents",)), *rest))
        severities.put(work, "acme", named)
    made = bridge.declare(severity="SEV-1")
    assert made.war_room == "#incident-2025-10-30-1432"
    assert bridge.declare(severity="SEV-1").war_room == "#incident-2025-10-30-1432-2"
    assert bridge.told(made.id) == [
        f"atp-incidents: {made.id} [SEV-1] Ingestion Service High Latency",
        "atp-incidents: War room #incident-2025-10-30-1432",
    ]
    room = next(m for m in bridge.account(made.id).messages if "War room" in m.content.title)
    for words in (
        "Topic: [SEV-1] [Ingestion Service] High Latency",
        f"ticket: {made.id}",
        "logs: /logs",
        "Incident Commander: nobody yet",
        "experts of Ingestion Service",
        "every 15 minutes",
    ):
        assert words in room.content.text
    bridge.pass_time(minutes=6)
    with bridge.working() as work:
        leading.acknowledge(work, made.id, "ETA: 15 min")
        leading.acknowledge(work, made.id)
    assert bridge.lines(made.id, Wrote.STAGE)[-1] == "Acknowledged, late: ETA: 15 min"
    respond = next(c for c in bridge.account(made.id).clocks if c.name == "respond")
    assert respond.is_breached(bridge.now)


def test_what_no_channel_takes_is_said_on_the_timeline(bridge: Bridge) -> None:
    with bridge.working() as work:
        rows = tuple(replace(s, channels=("gone",)) for s in LADDER.severities)
        severities.put(work, "acme", Ladder(severities=rows))
    made = bridge.declare()
    assert bridge.lines(made.id, Wrote.NOTICE) == ["Not told: gone: no channel 'gone'"]


@pytest.mark.census("ATP-130", "ATP-132", "ATP-135")
def test_no_stage_is_left_before_what_it_asks_for_is_recorded(bridge: Bridge) -> None:
    made = bridge.declare(service="", tenants=())

    def advance(to: Stage) -> None:
        with bridge.working() as work:
            leading.advance(work, made.id, to)

    advance(Stage.TRIAGE)
    with pytest.raises(GateClosed, match="affected services; affected tenants; the impact"):
        advance(Stage.INVESTIGATION)
    with bridge.working() as work:
        describing.describe(work, made.id, describing.Said(services=("web",)))
    bridge.triage(made.id)
    advance(Stage.INVESTIGATION)
    with pytest.raises(GateClosed, match="what mitigated it"):
        advance(Stage.RECOVERY)
    with bridge.working() as work:
        describing.describe(work, made.id, describing.Said(temporary="pool raised to 200"))
    advance(Stage.RECOVERY)
    assert bridge.one(made.id).status is Status.MITIGATED
    with pytest.raises(GateClosed, match="how the services were validated"):
        advance(Stage.RESOLUTION)
    with bridge.working() as work:
        describing.describe(work, made.id, describing.Said(validated="metrics are normal"))
    advance(Stage.RESOLUTION)
    with pytest.raises(IncidentOver, match="at resolution already"):
        advance(Stage.RECOVERY)
    with bridge.working() as work, pytest.raises(GateClosed, match="a root cause; an action item"):
        reviewing.close(work, made.id)
    _learn(bridge, made.id)
    closed = bridge.one(made.id)
    assert (closed.stage, closed.closed_at) == (Stage.POSTMORTEM, NOON)
    assert len(bridge.facts("IncidentAdvanced")) == 4


def _learn(bridge: Bridge, incident: str) -> None:
    with bridge.working() as work:
        describing.describe(work, incident, describing.Said(root_cause=("pool exhausted",)))
        noting.add_action(work, incident, "raise the default pool")
        reviewing.review(work, incident, Postmortem(summary="it was full", runbook="DR, rev. 7"))
        reviewing.close(work, incident)


@pytest.mark.census("BK-019", "ATP-448")
def test_a_postmortem_is_written_closed_and_approved_and_names_its_runbook(bridge: Bridge) -> None:
    made = bridge.declare()
    bridge.triage(made.id)
    with bridge.working() as work:
        describing.describe(work, made.id, describing.Said(permanent="limits", validated="seen"))
        with pytest.raises(GateClosed, match="approved once it is done"):
            reviewing.sign(work, made.id)
        leading.advance(work, made.id, Stage.RESOLUTION)
    review = next(c for c in bridge.account(made.id).clocks if c.name == "postmortem")
    assert review.due_at == NOON + timedelta(hours=48)
    _learn(bridge, made.id)
    with bridge.working() as work:
        assert reviewing.sign(work, made.id).postmortem.approved is not None
        again = reviewing.review(work, made.id, Postmortem(summary="it was too small"))
    assert again.postmortem.approved is None
    assert bridge.facts("PostmortemWritten")[-1]["closed"] is True


@pytest.mark.census("ATP-186", "ATP-187", "ATP-188", "ATP-143")
def test_a_severity_changes_only_with_its_reason_and_the_topic_with_it(bridge: Bridge) -> None:
    made = bridge.declare(severity="SEV-1")
    with bridge.working() as work:
        with pytest.raises(RationaleMissing):
            leading.change_severity(work, made.id, "SEV-2", " ")
        leading.change_severity(work, made.id, "P2", "contained, workaround in place")
        leading.change_severity(work, made.id, "SEV-2", "again")
    one = bridge.one(made.id)
    assert (one.severity.name, one.title[:7]) == ("SEV-2", "[SEV-2]")
    entry = next(e for e in bridge.account(made.id).timeline if e.kind is Wrote.SEVERITY)
    assert entry.text == "SEV-1 to SEV-2: contained, workaround in place"
    assert entry.by
    assert bridge.lines(made.id, Wrote.ROOM)[-1] == (
        "Topic: [SEV-2] [Ingestion Service] High Latency"
    )
    with bridge.working() as work:
        describing.describe(work, made.id, describing.Said(flags=(Flag.INTEGRITY,)))
    proposed = bridge.account(made.id).proposed
    assert proposed is not None
    assert proposed.severity.name == "SEV-1"
    assert "SEV-1 is proposed: integrity is at least SEV-1" in bridge.lines(made.id)


@pytest.mark.census("ATP-136", "ATP-137", "ATP-138", "ATP-139")
def test_each_role_may_what_only_it_may(bridge: Bridge) -> None:
    made = bridge.declare()
    with pytest.raises(NotTheirRole, match="nobody commands it yet"):
        append(bridge, made.id, Wrote.DECISION, "go")
    append(bridge, made.id, Wrote.UPDATE, "we look at it")  # nobody speaks for it yet
    with bridge.working() as work:
        ada = principals.create(work, Who.PERSON, "Ada", home="acme")
        for role, who in (("ic", ada.id), ("tl", "tom"), ("cl", "cleo"), ("scribe", "sam")):
            roles.assign(work, made.id, Role(role), str(who))
    assert bridge.one(made.id).roles == {
        Role.IC: ada.id,
        Role.TL: "tom",
        Role.CL: "cleo",
        Role.SCRIBE: "sam",
    }
    append(bridge, made.id, Wrote.DECISION, "go", who=str(ada.id))
    for kind in (Wrote.DECISION, Wrote.UPDATE):
        with pytest.raises(NotTheirRole):
            append(bridge, made.id, kind, "no go", who="tom")
    append(bridge, made.id, Wrote.UPDATE, "half of it is back", who="cleo")
    with bridge.working("incidents:read", who="sam") as work:
        noting.append(work, made.id, noting.Line(kind=Wrote.NOTE, text="they said go"))
    with bridge.working("incidents:read", who="eve") as work, pytest.raises(MissingPermission):
        noting.append(work, made.id, noting.Line(kind=Wrote.NOTE, text="hm"))
    with bridge.working() as work:
        assert roles.assign(work, made.id, Role.TL, "").holder(Role.TL) == ""


@pytest.mark.census("ATP-149")
def test_the_timeline_is_in_the_order_of_what_happened(bridge: Bridge) -> None:
    made = bridge.declare()
    bridge.pass_time(minutes=20)
    append(bridge, made.id, Wrote.ACTION, "pool raised")
    with bridge.working() as work:
        before = noting.Line(kind=Wrote.NOTE, text="latency rises", at=NOON - timedelta(minutes=5))
        noting.append(work, made.id, before)
        wrongs = (
            noting.Line(kind=Wrote.STAGE, text="x"),
            noting.Line(kind=Wrote.NOTE, text=" "),
            noting.Line(kind=Wrote.NOTE, text="x", at=bridge.now + timedelta(minutes=1)),
            noting.Line(kind=Wrote.NOTE, text="x", link="javascript:1"),
        )
        for wrong in wrongs:
            with pytest.raises(UnusableIncident):
                noting.append(work, made.id, wrong)
    found = bridge.account(made.id).timeline
    assert [(e.text, e.kind) for e in found] == [
        ("latency rises", Wrote.NOTE),
        ("Declared: [SEV-2] Ingestion Service High Latency", Wrote.STAGE),
        ("pool raised", Wrote.ACTION),
    ]
    assert [e.at for e in found] == sorted(e.at for e in found)
    assert found[-1].by == "p-1"


@pytest.mark.census("ATP-131")
def test_a_finding_keeps_its_evidence(bridge: Bridge) -> None:
    made = bridge.declare()
    link = "https://logs.example/q/1"
    with bridge.working() as work:
        noting.append(work, made.id, noting.Line(kind=Wrote.FINDING, text="pool full", link=link))
        describing.describe(work, made.id, describing.Said(root_cause=("pool exhausted",)))
    entries = [e for e in bridge.account(made.id).timeline if e.kind is Wrote.FINDING]
    assert [(e.text, e.link) for e in entries] == [
        ("pool full", link),
        ("Root cause: pool exhausted", ""),
    ]


@pytest.mark.census("ATP-153")
def test_action_items_are_ticked_and_found_across_incidents(bridge: Bridge) -> None:
    first, second = bridge.declare(), bridge.declare()
    with bridge.working() as work:
        due = NOON - timedelta(days=1)
        noting.add_action(work, first.id, "raise the pool", owner="ada", due_at=due)
        noting.add_action(work, first.id, "alert at 80 %")
        noting.add_action(work, second.id, "plan capacity")
        ticked = noting.tick_action(work, first.id, 2)
        assert (ticked.done_at, ticked.done_by) == (NOON, work.actor.id)
        assert noting.tick_action(work, first.id, 2) == ticked
        left = looking.open_actions(work)
        assert [(one.text, one.is_late(work.now)) for one in left] == [
            ("raise the pool", True),
            ("plan capacity", False),
        ]
        after = (first.id, 1)
        assert [one.text for one in looking.open_actions(work, after=after)] == ["plan capacity"]
        assert noting.tick_action(work, first.id, 2, done=False).done_at is None
        with pytest.raises(NoSuchIncidentItem):
            noting.tick_action(work, first.id, 9)


@pytest.mark.census("BK-018", "ATP-111")
def test_a_checklist_is_ticked_with_notes(bridge: Bridge) -> None:
    made = bridge.declare()
    with bridge.working() as work:
        done = noting.tick_task(work, made.id, 1, note="on it")
        assert done.checklist[0].done is not None
        assert done.checklist[0].done.note == "on it"
        assert noting.tick_task(work, made.id, 1).version == done.version
        assert noting.tick_task(work, made.id, 1, done=False).checklist[0].done is None
        for wrong in (0, 7):
            with pytest.raises(NoSuchIncidentItem):
                noting.tick_task(work, made.id, wrong)


@pytest.mark.census("ATP-395", "ATP-408", "ATP-454")
def test_no_customer_is_told_of_lost_data_before_legal_approves(bridge: Bridge) -> None:
    with bridge.working() as work:
        for tenant in ("acme", "beta"):
            contacts.put(work, "acme", customer(tenant, f"ops@{tenant}.example"))
    made = bridge.declare(severity="SEV-1", flags=(Flag.DATA_LOSS,))
    assert [line for line in bridge.lines(made.id) if "Legal must approve" in line]
    with bridge.working() as work, pytest.raises(NoticeNotApproved):
        noticing.notify_customers(work, made.id, "we lost data")
    assert bridge.told(made.id) == []
    with bridge.working(*WRITER) as work, pytest.raises(MissingPermission):
        noticing.approve(work, made.id, "")
    with bridge.working() as work:
        noticing.approve(work, made.id, "case 17")
        noticing.notify_customers(work, made.id, "we lost data")
    assert bridge.told(made.id) == ["ops@acme.example: High Latency"]
    [fact] = bridge.facts("CustomersTold")
    assert (fact["tenants"], fact["people"]) == (["acme"], 1)


def test_a_flag_that_is_taken_away_opens_no_gate_and_another_asks_legal_anew(
    bridge: Bridge,
) -> None:
    made = bridge.declare()
    with bridge.working() as work:
        noticing.approve(work, made.id, "in advance")
        flagged = describing.describe(work, made.id, describing.Said(flags=(Flag.SECURITY,)))
        assert flagged.is_gated
        assert describing.describe(work, made.id, describing.Said(flags=())).is_gated
        assert not noticing.approve(work, made.id, "case 17").is_gated
        lost = describing.Said(flags=(Flag.DATA_LOSS,))
        assert describing.describe(work, made.id, lost).is_gated


def test_nobody_is_said_to_be_told_who_was_not(bridge: Bridge) -> None:
    made = bridge.declare(severity="SEV-1")
    line = "No customer was told: no contact of acme has an address"
    assert line in bridge.lines(made.id, Wrote.NOTICE)
    assert bridge.one(made.id).notified_at is None
    with bridge.working() as work, pytest.raises(NobodyToTell, match="no contact of acme"):
        noticing.notify_customers(work, made.id, "sorry")
    with bridge.working() as work:
        contacts.put(work, "acme", customer("acme", MAIL))
        assert noticing.notify_customers(work, made.id, "sorry").notified_at == NOON
    bridge.beat()
    assert bridge.lines(made.id, Wrote.NOTICE).count(line) == 1
    assert bridge.facts("CustomersTold")[0]["people"] == 1


def test_customers_are_not_told_that_it_lasts_when_it_is_over(bridge: Bridge) -> None:
    over = replace(bridge.declare(severity="SEV-2"), mitigated_at=NOON)
    with bridge.working() as work:
        contacts.put(work, "acme", customer("acme", MAIL))
        noticing.notify_by_clock(work, over)
    assert f"Customers told: acme: {noticing.OVER}" in bridge.lines(over.id, Wrote.NOTICE)


def test_a_tenants_words_never_choose_among_the_customers_of_another(bridge: Bridge) -> None:
    with bridge.working() as work:
        for tenant in ("acme", "beta"):
            contacts.put(work, "_platform", customer(tenant, f"ops@{tenant}.example"))
    made = bridge.declare(severity="SEV-1", tenants=("acme", "beta"))
    assert bridge.told(made.id) == ["ops@acme.example: High Latency"]
    assert "No contact of beta is known" in bridge.lines(made.id, Wrote.NOTICE)


def test_how_fast_incidents_are_met_is_measured_by_tenant(bridge: Bridge) -> None:
    made = bridge.declare()
    bridge.declare(tenant="beta")
    bridge.pass_time(minutes=3)
    with bridge.working() as work:
        leading.acknowledge(work, made.id)
        measuring.measure(work, Tenants(frozenset({ANY})))
    [family] = measuring.ACKNOWLEDGE.collect()
    took = {one.labels["tenant"]: one.value for one in family.samples}
    assert took == {"acme": 180}


@pytest.mark.census("ATP-163")
def test_customers_of_the_worst_are_told_at_once(bridge: Bridge) -> None:
    with bridge.working() as work:
        contacts.put(work, "acme", customer("acme", MAIL))
    made = bridge.declare(severity="SEV-1", tenants=("acme", "gone"))
    assert bridge.told(made.id) == [f"{MAIL}: High Latency"]
    assert bridge.one(made.id).notified_at == NOON
    assert "No contact of gone is known" in bridge.lines(made.id, Wrote.NOTICE)
    assert bridge.declare(severity="SEV-2").notified_at is None


@pytest.mark.census("ATP-165")
def test_who_knows_about_security_is_called_to_it(bridge: Bridge) -> None:
    way = Channel(means=Means.MAIL, address="security@firm.example")
    boss = Channel(means=Means.MAIL, address="ceo@firm.example")
    with bridge.working() as work:
        said = {"section": Section.VENDOR, "topics": ("security",)}
        firm = Contact(name="firm", title="Firm", channels=(way,), **said)  # type: ignore[arg-type]
        ceo = Contact(name="ceo", title="CEO", channels=(boss,), critical_only=True, **said)  # type: ignore[arg-type]
        contacts.put(work, "acme", firm)
        contacts.put(work, "acme", ceo)
    worst = bridge.declare(severity="SEV-1", flags=(Flag.SECURITY,))
    assert worst.war_room == "#security-incident-20251030"
    assert [line.partition(":")[0] for line in bridge.told(worst.id)] == [
        "ceo@firm.example",
        "security@firm.example",
    ]
    lesser = bridge.declare(severity="SEV-3", flags=(Flag.SECURITY,))
    assert bridge.lines(lesser.id, Wrote.NOTICE) == ["Told: security@firm.example"]
    assert [one.name for one in bridge.account(worst.id).knowing] == ["ceo", "firm"]
    assert [one.name for one in bridge.account(lesser.id).knowing] == ["firm"]
    assert bridge.told(bridge.declare().id) == []


def test_a_regulator_that_was_told_is_kept(bridge: Bridge) -> None:
    made = bridge.declare(flags=(Flag.SECURITY,))
    with bridge.working() as work:
        with pytest.raises(UnusableIncident, match="there are GDPR, HIPAA, SOC 2"):
            noticing.tell_regulator(work, made.id, "SEC", "")
        told = noticing.tell_regulator(work, made.id, "GDPR", "form 3")
    assert told.told["GDPR"].note == "form 3"
    assert bridge.lines(made.id)[-1] == "Regulator told: GDPR: form 3"


@pytest.mark.census("ATP-166")
def test_the_worst_freezes_deployments_until_it_is_resolved(bridge: Bridge) -> None:
    made = bridge.declare(severity="SEV-1")
    with bridge.working() as work:
        verdict = changes.may_deploy(work, "acme")
    assert verdict.allowed is False
    assert made.id in verdict.freezes[0].reason
    bridge.triage(made.id)
    with bridge.working() as work:
        describing.describe(work, made.id, describing.Said(temporary="x", validated="y"))
        leading.advance(work, made.id, Stage.RESOLUTION)
        assert changes.may_deploy(work, "acme").allowed is True


def test_what_is_written_down_at_once_by_two_is_refused_to_one(bridge: Bridge) -> None:
    made = bridge.declare()
    with bridge.working() as work:
        said = describing.Said(region="EU", links={"traces": "https://t.example"})
        changed = describing.describe(work, made.id, said, expected=1)
        assert (changed.version, changed.links["traces"]) == (2, "https://t.example")
        assert describing.describe(work, made.id, said) == changed
        with pytest.raises(IncidentChanged, match="at version 2, not 1"):
            describing.describe(work, made.id, describing.Said(region="US"), expected=1)
        with pytest.raises(IncidentChanged):
            keeping.change(work, made, region="US")
        gone = describing.describe(work, made.id, describing.Said(links={"traces": ""}))
        assert "traces" not in gone.links


@pytest.mark.census("BK-017")
def test_whose_turn_it_is_has_a_role_from_the_start_and_is_told(bridge: Bridge) -> None:
    layer = "{name: a, people: [tom@acme.example], start: 2025-01-01, rotation: {unit: weeks}}"
    schedule = f"zone: UTC\nlayers:\n  - {layer}\n"
    first, *rest = LADDER.severities
    team = {"tl": "primary", "ic": "gone"}
    with bridge.working() as work:
        oncall.apply(work, "acme", "primary", schedule)
        severities.put(work, "acme", Ladder(severities=(replace(first, team=team), *rest)))
    made = bridge.declare(severity="SEV-1")
    assert made.roles == {Role.TL: "tom@acme.example"}
    assert bridge.lines(made.id, Wrote.ROLE) == ["Technical Lead: tom@acme.example"]
    title = f"{made.id} [SEV-1] Ingestion Service High Latency"
    assert bridge.told(made.id) == [f"tom@acme.example: {title}"]


@pytest.mark.census("ATP-177")
def test_the_third_severity_is_told_to_its_channel_and_wants_somebody(bridge: Bridge) -> None:
    bridge.channel("atp-ops")
    with bridge.working() as work:
        third = replace(LADDER.severity("SEV-3"), channels=("atp-ops",))
        severities.put(work, "acme", Ladder(severities=(third,)))
    made = bridge.declare(severity="SEV-3", impact=Impact(users="slow"))
    assert bridge.told(made.id) == [f"atp-ops: {made.id} {made.title}"]
    with bridge.working() as work:
        with pytest.raises(GateClosed, match="record: who works on it"):
            leading.advance(work, made.id, Stage.INVESTIGATION)
        describing.describe(work, made.id, describing.Said(assignee="tom"))
        leading.advance(work, made.id, Stage.INVESTIGATION)


@pytest.mark.census("ATP-446")
def test_an_incident_bears_the_ticket_of_a_vendor(bridge: Bridge) -> None:
    made = bridge.declare()
    with bridge.working() as work:
        links = {"vendor-ticket": "120-1733", "ticket": "OPS-17"}
        describing.describe(work, made.id, describing.Said(links=links))
        line = noting.Line(kind=Wrote.FINDING, text="Azure Service Health: US-East is down")
        noting.append(work, made.id, line)
    assert bridge.one(made.id).links["vendor-ticket"] == "120-1733"


@pytest.mark.census("ATP-133")
def test_nothing_is_resolved_while_its_services_are_sick(bridge: Bridge) -> None:
    made = bridge.declare(service="web", environment="prod")
    bridge.triage(made.id)
    with bridge.working() as work:
        for environment in ("prod", "dev"):
            one = Service(tenant=TenantId("acme"), environment=environment, name="web")
            registry.register(work, one)
        work.db.execute(update(services).values(state="down"))
        describing.describe(work, made.id, describing.Said(temporary="x", validated="seen"))
        with pytest.raises(GateClosed, match="record: web of prod is not healthy"):
            leading.advance(work, made.id, Stage.RESOLUTION)
        prod = update(services).where(services.c.environment == "prod")
        work.db.execute(prod.values(state="healthy"))
        leading.advance(work, made.id, Stage.RESOLUTION)


def test_what_is_not_over_after_all_is_opened_again_for_a_reason(bridge: Bridge) -> None:
    made = bridge.declare(severity="SEV-1", key="disk")
    bridge.triage(made.id)
    with bridge.working() as work:
        with pytest.raises(IncidentOver, match="open already"):
            leading.reopen(work, made.id, "x")
        describing.describe(work, made.id, describing.Said(temporary="x", validated="y"))
        leading.advance(work, made.id, Stage.RESOLUTION)
        with pytest.raises(RationaleMissing):
            leading.reopen(work, made.id, " ")
        again = leading.reopen(work, made.id, "errors are back")
        assert (again.is_open, again.resolved_at, again.validated) == (True, None, "")
        assert changes.may_deploy(work, "acme").allowed is False
        with pytest.raises(GateClosed, match="how the services were validated"):
            leading.advance(work, made.id, Stage.RESOLUTION)
        describing.describe(work, made.id, describing.Said(validated="z"))
        leading.advance(work, made.id, Stage.RESOLUTION)
    other = bridge.declare(key="disk")
    with bridge.working() as work, pytest.raises(IncidentOver, match=f"{other.id} is open about"):
        leading.reopen(work, made.id, "errors are back")


def test_nobody_sees_or_leads_anothers_incidents(bridge: Bridge) -> None:
    made = bridge.declare(tenant="beta")
    rights = ("incidents:read", "incidents:write", "incidents:acknowledge", "incidents:escalate")
    with bridge.working(*rights) as work:
        assert looking.listed(work) == []
        for refused in (looking.account, leading.acknowledge, rooming.open_by_hand):
            with pytest.raises(NoSuchIncident):
                refused(work, made.id)
        with pytest.raises(NoSuchIncident):
            leading.change_severity(work, made.id, "SEV-1", "why not")
    with bridge.working("incidents:read") as work, pytest.raises(MissingPermission):
        declaring.declare(work, declaring.Told(tenant="acme", symptom="x", severity="P1"))


def test_incidents_are_listed_open_first_by_pages(bridge: Bridge) -> None:
    over, old, new = (bridge.declare(key=str(n)) for n in range(3))
    bridge.triage(over.id)
    with bridge.working() as work:
        describing.describe(work, over.id, describing.Said(temporary="x", validated="y"))
        leading.advance(work, over.id, Stage.RESOLUTION)
        ids = [one.id for one in looking.listed(work)]
        assert ids == [new.id, old.id, over.id]
        assert [one.id for one in looking.listed(work, is_open=False)] == [over.id]
        assert looking.listed(work, severity="SEV-1") == []
        at = 1_000_000 * int(NOON.timestamp())
        assert [one.id for one in looking.listed(work, before=(True, at, new.id))] == ids[1:]
        assert [one.id for one in looking.listed(work, before=(False, at, over.id))] == []
        assert looking.counts(work, work.tenants("incidents:read")) == {("acme", "SEV-2"): 2}


def test_mean_times_are_those_of_their_severity(bridge: Bridge) -> None:
    for minutes in (2, 4):
        made = bridge.declare()
        bridge.pass_time(minutes=minutes)
        with bridge.working() as work:
            leading.acknowledge(work, made.id)
    bridge.declare(severity="SEV-1")
    with bridge.working() as work:
        found = {one.severity: one for one in looking.paces(work, "acme", timedelta(days=30))}
    assert (found["SEV-2"].acknowledge_s, found["SEV-2"].resolve_s) == (180, None)
    assert (found["SEV-1"].many, found["SEV-1"].acknowledge_s) == (1, None)
