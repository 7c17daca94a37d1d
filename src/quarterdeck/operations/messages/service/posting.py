"""Posts messages: each way to each address, in the transaction of whoever tells."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial

from quarterdeck.kernel.db import storable
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.messages.model import (
    GIVE_UP,
    IN_ORDER,
    LONGEST_WAIT,
    WAITING,
    Address,
    Content,
    Message,
    Posted,
    Urgency,
)
from quarterdeck.operations.messages.service.ways import Way, ways_to
from quarterdeck.operations.messages.store import outbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What is told, to whomever it goes: as ``post`` says."""

    tenant: str
    to: Sequence[Address]
    content: Content
    key: str
    about: str
    urgency: Urgency


def post(  # noqa: PLR0913  whom, what, about what, and how soon: each is another thing
    work: Work,
    tenant: str,
    to: Sequence[Address],
    content: Content,
    *,
    key: str,
    about: str,
    urgency: Urgency,
) -> list[Posted]:
    """Put a message for each way to each address into the outbox, in this transaction.

    The same ``key`` to the same way within a tenant is the same message: nothing is posted
    twice. ``about``: what it is about: ``page/ID``, ``incident/INC-2026-000001``,
    ``channel/NAME``. It asks for no permission: whoever calls has.

    An address that nobody can be reached by is in the answer, with why: never silently left out.
    """
    letter = Letter(tenant=tenant, to=to, content=content, key=key, about=about, urgency=urgency)
    [posted] = post_all(work, [letter])
    return posted


def post_all(work: Work, letters: Sequence[Letter]) -> list[list[Posted]]:
    """As ``post``, of many letters at once; what came of each, in their order."""
    ways = cache(partial(ways_to, work))  # of many letters most go the same way
    found = [
        [(address, way) for address in dict.fromkeys(one.to) for way in ways(one.tenant, address)]
        for one in letters
    ]
    messages = [
        _message(work, letter, way)
        for letter, some in zip(letters, found, strict=True)
        for _, way in some
        if not way.why
    ]
    for message in messages:
        if message.kind in IN_ORDER:
            outbox.hurry(work.db, message)
    ids = iter(outbox.add(work.db, messages))
    return [
        [Posted(address=to, message="" if way.why else next(ids), why=way.why) for to, way in some]
        for some in found
    ]


def _message(work: Work, letter: Letter, way: Way) -> Message:
    due_at = _due_at(work, letter, way)
    return Message(
        id=work.new_id(),
        tenant=letter.tenant,
        key=storable(letter.key),
        about=storable(letter.about),
        way=way.id,
        channel=way.channel,
        kind=way.kind,
        address=way.shown,
        person=way.person,
        urgency=letter.urgency,
        content=_clean(letter.content),
        state=WAITING,
        created_at=work.now,
        due_at=due_at,
        give_up_at=due_at + GIVE_UP,
    )


def _due_at(work: Work, letter: Letter, way: Way) -> datetime:
    """When it goes: a page at once, whatever holds; a batch with what waits already."""
    now = work.now
    if letter.urgency is Urgency.PAGE:
        return now
    quiet = way.quiet_until or now
    if letter.urgency in (Urgency.PROMPT, Urgency.WHOLE):
        return max(now, quiet)
    waits = outbox.bundle_due(work.db, Tenants(frozenset({letter.tenant})), way.id)
    return max(quiet, min(waits or now + LONGEST_WAIT, now + LONGEST_WAIT))


def _leads(url: str) -> bool:
    """Whether it is an address on the web: whoever is told will press it."""
    return url.startswith(("https://", "http://"))


def _clean(content: Content) -> Content:
    """As every database can store it; a title of one line, and links that lead to the web."""
    return Content(
        title=" ".join(storable(content.title).split()),
        text=storable(content.text),
        severity=storable(content.severity),
        state=storable(content.state),
        facts=tuple((storable(label), storable(value)) for label, value in content.facts),
        links=tuple(
            (storable(label), storable(url)) for label, url in content.links if _leads(url)
        ),
        priority=storable(content.priority),
    )
