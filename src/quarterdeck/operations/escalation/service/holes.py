"""Holes: levels of which nobody could be told. The next has its turn at once."""

from collections.abc import Iterator, Sequence

from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.escalation.model.page import Entry, Page, StepState
from quarterdeck.operations.escalation.model.plan import StepKind
from quarterdeck.operations.escalation.service.frozen import policy_of
from quarterdeck.operations.escalation.store import ledger

BOTH = (StepKind.NOTIFY, StepKind.ENGAGE)


def go_on(work: Work, own: Tenants, page: Page, hole: Entry) -> str:
    """Have the next level be told at once; which that is, empty: one was, or there is none."""
    steps = ledger.of_page(work.db, own, page.id)
    for level in policy_of(page).after(hole.level):
        waits = list(_waiting(steps, level.name, hole.kind))
        if waits:
            ledger.hasten(work.db, own, waits[0], work.now)
            return level.name
        if any(one.level == level.name and one.state is StepState.TOLD for one in steps):
            return ""  # it was told already
    return ""


def _waiting(steps: Sequence[Entry], level: str, kind: StepKind) -> Iterator[Entry]:
    """The steps of a level that are yet to come: first those of the kind that failed."""
    mine = [
        one
        for one in steps
        if one.level == level and one.kind in BOTH and one.state is StepState.WAITING
    ]
    yield from sorted(mine, key=lambda one: (one.kind is not kind, one.due_at))
