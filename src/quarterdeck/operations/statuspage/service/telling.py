"""Updates by mail: to who subscribed, and of maintenance to the customers in the directory."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from quarterdeck.events.statuspage import StatusMailsWait
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.contacts import service as contacts
from quarterdeck.operations.contacts.model import Means, Section
from quarterdeck.operations.messages.model import UNSUBSCRIBE, Address, Content, Urgency, Where
from quarterdeck.operations.messages.service.posting import post as send
from quarterdeck.operations.statuspage.model.page import Kept
from quarterdeck.operations.statuspage.model.post import Post, PostKind, Update
from quarterdeck.operations.statuspage.service.keeping import of_tenant
from quarterdeck.operations.statuspage.service.linking import Links
from quarterdeck.operations.statuspage.store import components, posts, subscribers

Link = tuple[str, str]
AT_ONCE = 500
"""Mails put into the outbox by one transaction: others want to write, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """An update on its way out, and where it is told of."""

    kept: Kept
    post: Post
    update: Update
    names: Mapping[str, str]
    links: Links


def tell(
    work: Work, tenant: str, post_id: str, update_id: str, links: Links, after: str = ""
) -> None:
    """Post an update as mails, once to each address. None of a page that nobody sees.

    After so many at once, the next are told because of a fact, by a transaction of their own.
    """
    own = Tenants(frozenset({tenant}))
    letter = _letter(work, own, post_id, update_id, links)
    if letter is None:
        return
    if not after and letter.post.kind is PostKind.MAINTENANCE:
        for address in _customers(work, own, tenant):
            _send(work, letter, address, ())
    told = subscribers.confirmed(work.db, own, after=after, limit=AT_ONCE)
    for one in told:
        _send(work, letter, one.address, (_way_out(letter, one.id),))
    if len(told) == AT_ONCE:
        work.publish(
            StatusMailsWait(tenant=tenant, post=post_id, update=update_id, after=told[-1].id)
        )


def _letter(work: Work, own: Tenants, post_id: str, update_id: str, links: Links) -> Letter | None:
    kept = of_tenant(work, own)
    post = posts.of_id(work.db, own, post_id)
    update = posts.update_of_id(work.db, own, update_id)
    if kept is None or not kept.published or post is None or update is None:
        return None
    names = {one.component.name: one.component.title for one in components.listed(work.db, own)}
    return Letter(kept=kept, post=post, update=update, names=names, links=links)


def _way_out(letter: Letter, subscriber: str) -> Link:
    return UNSUBSCRIBE, letter.links.ending(letter.kept.page.slug, subscriber)


def _send(work: Work, letter: Letter, address: str, more: tuple[Link, ...]) -> None:
    send(
        work,
        letter.kept.tenant,
        [Address(where=Where.MAIL, name=address)],
        _content(letter, more),
        key=f"statuspage/{letter.update.id}",
        about=f"statuspage/{letter.post.id}",
        urgency=Urgency.PROMPT,
    )


def _customers(work: Work, own: Tenants, tenant: str) -> Iterator[str]:
    """The mail addresses of this tenant's customers, as the directory has them.

    Whoever subscribed gets the mail of a subscriber, which has a way out.
    """
    for kept in contacts.of_section(work, tenant, Section.CUSTOMER):
        ways = kept.contact.channels if tenant in kept.contact.tenants else ()
        for address in (way.address.lower() for way in ways if way.means is Means.MAIL):
            known = subscribers.of_address(work.db, own, address)
            if known is None or known.confirmed_at is None:
                yield address


def _content(letter: Letter, more: tuple[Link, ...]) -> Content:
    post, page = letter.post, letter.kept.page
    about = ", ".join(letter.names.get(name, name) for name in post.affected)
    facts = {
        "Status": letter.update.stage.value.replace("_", " "),
        "About": about,
        "Planned": _planned(post),
    }
    return Content(
        title=f"{page.title}: {post.title}",
        text=letter.update.text,
        state="info" if post.is_open else "resolved",
        facts=tuple((label, value) for label, value in facts.items() if value),
        links=(("Status page", letter.links.post(page.slug, post.id)), *more),
    )


def _planned(post: Post) -> str:
    if not (post.starts_at and post.ends_at):
        return ""
    return f"{post.starts_at:%Y-%m-%d %H:%M} to {post.ends_at:%Y-%m-%d %H:%M} UTC"
