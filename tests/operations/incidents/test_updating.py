"""Updates to audiences: whom, in which words; what becomes of each; what is told by itself."""

from dataclasses import replace
from pathlib import Path

import pytest

from operations.incidents.stage import NOON, Bridge
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.work import ANY, MissingPermission, Tenants
from quarterdeck.operations.audiences import service as audiences
from quarterdeck.operations.audiences.model import Audience, names_for
from quarterdeck.operations.channels.model.channel import Channel as Out
from quarterdeck.operations.channels.model.channel import Kind
from quarterdeck.operations.channels.service import keeping as channels
from quarterdeck.operations.contacts import service as contacts
from quarterdeck.operations.contacts.model import Channel, Contact, Means, Section
from quarterdeck.operations.incidents import measuring
from quarterdeck.operations.incidents.model.bulletin import Bulletin
from quarterdeck.operations.incidents.model.faults import (
    IncidentChanged,
    NobodyToTell,
    NoticeNotApproved,
    NotTheirRole,
    UnusableIncident,
)
from quarterdeck.operations.incidents.model.incident import Incident, Role
from quarterdeck.operations.incidents.model.timeline import Wrote
from quarterdeck.operations.incidents.model.wording import inward, outward
from quarterdeck.operations.incidents.service import describing, leading, noticing, roles, updating
from quarterdeck.operations.incidents.service.addressing import BY_HAND, CUSTOMER, NO_CONTACT
from quarterdeck.operations.messages.service import looking as messages
from quarterdeck.operations.severities.model import Flag
from quarterdeck.providers.sealing.safe import KeySafe
from quarterdeck.trail.keys.keystore import KeyStore

READER, WRITER = "incidents:read", "incidents:write"


def customer(tenant: str, *ways: tuple[Means, str]) -> Contact:
    return Contact(
        name=f"customer-{tenant}",
        title=tenant.title(),
        section=Section.CUSTOMER,
        tenants=(tenant,),
        channels=tuple(Channel(means=means, address=address) for means, address in ways),
    )


def person(name: str, *ways: tuple[Means, str]) -> Contact:
    made = customer(name, *ways)
    return replace(made, name=name, section=Section.STAKEHOLDER, tenants=())


def put(bridge: Bridge, *what: Contact | Audience | Out, tenant: str = "acme") -> None:
    with bridge.working() as work:
        for one in what:
            if isinstance(one, Contact):
                contacts.put(work, tenant, one)
            elif isinstance(one, Out):
                channels.put(work, tenant, one)
            else:
                audiences.put(work, tenant, one)


def audience(name: str, **said: object) -> Audience:
    usual: dict[str, object] = {"title": name.title()}
    usual |= {"subject": "${incident}: ${symptom}", "text": "${update}"}
    return Audience(name=name, **usual | said)  # type: ignore[arg-type]


def post(bridge: Bridge, made: Incident, text: str, *names: str) -> list[Bulletin]:
    with bridge.working() as work:
        return updating.post_update(work, made.id, text, names)


def contents(bridge: Bridge, made: Incident) -> dict[str, tuple[str, str]]:
    """By address: subject and text."""
    with bridge.working() as work:
        own = work.require(READER, "acme")
        found = messages.about(work.db, own, f"incident/{made.id}")
        return {one.channel or one.address: (one.content.title, one.content.text) for one in found}


