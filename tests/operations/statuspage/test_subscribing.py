"""Mails of a status page: asked for, confirmed, sent once, ended."""

from email.message import EmailMessage

import pytest

from operations.statuspage.stage import LINKS, Harbour
from quarterdeck.access.limits.model import RateLimited
from quarterdeck.kernel import outbox
from quarterdeck.operations.messages.model import CONFIRM, UNSUBSCRIBE, Message
from quarterdeck.operations.statuspage import measuring
from quarterdeck.operations.statuspage.model import subscriber as rules
from quarterdeck.operations.statuspage.model.faults import (
    LinkExpired,
    NoSuchSubscriber,
    UnusableStatusPage,
)
from quarterdeck.operations.statuspage.model.post import Stage
from quarterdeck.operations.statuspage.service import public, subscribing, telling
from quarterdeck.operations.statuspage.service.linking import Links
from quarterdeck.providers.email import rendering
from quarterdeck.wiring.numbers import EVERYONE

ADA = "ada@example.com"


def ask(harbour: Harbour, address: str = ADA, slug: str = "acme") -> None:
    with harbour.working() as work:
        subscribing.ask(work, public.published(work, slug), address, LINKS)


def token(mail: Message, label: str) -> str:
    return dict(mail.content.links)[label].rpartition("/")[2]


def subscribe(harbour: Harbour, address: str = ADA, slug: str = "acme") -> str:
    """Who is told from now on: their id."""
    ask(harbour, address, slug)
    asked = token(harbour.mails()[-1], CONFIRM)
    with harbour.working() as work:
        return subscribing.confirm(work, asked).id


def test_an_address_is_told_once_it_was_confirmed(harbour: Harbour) -> None:
    harbour.page()
    ask(harbour, f" {ADA.upper()} ")
    [asked] = harbour.mails()
    assert (asked.address, asked.content.title) == (ADA, "Acme: updates by mail")
    harbour.post()
    harbour.hear()
    assert len(harbour.mails()) == 1  # nobody said yes
    with harbour.working() as work:
        for _ in range(2):  # by machines that look for harm
            subscribing.look(work, token(asked, CONFIRM))
        assert subscribing.listed(work, "acme") == []
        for _ in range(2):
            subscribing.confirm(work, token(asked, CONFIRM))
        assert [one.address for one in subscribing.listed(work, "acme")] == [ADA]
        measuring.measure(work, EVERYONE)
    assert [s.value for m in measuring.SUBSCRIBERS.collect() for s in m.samples] == [1]


def test_an_update_is_told_once_and_no_more_to_who_left(harbour: Harbour) -> None:
    harbour.page()
    subscribe(harbour)
    harbour.pass_time(minutes=1)
    post = harbour.post(title="Down")
    harbour.hear()
    harbour.hear()
    told = harbour.mails()[-1]
    assert (told.content.title, told.content.text) == ("Acme: Down", "We are looking into it.")
    assert dict(told.content.links)["Status page"] == (
        f"https://status.example/status/acme/posts/{post.id}"
    )
    assert len(harbour.mails()) == 2
    leave = token(told, UNSUBSCRIBE)
    with harbour.working() as work:
        assert subscribing.leaving(work, leave, LINKS) is not None
        assert subscribing.leave(work, leave, LINKS) is True
        assert subscribing.leave(work, leave, LINKS) is False
    harbour.pass_time(minutes=1)
    harbour.update(post, text="Over.", stage=Stage.RESOLVED)
    harbour.hear()
    assert len(harbour.mails()) == 2


def test_many_are_told_by_several_transactions_each_once(
    harbour: Harbour, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "AT_ONCE", 2)
    harbour.page()
    names = [f"{name}@example.com" for name in "abcde"]
    for name in names:
        subscribe(harbour, name)
    harbour.post(title="Down")
    harbour.hear()
    told = [one.address for one in harbour.mails() if one.content.title == "Acme: Down"]
    assert sorted(told) == names
    assert len(harbour.facts("StatusMailsWait")) == 2


def test_no_address_stands_in_any_fact(harbour: Harbour) -> None:
    harbour.page()
    one = subscribe(harbour)
    with harbour.working() as work:
        subscribing.remove(work, "acme", one)
        with pytest.raises(NoSuchSubscriber):
            subscribing.remove(work, "acme", one)
    with harbour.engine.connect() as db:
        facts = outbox.after(db, "acme", 0, 1000)
    named = [fact.name for fact in facts if "subscriber" in fact.payload]
    assert named == ["StatusSubscribed", "StatusSubscriberRemoved"]
    assert ADA not in str(facts)


