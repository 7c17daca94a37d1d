"""Answering by a link: whoever was told in person got a secret, good once for one page."""

from dataclasses import dataclass
from hashlib import sha256

from quarterdeck.kernel.clock import instant
from quarterdeck.kernel.work import Actor, Tenants, Work
from quarterdeck.operations.escalation.model.faults import NoSuchPage, PageEnded
from quarterdeck.operations.escalation.model.page import Page
from quarterdeck.operations.escalation.service.answering import ACKNOWLEDGE, acknowledge
from quarterdeck.operations.escalation.store import ledger, pages

LONGEST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What a secret opens: one page, for one person.

    Attributes:
        principal: their id, where they are known.
        usable: it was not used yet, and has not expired.
    """

    page: Page
    person: str
    principal: str
    usable: bool


def look(work: Work, token: str) -> Opened:
    """What a secret opens; raise NoSuchPage where it opens nothing. Changes nothing."""
    row = ledger.secret(work.db, digest_of(token))
    own = None if row is None else Tenants(frozenset({row.tenant}))
    page = pages.of_id(work.db, own, row.page) if own and row else None
    if row is None or page is None:
        raise NoSuchPage("this link opens no page")
    usable = row.used_at is None and instant(row.expires_at) > work.now
    return Opened(page=page, person=row.person, principal=row.principal, usable=usable)


def answer(work: Work, token: str) -> Page:
    """Acknowledge the page that a secret opens, as whoever got it.

    Raises:
        NoSuchPage: it opens nothing.
        PageEnded: it was used, has expired, or the page is resolved.
    """
    opened = look(work, token)
    if not ledger.use_secret(work.db, digest_of(token), work.now):
        raise PageEnded("this link was used before, or has expired: sign in to answer the page")
    return acknowledge(work, opened.page.id, by=opened.person, means="link")


def actor_of(opened: Opened) -> Actor:
    """Whoever got the secret: they may answer that page's tenant, and nothing else."""
    tenant = opened.page.tenant
    rights = frozenset({(ACKNOWLEDGE, tenant)})
    return Actor(opened.principal or "page-link", rights, tenant)


def digest_of(token: str) -> str:
    """Under which a secret is kept."""
    return sha256(token[:LONGEST].encode()).hexdigest()