@pytest.mark.census("BK-015")
def test_an_update_reaches_each_audience_in_its_own_words_and_stands_on_the_timeline(
    bridge: Bridge,
) -> None:
    bridge.channel("ops")
    put(bridge, person("boss", (Means.MAIL, "boss@acme.example"), (Means.PHONE, "+1 555")))
    put(
        bridge,
        audience("engineering", channels=("ops", "gone"), text="${update} (${stage})"),
        audience("management", contacts=("boss", "nobody"), subject="For you: ${symptom}"),
    )
    made = bridge.declare()
    told = post(bridge, made, "Half of it is back", "engineering", "management")
    assert contents(bridge, made) == {
        "ops": (f"{made.id}: High Latency", "Half of it is back (detection)"),
        "boss@acme.example": ("For you: High Latency", "Half of it is back"),
    }
    assert [(one.audience, one.version, one.by) for one in told] == [
        ("engineering", 1, "quarterdeck"),
        ("management", 1, "quarterdeck"),
    ]
    found = bridge.account(made.id)
    assert found.incident.updated_at == NOON
    assert [entry.text for entry in found.timeline if entry.kind is Wrote.UPDATE] == [
        "To Engineering, Management: Half of it is back"
    ]
    engineering = f"Engineering told (ops): {made.id}: High Latency\nHalf of it is back (detection)"
    management = "Management told (boss@acme.example): For you: High Latency\nHalf of it is back"
    notices = [(e.by, e.text) for e in found.timeline if e.kind is Wrote.NOTICE]
    assert notices == [
        ("quarterdeck", f"{engineering}\nNot told: gone: no channel 'gone'"),
        ("quarterdeck", f"{management}\nNot told: nobody: {NO_CONTACT}"),
    ]
    ways = {d.address: d.state for one in found.bulletins for d in one.deliveries}
    waits, lost = "waiting", "unsent"
    assert ways == {"ops": waits, "gone": lost, "boss@acme.example": waits, "nobody": lost}
    [fact] = bridge.facts("AudiencesTold")
    assert (fact["audiences"], fact["ways"]) == (["engineering", "management"], 2)


def test_what_the_outbox_keeps_no_more_is_said_to_be_forgotten(bridge: Bridge) -> None:
    bridge.channel("ops")
    put(bridge, audience("engineering", channels=("ops",)))
    made = bridge.declare()
    post(bridge, made, "x", "engineering")
    with bridge.engine.begin() as db:
        db.exec_driver_sql("DELETE FROM operations_message")
    [one] = bridge.account(made.id).bulletins
    assert [(d.state, d.at) for d in one.deliveries] == [("forgotten", None)]


def test_a_preview_is_what_is_sent_and_sends_nothing(bridge: Bridge) -> None:
    bridge.channel("ops")
    put(bridge, audience("engineering", channels=("ops",), text="${update} by ${by}"))
    made = bridge.declare()
    with bridge.working() as work:
        [draft] = updating.preview(work, made.id, "all well", ["engineering"])
    assert contents(bridge, made) == {}
    assert bridge.account(made.id).bulletins == []
    [told] = post(bridge, made, "all well", "engineering")
    [letter] = draft.letters
    assert (letter.content.title, letter.content.text) == (told.subject, told.text)
    assert [address.name for address in letter.to] == [way.address for way in told.ways]


def test_each_name_has_a_value_and_none_is_empty(bridge: Bridge) -> None:
    bare = replace(bridge.declare(), service="", services=(), tenants=())
    outside = outward(bare, "x", NOON)
    inside = outside | inward(bare, "", "")
    assert inside.keys() == names_for(customers=False).keys()
    assert (outside | {"customer": "x"}).keys() == names_for(customers=True).keys()
    assert all(value.strip() for value in inside.values())
    assert inside["tenants"] == "not known yet"


@pytest.mark.census("ATP-479")
def test_customers_are_told_of_their_own_tenants_alone_and_their_chats_where_there_is_a_way(
    bridge: Bridge, tmp_path: Path
) -> None:
    safe = KeySafe(KeyStore(tmp_path / "keys"))
    with bridge.working() as work:
        slack = Out(name="acme-connect", kind=Kind.SLACK, place="@acme-csm")
        channels.put(work, "acme", slack, secret="xoxb-1-abc", safe=safe)
    put(
        bridge,
        customer("acme", (Means.MAIL, "it@acme.example"), (Means.CHAT, "@acme-csm")),
        customer("beta", (Means.MAIL, "it@beta.example"), (Means.CHAT, "@beta-csm")),
        customer("gamma", (Means.MAIL, "it@gamma.example")),
        audience("clients", customers=True, text="Dear ${customer}: ${update} (${tenants})"),
    )
    made = bridge.declare(tenants=("acme", "beta"), region="US")
    post(bridge, made, "It is slow", "clients")
    subject = f"{made.id}: High Latency"
    assert contents(bridge, made) == {
        "it@acme.example": (subject, "Dear Acme: It is slow (acme)"),
        "acme-connect": (subject, "Dear Acme: It is slow (acme)"),
        "it@beta.example": (subject, "Dear Beta: It is slow (beta)"),
    }
    found = bridge.account(made.id)
    assert found.incident.notified_at == NOON
    unsent = [d for one in found.bulletins for d in one.deliveries if d.state == "unsent"]
    assert [(d.address, d.why) for d in unsent] == [("Beta, chat @beta-csm", BY_HAND)]
    assert bridge.facts("CustomersTold")[0]["tenants"] == ["acme", "beta"]


