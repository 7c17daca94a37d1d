"""What is put into the outbox: for whom, by which ways, and when it goes."""

from datetime import UTC, datetime, time, timedelta

import pytest

from operations.messages.stage import Stage
from quarterdeck.access.principals import service as principals
from quarterdeck.access.principals.model import Kind as Of
from quarterdeck.kernel.work import Tenants
from quarterdeck.operations.channels.model.channel import Kind
from quarterdeck.operations.channels.model.methods import By, Method, Methods, Quiet
from quarterdeck.operations.channels.service import reaching
from quarterdeck.operations.messages.model import Address, Content, Posted, Urgency, Where
from quarterdeck.operations.messages.service import looking
from quarterdeck.operations.messages.service.posting import post

NIGHT = datetime(2026, 1, 7, 23, 30, tzinfo=UTC)


def whys(posted: list[Posted]) -> list[str]:
    return [one.why for one in posted]


def test_the_same_key_to_the_same_way_is_the_same_message(stage: Stage) -> None:
    stage.channels()
    first = stage.post("slack", "teams", "slack")
    again = stage.post("slack", "pagerduty", title="other words")
    assert next(one.message for one in again) == first[0].message
    assert len(first) == 2
    with stage.work() as work:
        told = looking.about(work.db, Tenants(frozenset({"acme"})), "page/1")
        assert looking.about(work.db, Tenants(frozenset({"other"})), "page/1") == []
    assert [one.kind for one in told] == ["slack", "teams", "pagerduty"]
    assert {one.content.title for one in told[:2]} == {"Database down"}
    assert len(stage.post("slack", key="k-2")) == 1
    assert len(stage.all()) == 4


def test_a_mail_goes_to_each_recipient_of_a_channel_and_to_one_once(stage: Stage) -> None:
    stage.channels()
    assert len(stage.post("mail")) == 2
    stage.post("ops@acme.example", where=Where.MAIL)
    assert [one.address for one in stage.all()] == ["ops@acme.example", "lead@acme.example"]


def test_whoever_cannot_be_reached_is_in_the_answer_with_why(stage: Stage) -> None:
    stage.channel("empty", Kind.SLACK, place="#acme")
    found = stage.post("nowhere", "empty")
    assert whys(found)[0] == "no channel 'nowhere'"
    assert "needs its secret" in whys(found)[1]
    assert "is no mail address" in whys(stage.post("nobody", where=Where.MAIL))[0]
    assert whys(stage.post("ada", where=Where.PERSON)) == ["ada has no method"]
    assert [one.address.name for one in found] == ["nowhere", "empty"]
    assert stage.all() == []


def test_a_person_is_reached_by_their_methods_else_by_their_mail(stage: Stage) -> None:
    stage.channels()
    ways = (Method(by=By.CHANNEL, name="slack"), Method(by=By.MAIL, name="a@x.example"))
    with stage.work() as work:
        reaching.put(work, "acme", Methods(person="ada@acme.example", ways=ways))
        bob = principals.create(work, Of.PERSON, "Bob", email="bob@acme.example", home="acme")
    stage.post("ada@acme.example", bob.id, "eve@acme.example", where=Where.PERSON)
    with stage.work() as work:
        principals.disable(work, bob.id)
    gone = stage.post(bob.id, key="k-2", where=Where.PERSON)
    assert whys(gone) == [f"{bob.id} was shut out"]
    told = [(one.person, one.kind, one.address) for one in stage.all()]
    assert told == [
        ("ada@acme.example", "slack", "#acme-ops"),
        ("ada@acme.example", "email", "a@x.example"),
        (bob.id, "email", "bob@acme.example"),
        ("eve@acme.example", "email", "eve@acme.example"),
    ]


def test_quiet_hours_hold_back_everything_but_pages(stage: Stage) -> None:
    stage.now = NIGHT
    quiet = Quiet(zone="Europe/Oslo", begins=time(22), ends=time(7))
    ways = (Method(by=By.MAIL, name="a@x.example"),)
    with stage.work() as work:
        reaching.put(work, "acme", Methods(person="ada", ways=ways, quiet=quiet))
    for urgency in Urgency:
        stage.post("ada", key=urgency, urgency=urgency, where=Where.PERSON)
    due = {one.urgency: one.due_at for one in stage.all()}
    morning = datetime(2026, 1, 8, 6, tzinfo=UTC)  # seven in Oslo
    assert due == {one: NIGHT if one is Urgency.PAGE else morning for one in Urgency}


def test_a_batch_goes_with_what_waits_already_and_within_the_hour(stage: Stage) -> None:
    stage.channels()
    stage.now = NIGHT
    stage.post("slack", key="1", urgency=Urgency.BATCH)
    stage.pass_time(minutes=40)
    stage.post("slack", key="2", urgency=Urgency.BATCH)
    stage.post("teams", key="3", urgency=Urgency.BATCH)
    first, second, other = (one.due_at for one in stage.all())
    assert first == second < NIGHT + timedelta(hours=1)
    assert other - stage.clock() < timedelta(hours=1)
    assert other > second


def test_what_must_come_first_holds_up_nothing_that_is_sooner(stage: Stage) -> None:
    stage.channels()
    stage.now = NIGHT
    stage.post("pagerduty", key="1", urgency=Urgency.BATCH)
    stage.post("pagerduty", key="2", urgency=Urgency.BATCH, about="page/2")
    stage.post("slack", key="1", urgency=Urgency.BATCH)
    stage.post("pagerduty", "slack", key="3", urgency=Urgency.PAGE)
    due = {(one.channel, one.key): one.due_at for one in stage.all()}
    assert due["pagerduty", "1"] == due["pagerduty", "3"] == NIGHT
    assert min(due["pagerduty", "2"], due["slack", "1"]) > NIGHT


def test_links_lead_to_the_web_alone(stage: Stage) -> None:
    links = (("good", "https://wiki.example"), ("bad", "javascript://wiki.example/%0aalert(1)"))
    to = [Address(where=Where.MAIL, name="a@x.example")]
    with stage.work() as work:
        said = Content(title="x", links=links)
        post(work, "acme", to, said, key="1", about="page/1", urgency=Urgency.PROMPT)
    [one] = stage.all()
    assert one.content.links == links[:1]


@pytest.mark.parametrize("odd", ["two\nlines", "nul\0", "half \ud800"])
def test_odd_words_are_kept_as_they_can_be(stage: Stage, odd: str) -> None:
    stage.channels()
    stage.post("slack", title=odd, text=odd, severity=odd)
    [one] = stage.all()
    assert "\n" not in one.content.title
    assert "\0" not in one.content.text
