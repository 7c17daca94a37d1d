"""Updates by mail: to who subscribed, and of maintenance to the customers in the directory."""

from collections.abc import Iterator

from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.contacts import service as contacts
from quarterdeck.operations.contacts.model import Means, Section
from quarterdeck.operations.messages.model import UNSUBSCRIBE, Address, Content, Urgency, Where
from quarterdeck.operations.messages.service.posting import post as send
from quarterdeck.operations.statuspage.model.page import Kept
from quarterdeck.operations.statuspage.model.post import Post, PostKind, Update
from quarterdeck.operations.statuspage.model.subscriber import MOST_SUBSCRIBERS
from quarterdeck.operations.statuspage.service.keeping import of_tenant
from quarterdeck.operations.statuspage.service.linking import Links
from quarterdeck.operations.statuspage.store import components, posts, subscribers

Link = tuple[str, str]


def tell(work: Work, tenant: str, post_id: str, update_id: str, links: Links) -> int:
    """Post an update as mails, once to each address; how many. None of a page nobody sees."""
    own = Tenants(frozenset({tenant}))
    kept = of_tenant(work, own)
    post = posts.of_id(work.db, own, post_id)
    update = posts.update_of_id(work.db, own, update_id)
    if kept is None or not kept.published or post is None or update is None:
        return 0
    names = {one.component.name: one.component.title for one in components.listed(work.db, own)}
    sent = 0
    for address, more in dict(_addressed(work, own, kept, post, links)).items():
        content = _content(kept, post, update, names, links, more)
        to = [Address(where=Where.MAIL, name=address)]
        send(
            work,
            tenant,
            to,
            content,
            key=f"statuspage/{update.id}",
            about=f"statuspage/{post.id}",
            urgency=Urgency.PROMPT,
        )
        sent += 1
    return sent


def _addressed(
    work: Work, own: Tenants, kept: Kept, post: Post, links: Links
) -> Iterator[tuple[str, tuple[Link, ...]]]:
    """Each address with the way out that it has; a subscriber's is the last, and so counts."""
    if post.kind is PostKind.MAINTENANCE:
        yield from ((address, ()) for address in _customers(work, kept.tenant))
    for one in subscribers.confirmed(work.db, own, limit=MOST_SUBSCRIBERS):
        yield one.address, ((UNSUBSCRIBE, links.ending(kept.page.slug, one.id)),)


def _customers(work: Work, tenant: str) -> Iterator[str]:
    """The mail addresses of this tenant's customers, as the directory has them."""
    for kept in contacts.of_section(work, tenant, Section.CUSTOMER):
        if tenant in kept.contact.tenants:
            ways = kept.contact.channels
            yield from (way.address.lower() for way in ways if way.means is Means.MAIL)


def _content(
    kept: Kept,
    post: Post,
    update: Update,
    names: dict[str, str],
    links: Links,
    more: tuple[Link, ...],
) -> Content:
    about = ", ".join(names.get(name, name) for name in post.affected)
    planned = (
        f"{post.starts_at:%Y-%m-%d %H:%M} to {post.ends_at:%Y-%m-%d %H:%M} UTC"
        if post.starts_at and post.ends_at
        else ""
    )
    facts = {
        "Status": update.stage.value.replace("_", " "),
        "About": about,
        "Planned": planned,
    }
    return Content(
        title=f"{kept.page.title}: {post.title}",
        text=update.text,
        state="info" if post.is_open else "resolved",
        facts=tuple((label, value) for label, value in facts.items() if value),
        links=(("Status page", links.post(kept.page.slug, post.id)), *more),
    )