def test_no_customer_reads_of_another_nor_of_what_is_inside(bridge: Bridge) -> None:
    put(
        bridge,
        customer("acme", (Means.MAIL, "it@acme.example")),
        customer("beta", (Means.MAIL, "it@beta.example")),
    )
    made = bridge.declare(tenants=("acme", "beta"))
    with bridge.working() as work:
        roles.assign(work, made.id, Role.IC, "ada")
    with bridge.working(READER, WRITER, who="ada") as work:
        noticing.notify_customers(work, made.id, "It is slow")
        own = work.require(READER, "acme")
        found = messages.about(work.db, own, f"incident/{made.id}")
    said = {one.address: f"{one.content}" for one in found}
    assert "beta" not in said["it@acme.example"]
    assert "acme" not in said["it@beta.example"].replace("it@acme.example", "")
    assert not any("ada" in text for text in said.values())
    assert all(one.content.facts == one.content.links == () for one in found)


def test_an_update_with_customers_waits_for_legal_as_a_whole(bridge: Bridge) -> None:
    bridge.channel("ops")
    put(bridge, customer("acme", (Means.MAIL, "it@acme.example")))
    put(bridge, audience("engineering", channels=("ops",)))
    made = bridge.declare(flags=(Flag.SECURITY,))
    with pytest.raises(NoticeNotApproved):
        post(bridge, made, "we were broken into", "engineering", "customers")
    assert contents(bridge, made) == {}
    assert bridge.account(made.id).bulletins == []
    with bridge.working() as work:
        drafts = updating.preview(work, made.id, "x", ["engineering", "customers"])
        assert ["Legal must approve" in one.refused for one in drafts] == [False, True]
        noticing.approve(work, made.id, "case 17")
    post(bridge, made, "we were broken into", "engineering", "customers")
    assert {*contents(bridge, made)} == {"ops", "it@acme.example"}


def test_no_other_audience_is_a_way_to_a_customer_past_legal(bridge: Bridge) -> None:
    put(bridge, customer("acme", (Means.MAIL, "it@acme.example")))
    put(bridge, audience("friends", contacts=("customer-acme",)))
    made = bridge.declare(flags=(Flag.SECURITY,))
    [told] = post(bridge, made, "we were broken into", "friends")
    assert [(way.address, way.message, way.why) for way in told.ways] == [
        ("customer-acme", "", CUSTOMER)
    ]
    assert contents(bridge, made) == {}


def test_no_channel_that_comes_out_at_a_customer_is_a_way_past_legal(
    bridge: Bridge, tmp_path: Path
) -> None:
    safe = KeySafe(KeyStore(tmp_path / "keys"))
    with bridge.working() as work:
        slack = Out(name="acme-connect", kind=Kind.SLACK, place="#Acme-CSM")
        channels.put(work, "acme", slack, secret="xoxb-1-abc", safe=safe)
    bridge.channel("ops")
    mail = Out(name="list", kind=Kind.EMAIL, to=("boss@acme.example", "IT@beta.example"))
    put(bridge, mail, customer("acme", (Means.CHAT, "#acme-csm"), (Means.PHONE, "+1 555")))
    put(bridge, customer("beta", (Means.MAIL, "it@beta.example")), tenant=PLATFORM)
    friend = person("friend", (Means.MAIL, "it@Beta.example"), (Means.CHAT, "#Acme-CSM"))
    named = audience("named", channels=("ops", "acme-connect", "list"), text="by ${by}")
    put(bridge, friend, named, audience("friends", contacts=("friend",), text="by ${by}"))
    made = bridge.declare(flags=(Flag.SECURITY,))
    told = post(bridge, made, "we were broken into", "named", "friends")
    assert {*contents(bridge, made)} == {"ops"}
    assert [[(way.address, way.why) for way in one.ways] for one in told] == [
        [("ops", ""), ("acme-connect", CUSTOMER), ("list", CUSTOMER)],
        [("it@Beta.example", CUSTOMER), ("acme-connect", CUSTOMER)],
    ]


