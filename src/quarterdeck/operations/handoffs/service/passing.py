"""A note passes from hand to hand: left by whoever ends a shift, taken over by whoever begins."""

from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256

from quarterdeck.access.tenants import service as access
from quarterdeck.events.oncall import OncallHandoffLeft, OncallHandoffTaken
from quarterdeck.kernel import versions
from quarterdeck.kernel.clock import rfc3339
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.handoffs import store
from quarterdeck.operations.handoffs.model.faults import (
    HandoffMoved,
    NotYourHandoff,
    UnusableNote,
)
from quarterdeck.operations.handoffs.model.handoff import Handoff, Turn, turns
from quarterdeck.operations.handoffs.service.looking import of_id, who
from quarterdeck.operations.handoffs.service.matters import matters
from quarterdeck.operations.oncall.model.person import People
from quarterdeck.operations.oncall.model.shifts import merged, on_call
from quarterdeck.operations.oncall.people import people
from quarterdeck.operations.oncall.service import looking as oncall
from quarterdeck.operations.oncall.service.keeping import OVERRIDE, WRITE

LATE = timedelta(hours=12)
"""For so long after a shift its note may still be left, or mended."""
AHEAD = timedelta(days=92)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turning:
    """A schedule at an instant: how it changes hands before and after.

    Attributes:
        last: the turn that was, within ``LATE``; None: there was none.
        following: the turn that comes; None: none within ``AHEAD``.
        holder: who is on call now, as the schedule has them.
    """

    last: Turn | None
    following: Turn | None
    holder: str
    who: People

    def is_me(self, work: Work, word: str) -> bool:
        """Whether the actor is meant."""
        return bool(word) and self.who.of(word).id == work.actor.id


def turning(work: Work, tenant: str, name: str) -> Turning:
    """How a schedule changes hands around now; raise NoSuchSchedule."""
    roster = oncall.roster(work, tenant, name, work.now - LATE, work.now + AHEAD)
    found = turns(merged(roster.shifts))
    return Turning(
        last=next((one for one in reversed(found) if one.span.start <= work.now), None),
        following=next((one for one in found if one.span.start > work.now), None),
        holder=on_call(roster.kept.schedule, work.now).person,
        who=roster.who,
    )


def to_leave(work: Work, tenant: str, at: Turning) -> Turn | None:
    """The turn at which the actor would leave a note; None: they have none to leave."""
    for turn in (at.following, at.last):
        if turn is not None and at.is_me(work, turn.giver):
            return turn
    return at.following if work.actor.may(WRITE, tenant) else None


def leave(
    work: Work, tenant: str, name: str, text: str, *, expected: int | None = None
) -> tuple[Handoff, bool]:
    """Leave a note for who comes next, or write it anew; whether it changed.

    Raises:
        NotYourHandoff: the shift is another's, and the actor does not plan shifts.
        HandoffMoved: the one who comes next has taken over, or the note is not at the version
            that was ``expected``; 0: none was left yet.
    """
    own = _required(work, tenant)
    turn = _turn(work, tenant, name)
    old = store.at_turn(work.db, own, name, turn.span.start)
    _expect(work, turn, old, expected)
    made = (
        _written(work, tenant, name, turn, text) if old is None else _mended(work, old, turn, text)
    )
    if old is not None and (old.text, old.turn) == (made.text, turn):
        return old, False
    kept = store.add(work.db, made) if old is None else store.change(work.db, own, old, made)
    if not kept:
        raise HandoffMoved("this note was changed just now: look at it again")
    work.publish(_left(made))
    return made, True


def take_over(work: Work, tenant: str, name: str, handoff: str) -> Handoff:
    """Say that one has read the note and has the shift; what is open now is kept with it.

    Raises:
        NotYourHandoff: the shift that begins is another's.
        HandoffMoved: somebody took over before.
    """
    own = _required(work, tenant)
    old = of_id(work, own, name, handoff)
    if not may_take(work, old):
        raise NotYourHandoff(f"this shift is handed over to {old.turn.taker or 'nobody yet'}")
    if old.taken_at is not None:
        raise HandoffMoved(f"it was taken over at {rfc3339(old.taken_at)}")
    found = matters(work, tenant, old.turn.span)
    made = replace(old, taken_by=work.actor.id, taken_at=work.now, found=found)
    if not store.change(work.db, own, old, made):
        raise HandoffMoved("this note was changed just now: look at it again")
    work.publish(OncallHandoffTaken(tenant=tenant, schedule=name, handoff=old.id))
    return made


def may_take(work: Work, one: Handoff) -> bool:
    """Whether the actor takes that shift over, has it since it began, or plans shifts."""
    if work.actor.may(WRITE, one.tenant):
        return True
    if not work.actor.may(OVERRIDE, one.tenant):
        return False
    kept = oncall.one(work, one.tenant, one.schedule)
    begun = one.turn.span.start <= work.now  # before that the holder is who gives it away
    holder = on_call(kept.schedule, work.now).person if begun else ""
    mine = people(work.db, one.tenant, filter(None, (one.turn.taker, holder)))
    return any(who.id == work.actor.id for who in mine.found.values())


def _required(work: Work, tenant: str) -> Tenants:
    own = work.require(OVERRIDE, tenant)
    if tenant != PLATFORM:
        access.require_open(work, tenant)
    return own


def _turn(work: Work, tenant: str, name: str) -> Turn:
    at = turning(work, tenant, name)
    turn = to_leave(work, tenant, at)
    if turn is not None:
        return turn
    mine = work.actor.may(WRITE, tenant) or at.is_me(work, at.holder)
    if mine and at.following is None:
        raise UnusableNote(f"nobody takes over within {AHEAD.days} days: for whom is it?")
    raise NotYourHandoff("the shift that ends is not yours; ask who has it, or who plans them")


def _expect(work: Work, turn: Turn, old: Handoff | None, expected: int | None) -> None:
    """Refuse to write over words that were not seen: say whose they are, and since when."""
    what = f"note of the shift from {rfc3339(turn.span.start)}"
    if old is not None and expected is not None and old.taken_at is None:
        name = who(work, old.tenant, [old]).of(old.by).name
        what = f"{what}, written by {name} at {rfc3339(old.at)},"
    if old is None or old.taken_at is None:  # else it is told who took it over
        versions.expect(what, old.version if old else 0, expected, HandoffMoved)


def _written(work: Work, tenant: str, name: str, turn: Turn, text: str) -> Handoff:
    return Handoff(
        id=work.new_id(),
        tenant=tenant,
        schedule=name,
        turn=turn,
        text=_plain(text),
        version=1,
        by=work.actor.id,
        at=work.now,
    )


def _mended(work: Work, old: Handoff, turn: Turn, text: str) -> Handoff:
    """The note anew, and of the turn as the schedule has it by now."""
    if old.taken_at is not None:
        raise HandoffMoved(f"it was taken over at {rfc3339(old.taken_at)}: it stays as it was read")
    version = old.version + 1
    text = _plain(text)
    return replace(old, turn=turn, text=text, version=version, by=work.actor.id, at=work.now)


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


def _left(made: Handoff) -> OncallHandoffLeft:
    return OncallHandoffLeft(
        tenant=made.tenant,
        schedule=made.schedule,
        handoff=made.id,
        version=str(made.version),
        turn=rfc3339(made.turn.span.start),
        digest=sha256(made.text.encode()).hexdigest(),
    )
