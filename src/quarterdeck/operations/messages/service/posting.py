"""Posts messages: each way to each address, in the transaction of whoever tells."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

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
    made = _Letter(
        work=work,
        tenant=tenant,
        content=_clean(content),
        key=storable(key),
        about=storable(about),
        urgency=urgency,
    )
    return [one for address in dict.fromkeys(to) for one in made.to(address)]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Letter:
    """What is told, to whomever it goes."""

    work: Work
    tenant: str
    content: Content
    key: str
    about: str
    urgency: Urgency

    def to(self, address: Address) -> Iterator[Posted]:
        for way in ways_to(self.work, self.tenant, address):
            if way.why:
                yield Posted(address=address, why=way.why)
            else:
                yield Posted(address=address, message=self._post(way))

    def _post(self, way: Way) -> str:
        due_at = self._due_at(way)
        message = Message(
            id=self.work.new_id(),
            tenant=self.tenant,
            key=self.key,
            about=self.about,
            way=way.id,
            channel=way.channel,
            kind=way.kind,
            address=way.shown,
            person=way.person,
            urgency=self.urgency,
            content=self.content,
            state=WAITING,
            created_at=self.work.now,
            due_at=due_at,
            give_up_at=due_at + GIVE_UP,
        )
        if way.kind in IN_ORDER:
            outbox.hurry(self.work.db, message)
        return outbox.add(self.work.db, message)

    def _due_at(self, way: Way) -> datetime:
        """When it goes: a page at once, whatever holds; a batch with what waits already."""
        now = self.work.now
        if self.urgency is Urgency.PAGE:
            return now
        quiet = way.quiet_until or now
        if self.urgency in (Urgency.PROMPT, Urgency.WHOLE):
            return max(now, quiet)
        own = Tenants(frozenset({self.tenant}))
        waits = outbox.bundle_due(self.work.db, own, way.id)
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