def test_the_contacts_of_an_audience_are_its_own_tenants(bridge: Bridge) -> None:
    put(bridge, person("boss", (Means.MAIL, "theirs@acme.example")))
    put(bridge, person("boss", (Means.MAIL, "ours@platform.example")), tenant=PLATFORM)
    put(bridge, person("cto", (Means.MAIL, "cto@platform.example")), tenant=PLATFORM)
    put(bridge, audience("management", contacts=("boss",)), tenant=PLATFORM)
    put(bridge, audience("own", contacts=("cto",)))
    made = bridge.declare()
    told = post(bridge, made, "x", "management", "own")
    assert {*contents(bridge, made)} == {"ours@platform.example"}
    assert [(way.address, way.why) for way in told[1].ways] == [("cto", NO_CONTACT)]


def test_customers_read_their_own_tenants_words_and_not_the_platforms(bridge: Bridge) -> None:
    put(bridge, customer("acme", (Means.MAIL, "it@acme.example")))
    put(bridge, audience("customers", customers=True, text="the pack's"), tenant=PLATFORM)
    put(bridge, audience("our-customers", customers=True, text="our own"))
    made = bridge.declare()
    with bridge.working() as work:
        noticing.notify_customers(work, made.id, "x")
    assert contents(bridge, made)["it@acme.example"][1] == "our own"


def test_a_notice_by_the_clock_is_in_the_tenants_own_words(bridge: Bridge) -> None:
    put(bridge, customer("acme", (Means.MAIL, "it@acme.example")))
    put(bridge, audience("customers", customers=True, text="the pack's"), tenant=PLATFORM)
    put(bridge, audience("our-customers", customers=True, text="our own"))
    made = bridge.declare()
    with bridge.working() as work:
        noticing.notify_by_clock(work, made)
    assert contents(bridge, made)["it@acme.example"][1] == "our own"


def test_an_update_and_a_notice_that_were_meant_for_another_version_tell_nobody(
    bridge: Bridge,
) -> None:
    bridge.channel("ops")
    put(bridge, customer("acme", (Means.MAIL, "it@acme.example")))
    put(bridge, audience("engineering", channels=("ops",)))
    made = bridge.declare()
    with bridge.working() as work:
        updating.post_update(work, made.id, "x", ["engineering"], expected=made.version)
    with bridge.working() as work, pytest.raises(IncidentChanged, match="look at it again"):
        updating.post_update(work, made.id, "x", ["engineering"], expected=made.version)
    with bridge.working() as work, pytest.raises(IncidentChanged, match="look at it again"):
        noticing.notify_customers(work, made.id, "x", expected=made.version)
    assert {*contents(bridge, made)} == {"ops"}
    assert len(bridge.account(made.id).bulletins) == 1


def test_nobody_is_said_to_be_told_where_no_customer_is(bridge: Bridge) -> None:
    made = bridge.declare()
    with pytest.raises(NobodyToTell, match="no contact of acme has an address"):
        post(bridge, made, "x", "customers")
    with bridge.working() as work:
        [draft] = updating.preview(work, made.id, "x", ["customers"])
    assert ("no contact of acme" in draft.refused, draft.letters) == (True, [])


@pytest.mark.parametrize("names", [(), ("nobody",), tuple(f"a{n}" for n in range(30))])
def test_who_is_told_is_somebody(bridge: Bridge, names: tuple[str, ...]) -> None:
    made = bridge.declare()
    with pytest.raises(UnusableIncident, match="customers"):
        post(bridge, made, "x", *names)


def test_updates_are_for_who_speaks_for_it(bridge: Bridge) -> None:
    bridge.channel("ops")
    put(bridge, audience("engineering", channels=("ops",)))
    made = bridge.declare()
    with bridge.working(READER) as work, pytest.raises(MissingPermission):
        updating.preview(work, made.id, "x", ["engineering"])
    with bridge.working() as work:
        roles.assign(work, made.id, Role.CL, "cleo")
    with bridge.working(READER, WRITER) as work, pytest.raises(NotTheirRole, match="cleo"):
        updating.post_update(work, made.id, "x", ["engineering"])
    with bridge.working(READER, who="cleo") as work:
        assert updating.post_update(work, made.id, "x", ["engineering"])[0].by == "cleo"