def test_an_address_is_asked_three_times_a_day_and_nobody_is_told_so(harbour: Harbour) -> None:
    harbour.page()
    for _ in range(5):
        ask(harbour)
        harbour.pass_time(minutes=1)
    assert len(harbour.mails()) == 3
    with harbour.working() as work:
        with pytest.raises(LinkExpired):  # each mail's link takes the place of the one before
            subscribing.look(work, token(harbour.mails()[0], CONFIRM))
        subscribing.look(work, token(harbour.mails()[-1], CONFIRM))
    harbour.pass_time(days=1)
    ask(harbour)
    assert len(harbour.mails()) == 4


def test_a_page_asks_so_many_addresses_an_hour(
    harbour: Harbour, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscribing, "MOST_ASKED", 2)
    harbour.page()
    for name in ("a", "b"):
        ask(harbour, f"{name}@example.com")
    with pytest.raises(RateLimited):
        ask(harbour, "c@example.com")
    harbour.pass_time(hours=1)
    ask(harbour, "c@example.com")


def test_who_is_told_already_and_asks_again_gets_the_way_out(harbour: Harbour) -> None:
    harbour.page()
    subscribe(harbour)
    harbour.pass_time(minutes=1)
    ask(harbour)
    links = dict(harbour.mails()[-1].content.links)
    assert list(links) == [UNSUBSCRIBE]


def test_a_link_is_good_for_two_days_and_what_was_not_confirmed_is_forgotten(
    harbour: Harbour,
) -> None:
    harbour.page()
    ask(harbour)
    harbour.pass_time(days=2, seconds=1)
    with harbour.working() as work, pytest.raises(LinkExpired):
        subscribing.confirm(work, token(harbour.mails()[0], CONFIRM))
    ask(harbour, "other@example.com")
    ask(harbour)
    assert len(harbour.mails()) == 3


@pytest.mark.parametrize(
    "wrong", ["", "nobody", "a@b\nBcc: c@d", "a b@c", f"{'x' * 600}@y.example"]
)
def test_what_is_no_address_is_refused(harbour: Harbour, wrong: str) -> None:
    harbour.page()
    with pytest.raises(UnusableStatusPage):
        ask(harbour, wrong)


def test_pages_of_two_tenants_have_their_own_subscribers(harbour: Harbour) -> None:
    harbour.page()
    harbour.page("beta")
    one = subscribe(harbour)
    other = subscribe(harbour, slug="beta")
    assert one != other
    harbour.post()
    harbour.hear()
    with harbour.working("statuspage:write", "statuspage:read") as work:
        assert [s.id for s in subscribing.listed(work, "acme")] == [one]
        with pytest.raises(NoSuchSubscriber):
            subscribing.remove(work, "acme", other)
    assert [m.tenant for m in harbour.mails() if UNSUBSCRIBE in dict(m.content.links)] == ["acme"]


def test_a_link_that_ends_mails_is_made_here_and_for_one(harbour: Harbour) -> None:
    harbour.page()
    one = subscribe(harbour)
    good = LINKS.token(one)
    elsewhere = Links(url=LINKS.url, secret="another secret of 32 bytes or more").token(one)
    wrongs = ("", ".", one, f"{one}.", f"{one}.0", f"other.{good.partition('.')[2]}", elsewhere)
    with harbour.working() as work:
        for wrong in wrongs:
            assert subscribing.leave(work, wrong, LINKS) is False, wrong
        assert len(subscribing.listed(work, "acme")) == 1


def test_a_mail_that_can_be_left_is_left_by_one_press(harbour: Harbour) -> None:
    harbour.page()
    subscribe(harbour)
    harbour.pass_time(minutes=1)
    harbour.post()
    harbour.hear()
    content = harbour.mails()[-1].content
    made: EmailMessage = rendering.mail(content, "status@acme.example", ADA, "statuspage/1")
    assert made["List-Unsubscribe"] == f"<{dict(content.links)[UNSUBSCRIBE]}>"
    assert made["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    asked = rendering.mail(harbour.mails()[0].content, "status@acme.example", ADA, "statuspage/1")
    assert "List-Unsubscribe" not in asked


def test_a_page_has_so_many_subscribers_and_no_more(
    harbour: Harbour, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert rules.MOST_SUBSCRIBERS > 0
    monkeypatch.setattr(subscribing, "MOST_SUBSCRIBERS", 1)
    harbour.page()
    subscribe(harbour)
    with pytest.raises(RateLimited):
        ask(harbour, "other@example.com")
