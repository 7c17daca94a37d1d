"""A hand-off: one shift ends, another begins, and a note goes from hand to hand. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Literal

from quarterdeck.kernel.text import is_storable
from quarterdeck.operations.handoffs.model.faults import UnusableNote
from quarterdeck.operations.oncall.model.hours import Span
from quarterdeck.operations.oncall.model.shifts import Shift

LONGEST_NOTE = 8000
"""Characters; what is longer belongs into a runbook or an incident."""

Kind = Literal["page", "incident", "silence"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Where one shift ends and the next begins.

    Attributes:
        span: the shift that begins; as far as was looked ahead, where it ends beyond.
        giver, taker: as the schedule has them; empty: nobody.
    """

    span: Span
    giver: str
    taker: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """Something that is open when a shift ends.

    Attributes:
        state: for people: ``open``, ``acknowledged``, a stage of an incident.
        at: since when; of a silence, when it ends.
    """

    kind: Kind
    id: str
    tenant: str
    title: str
    state: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Matters:
    """What is open, as far as somebody may see.

    Attributes:
        unseen: kinds that they may not see: of these nothing is known.
        cut: whether there is more than is listed.
    """

    listed: tuple[Matter, ...] = ()
    unseen: tuple[Kind, ...] = ()
    cut: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Handoff:
    """A note that was left at a turn of a schedule.

    Attributes:
        version: how often it was written.
        by: the principal that wrote it last, ``at`` when.
        taken_by: who took over; empty: nobody yet.
        found: what was open when it was taken over; None before.
    """

    id: str
    tenant: str
    schedule: str
    turn: Turn
    text: str
    version: int
    by: str
    at: datetime
    taken_by: str = ""
    taken_at: datetime | None = None
    found: Matters | None = None

    def __post_init__(self) -> None:
        if not self.text.strip() or len(self.text) > LONGEST_NOTE:
            raise UnusableNote(f"a note has 1 to {LONGEST_NOTE} characters")
        if not is_storable(self.text):
            raise UnusableNote("a note has no NUL and no lone surrogate")


def turns(runs: Sequence[Shift]) -> list[Turn]:
    """Where shifts that follow each other change hands, in order."""
    return [
        Turn(span=later.span, giver=former.duty.person, taker=later.duty.person)
        for former, later in pairwise(runs)
    ]
