"""Strangers ask for mails, confirm that they meant it, and end it."""

from dataclasses import replace
from secrets import token_urlsafe

from quarterdeck.access.limits.model import RateLimited
from quarterdeck.events.statuspage import (
    StatusSubscribed,
    StatusSubscriberRemoved,
    StatusUnsubscribed,
)
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.channels.model.channel import UnusableChannel, check_mail
from quarterdeck.operations.messages.model import (
    CONFIRM,
    UNSUBSCRIBE,
    Address,
    Content,
    Urgency,
    Where,
)
from quarterdeck.operations.messages.service.posting import post
from quarterdeck.operations.statuspage.model.faults import (
    LinkExpired,
    NoSuchSubscriber,
    UnusableStatusPage,
)
from quarterdeck.operations.statuspage.model.page import Kept
from quarterdeck.operations.statuspage.model.subscriber import (
    ASKED_WITHIN,
    ASKS_WITHIN,
    CONFIRMED_WITHIN,
    MOST_ASKED,
    MOST_SUBSCRIBERS,
    Subscriber,
)
from quarterdeck.operations.statuspage.service.keeping import READ, WRITE, found
from quarterdeck.operations.statuspage.service.linking import Links, digest_of
from quarterdeck.operations.statuspage.store import subscribers as store

TOKEN_BYTES = 24
MOST = 500
LATER_S = 600


def ask(work: Work, kept: Kept, address: str, links: Links) -> None:
    """Ask an address by mail whether it is meant. Nothing tells whether it was known before.

    Raises:
        UnusableStatusPage: it is no mail address.
        RateLimited: of this page too many are asked just now, whichever they are.
    """
    word, own = _address(address), Tenants(frozenset({kept.tenant}))
    store.forget_unconfirmed(work.db, own, work.now - CONFIRMED_WITHIN)
    before = store.of_address(work.db, own, word)
    _refuse_flood(work, own)
    if before is not None and not before.may_be_asked(work.now):
        return
    token = token_urlsafe(TOKEN_BYTES)
    made = _asked(work, kept.tenant, word, before)
    if _keep(work, own, before, made, digest_of(token)):
        _send(work, kept, made, links, token)


def look(work: Work, token: str) -> Subscriber:
    """Whom a link asks; raise LinkExpired. Changes nothing."""
    asked = store.of_digest(work.db, digest_of(token))
    if asked is None or work.now - asked.asked_at > CONFIRMED_WITHIN:
        raise LinkExpired("this link is cut off or too old: ask on the status page again")
    return asked


def confirm(work: Work, token: str) -> Subscriber:
    """Have whom a link asks be told from now on; twice is once. Raise LinkExpired."""
    asked = look(work, token)
    if store.confirm(work.db, _own(asked), asked.id, work.now):
        work.publish(StatusSubscribed(tenant=asked.tenant, subscriber=asked.id))
    return asked


def leaving(work: Work, token: str, links: Links) -> Subscriber | None:
    """Who would be told no more; None: nobody, or not any more. Changes nothing."""
    subscriber = links.subscriber(token)
    return store.of_id(work.db, subscriber) if subscriber else None


def leave(work: Work, token: str, links: Links) -> bool:
    """Have whoever got the link be forgotten; False where they are already."""
    known = leaving(work, token, links)
    if known is None or not store.remove(work.db, _own(known), known.id):
        return False
    work.publish(StatusUnsubscribed(tenant=known.tenant, subscriber=known.id))
    return True


def listed(work: Work, tenant: str, *, after: str = "", limit: int = MOST) -> list[Subscriber]:
    """Who is told, by id."""
    own = work.require(READ, tenant)
    found(work, own)
    return store.confirmed(work.db, own, after=after, limit=limit)


def remove(work: Work, tenant: str, subscriber: str) -> None:
    """Have a subscriber be forgotten; raise NoSuchSubscriber."""
    own = work.require(WRITE, tenant)
    if not store.remove(work.db, own, subscriber):
        raise NoSuchSubscriber(f"no subscriber {subscriber[:80]!r}")
    work.publish(StatusSubscriberRemoved(tenant=tenant, subscriber=subscriber))


def _asked(work: Work, tenant: str, address: str, before: Subscriber | None) -> Subscriber:
    if before is None:
        return Subscriber(
            id=work.new_id(),
            tenant=tenant,
            address=address,
            asks=1,
            asked_since=work.now,
            asked_at=work.now,
        )
    if work.now - before.asked_since >= ASKS_WITHIN:
        return replace(before, asks=1, asked_since=work.now, asked_at=work.now)
    return replace(before, asks=before.asks + 1, asked_at=work.now)


def _keep(
    work: Work, own: Tenants, before: Subscriber | None, made: Subscriber, digest: str
) -> bool:
    if before is None:
        return store.ask(work.db, made, digest)
    return store.ask_again(work.db, own, before, made, digest)


def _send(work: Work, kept: Kept, made: Subscriber, links: Links, token: str) -> None:
    """To whoever is told already goes that they are, and the way out."""
    slug = kept.page.slug
    if made.confirmed_at is None:
        text = (
            f"Somebody asked that this address be told when {kept.page.title} changes. If that "
            "was you, confirm it within two days. If not, do nothing: you are told nothing more."
        )
        way = (CONFIRM, links.confirming(slug, token))
    else:
        text = f"You are told already when {kept.page.title} changes."
        way = (UNSUBSCRIBE, links.ending(slug, made.id))
    post(
        work,
        kept.tenant,
        [Address(where=Where.MAIL, name=made.address)],
        Content(title=f"{kept.page.title}: updates by mail", text=text, links=(way,)),
        key=f"statuspage/ask/{made.id}/{made.asks}/{made.asked_at.isoformat()}",
        about=f"statuspage/{made.id}",
        urgency=Urgency.PROMPT,
    )


def _refuse_flood(work: Work, own: Tenants) -> None:
    asked = store.asked_since(work.db, own, work.now - ASKED_WITHIN)
    if asked >= MOST_ASKED or store.count(work.db, own) >= MOST_SUBSCRIBERS:
        raise RateLimited("many ask for mails of this page just now: try later", LATER_S)


def _address(given: str) -> str:
    word = given.strip().lower()
    try:
        check_mail(word)
    except UnusableChannel as error:
        raise UnusableStatusPage(str(error)) from error
    return word


def _own(one: Subscriber) -> Tenants:
    return Tenants(frozenset({one.tenant}))