@pytest.mark.census("ATP-167")
def test_customer_success_is_told_of_the_worst_with_the_affected_tenants_and_their_contacts(
    bridge: Bridge,
) -> None:
    put(
        bridge,
        person("success", (Means.MAIL, "success@acme.example")),
        customer("beta", (Means.MAIL, "it@beta.example"), (Means.CHAT, "@beta-csm")),
        audience(
            "customer-success",
            contacts=("success",),
            severities=("critical",),
            text="${tenants}\n${customers}",
        ),
    )
    assert contents(bridge, bridge.declare(severity="SEV-2")) == {}
    made = bridge.declare(severity="SEV-1", tenants=("beta", "gone"))
    wanted = (
        "beta, gone\n- beta: Beta (mail it@beta.example, chat @beta-csm)"
        "\n- gone: no contact is known"
    )
    assert contents(bridge, made)["success@acme.example"][1] == wanted


def test_what_names_the_affected_tenants_is_told_anew_when_they_are_others(bridge: Bridge) -> None:
    bridge.channel("ops")
    bridge.channel("chat")
    put(
        bridge,
        audience("success", channels=("ops",), severities=("SEV-1",), text="${tenants}"),
        audience("others", channels=("chat",), severities=("SEV-1",)),
    )
    made = bridge.declare(severity="SEV-2", tenants=())
    with bridge.working() as work:
        leading.change_severity(work, made.id, "SEV-1", "worse")
        for affected in (("beta",), ("beta",), ("beta", "acme")):
            describing.describe(work, made.id, describing.Said(tenants=affected))
        leading.change_severity(work, made.id, "SEV-2", "better")
        leading.change_severity(work, made.id, "SEV-1", "worse")
    told = [(one.bulletin.audience, one.bulletin.text) for one in bridge.account(made.id).bulletins]
    assert told == [
        ("others", updating.DECLARED),
        ("success", "not known yet"),
        ("success", "beta"),
        ("success", "beta, acme"),
    ]


@pytest.mark.census("ATP-392")
def test_the_ciso_and_legal_are_told_of_a_security_incident_once_each(bridge: Bridge) -> None:
    put(
        bridge,
        person("ciso", (Means.MAIL, "ciso@acme.example")),
        person("legal", (Means.MAIL, "legal@acme.example")),
        audience("security", contacts=("ciso",), flags=(Flag.SECURITY,)),
        audience("legal", contacts=("legal",), flags=(Flag.SECURITY, Flag.DATA_LOSS)),
    )
    made = bridge.declare()
    assert contents(bridge, made) == {}
    with bridge.working() as work:
        describing.describe(work, made.id, describing.Said(flags=(Flag.SECURITY,)))
        describing.describe(work, made.id, describing.Said(flags=(Flag.SECURITY, Flag.DATA_LOSS)))
    found = [(one.bulletin.audience, one.deliveries) for one in bridge.account(made.id).bulletins]
    assert [(name, way.address, way.state) for name, (way,) in found] == [
        ("legal", "legal@acme.example", "waiting"),
        ("security", "ciso@acme.example", "waiting"),
    ]


def test_an_exercise_that_notifies_nobody_tells_no_audience(bridge: Bridge) -> None:
    bridge.channel("ops")
    put(bridge, audience("success", channels=("ops",), severities=("SEV-1",)))
    made = bridge.declare(severity="SEV-1", notify=False)
    assert bridge.account(made.id).bulletins == []


def test_what_audiences_were_told_is_counted(bridge: Bridge) -> None:
    bridge.channel("ops")
    put(bridge, audience("engineering", channels=("ops",)))
    made = bridge.declare()
    post(bridge, made, "x", "engineering")
    post(bridge, made, "y", "engineering")
    with bridge.working() as work:
        measuring.measure(work, Tenants(frozenset({ANY})))
    [family] = measuring.BULLETINS.collect()
    assert {one.labels["audience"]: one.value for one in family.samples} == {"engineering": 2}
