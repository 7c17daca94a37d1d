"""How a schedule is handed over: the latest note, what is open beside it, what one may do."""

from collections.abc import Sequence
from dataclasses import dataclass

from quarterdeck.console.frame import Frame
from quarterdeck.operations.handoffs.model.handoff import Handoff, Matters, Turn
from quarterdeck.operations.handoffs.service import looking, passing
from quarterdeck.operations.handoffs.service.matters import seen
from quarterdeck.operations.oncall.model.person import People
from quarterdeck.operations.oncall.service.keeping import OVERRIDE

SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Handing:
    """The hand-offs of a schedule, for its page.

    Attributes:
        notes: the latest first; the page shows that one whole.
        matters: what is open beside the latest; once it was taken over, what was.
        takes: whether the actor may take the latest over.
        leaves: where the actor would leave a note; None: they have none to leave.
        draft: what they left there, to be mended; None: nothing yet.
    """

    notes: Sequence[Handoff]
    matters: Matters
    who: People
    takes: bool
    leaves: Turn | None
    draft: Handoff | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A note that nobody took over; ``mine``: it is for the actor."""

    note: Handoff
    giver: str
    taker: str
    mine: bool
    takes: bool


def handing(frame: Frame, tenant: str, name: str) -> Handing:
    """How a schedule is handed over, for whoever looks."""
    work = frame.work
    notes = looking.history(work, tenant, name, limit=SHOWN)
    leaves = _leaves(frame, tenant, name)
    left = next((one for one in notes if leaves and one.turn.span.start == leaves.span.start), None)
    if left is not None and left.taken_at is not None:
        leaves = None  # it stays as it was read
    return Handing(
        notes=notes,
        matters=seen(work, notes[0]) if notes else Matters(),
        who=looking.who(work, tenant, notes),
        takes=bool(notes) and notes[0].taken_at is None and passing.may_take(work, notes[0]),
        leaves=leaves,
        draft=left,
    )


def waiting(frame: Frame) -> list[Waiting]:
    """The notes that wait in what is looked at, those for the actor first."""
    if not frame.holds("oncall:read"):
        return []
    notes = looking.waiting(frame.work, frame.shell.tenant)
    who = looking.whom(frame.work, notes)
    found = [_waiting(frame, one, who[one.tenant]) for one in notes]
    return sorted(found, key=lambda one: not one.mine)


def _waiting(frame: Frame, note: Handoff, who: People) -> Waiting:
    taker = who.of(note.turn.taker)
    return Waiting(
        note=note,
        giver=who.of(note.turn.giver).name,
        taker=taker.name,
        mine=taker.id == frame.work.actor.id,
        takes=passing.may_take(frame.work, note),
    )


def _leaves(frame: Frame, tenant: str, name: str) -> Turn | None:
    if not frame.allows(OVERRIDE, tenant):
        return None
    return passing.to_leave(frame.work, tenant, passing.turning(frame.work, tenant, name))
