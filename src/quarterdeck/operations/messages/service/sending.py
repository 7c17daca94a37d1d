"""Sends messages: pages first, each until it is taken, none held up by another's address."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache, partial
from itertools import chain, groupby

from sqlalchemy import Connection, Engine

from quarterdeck.events.messages import MessageRefused
from quarterdeck.kernel.clock import Clock
from quarterdeck.kernel.db import storable
from quarterdeck.kernel.work import Work
from quarterdeck.operations.channels.model.channel import Kept
from quarterdeck.operations.channels.service import keeping
from quarterdeck.operations.messages.model import DROPPED, FAILED, Message, Urgency
from quarterdeck.operations.messages.ports import Outlet, Parcel
from quarterdeck.operations.messages.service.lines import Lines
from quarterdeck.operations.messages.service.outcomes import (
    AGAIN,
    GIVEN_UP,
    MESSAGES,
    REFUSED,
    TAKEN,
)
from quarterdeck.operations.messages.service.parcels import Bundle, bundled, parcel
from quarterdeck.operations.messages.store import claims
from quarterdeck.operations.sending.model import NOT_BEGUN, Reply, pause_after
from quarterdeck.operations.sending.ports import Call, Claimed
from quarterdeck.operations.sending.service import Loop

MOST_A_WAY, MOST_PAGES_A_WAY = 4, 8
"""At once to one address, so that one that hangs holds up nobody else; and pages, beside them."""

KEPT_FREE = 4
"""Threads that are for pages alone."""

DEEP = 4
"""Pages behind one another, where more are due to one address than it is told at once: so many
are taken in one transaction, and where the first is not taken the others are given back."""

MOST_WORDS = 500


def open_sending(engine: Engine, clock: Clock, outlet: Outlet) -> Loop[Bundle]:
    """One process's share of what is to be told."""
    return Loop(engine=engine, clock=clock, desk=Outbox(outlet=outlet))


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbox:
    """The desk where messages lie."""

    outlet: Outlet

    def any_due(self, db: Connection) -> bool:
        """As the port says."""
        return claims.any_due(db)

    def claim(
        self, work: Work, free: int, under_way: Sequence[Sequence[Bundle]], lease: timedelta
    ) -> Claimed[Bundle]:
        """As the port says. Pages come first, and have threads that are theirs alone."""
        busy = Counter(line[0].way for line in under_way)
        pages = self._taken(work, free, busy, lease, pages=True)
        room = free - len(pages) - KEPT_FREE
        others = self._taken(work, room, busy, lease, pages=False) if room > 0 else []
        return Claimed(lines=[*pages, *others])

    def renew(self, db: Connection, held: Sequence[Bundle], lease: timedelta) -> None:
        """As the port says."""
        claims.renew(db, list(chain.from_iterable(one.messages for one in held)), lease)

    def settle(self, work: Work, ended: Sequence[tuple[Bundle, Reply | None]]) -> None:
        """As the port says."""
        # In one order: two workers could wait for each other.
        pairs = [(one, reply) for bundle, reply in ended for one in bundle.messages]
        pairs.sort(key=lambda pair: pair[0].seq)
        for taken, some in groupby(pairs, key=_is_taken):
            if taken:
                _taken(work, list(some))
            else:
                for one, reply in some:
                    _settle(work, one, reply)

    def _taken(
        self,
        work: Work,
        most: int,
        busy: Counter[tuple[str, str]],
        lease: timedelta,
        *,
        pages: bool,
    ) -> list[list[tuple[Bundle, Call]]]:
        a_way, deep = (MOST_PAGES_A_WAY, DEEP) if pages else (MOST_A_WAY, 1)
        lines = Lines(most=most, a_way=a_way, deep=deep, busy=busy)
        full = [way for way, many in busy.items() if many >= a_way]
        # An address is told by half of all threads at most: twice as many fill its lines.
        claimed = claims.claim(work.db, lease, 2 * most if pages else most, pages=pages, full=full)
        bundles = list(bundled(work.db, claimed, lease))
        if pages:
            bundles.sort(key=lambda one: one.messages[0].seq)  # no address before its turn
        claims.release(work.db, self._put(work, lines, bundles))
        return lines.made

    def _put(self, work: Work, lines: Lines, bundles: Sequence[Bundle]) -> list[Message]:
        """Have bundles stand in lines; the messages for which there is no room."""
        back: list[Message] = []
        channels = cache(partial(keeping.usable, work.db))  # of many most go by the same
        for bundle in bundles:
            by = bundle.messages[0].tenant, bundle.messages[0].channel
            if not lines.has_room(bundle.way):
                back += bundle.messages
            elif (call := self._call(work, bundle, channels(*by) if by[1] else None)) is not None:
                lines.put(bundle, call)
        return back

    def _call(self, work: Work, bundle: Bundle, kept: Kept | None) -> Call | None:
        made = parcel(work.db, self.outlet.safe, bundle, kept, work.now)
        if isinstance(made, Parcel):
            return partial(self.outlet.carriers[made.kind].carry, made)
        self.settle(work, [(bundle, made)])
        return None


def _is_taken(pair: tuple[Message, Reply | None]) -> str:
    """The kind of what a receiver has; empty: it has it not."""
    one, reply = pair
    return one.kind if reply is not None and reply.taken else ""


def _taken(work: Work, some: Sequence[tuple[Message, Reply | None]]) -> None:
    """Write down together what was taken of one kind."""
    receipts = [(one, storable(reply.receipt)[:MOST_WORDS] if reply else "") for one, reply in some]
    MESSAGES.labels(some[0][0].kind, TAKEN).inc(claims.sent(work.db, receipts, work.now))


def _settle(work: Work, one: Message, reply: Reply | None) -> None:
    if reply is NOT_BEGUN:
        claims.release(work.db, [one])
        return
    if reply is None:
        claims.end(work.db, one, DROPPED, work.now, error="")
        return
    words, pause = storable(reply.error)[:MOST_WORDS], _pause(one, reply)
    if not reply.again:
        _refused(work, one, REFUSED, words)
    elif work.now + pause > one.give_up_at:
        _refused(work, one, GIVEN_UP, f"given up after {one.attempts} attempts: {words}")
    else:
        _counted(one, AGAIN, changed=claims.again(work.db, one, pause, words))


def _refused(work: Work, one: Message, outcome: str, why: str) -> None:
    """Have it tried no more; of a page, whoever it was for must be reached otherwise."""
    changed = claims.end(work.db, one, FAILED, work.now, error=why)
    _counted(one, outcome, changed=changed)
    if changed and one.urgency is Urgency.PAGE:
        told = MessageRefused(tenant=one.tenant, message=one.id, what=one.about, why=why)
        work.publish(told)


def _pause(one: Message, reply: Reply) -> timedelta:
    """Ours, which grows; or what the receiver asked for, if that is longer."""
    return max(pause_after(one.attempts), reply.after or timedelta())


def _counted(one: Message, outcome: str, *, changed: bool) -> None:
    if changed:
        MESSAGES.labels(one.kind, outcome).inc()
