"""The worker's part: tells what is due, and has pages want somebody again. Nothing in memory.

Each page has its turn within one transaction, in which nobody else changes it: what stands in the
ledger was told, and what was told stands in the ledger.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import groupby

from sqlalchemy import Engine

from quarterdeck.kernel.clock import Clock
from quarterdeck.kernel.db import brief, reading
from quarterdeck.kernel.work import Actor, Tenants, Work, begin
from quarterdeck.operations.escalation.model.page import Entry, Page, PageState, StepState
from quarterdeck.operations.escalation.model.plan import ORDER, StepKind
from quarterdeck.operations.escalation.model.policy import Policy
from quarterdeck.operations.escalation.service.alerted import reconciled
from quarterdeck.operations.escalation.service.answering import wanted_again
from quarterdeck.operations.escalation.service.frozen import policy_of
from quarterdeck.operations.escalation.service.holes import BOTH, go_on
from quarterdeck.operations.escalation.service.telling import publish, tell
from quarterdeck.operations.escalation.store import ledger, pages

ITSELF = Actor("quarterdeck", frozenset())
AT_ONCE = 100
TOGETHER = 10
"""Pages that have their turn in one transaction: whoever answers one waits for no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timers:
    """One process's timers; several may run, and one of them has a page at a time.

    Attributes:
        url: where this installation is reached.
    """

    engine: Engine
    clock: Clock
    url: str

    def beat(self) -> bool:
        """Give each page its turn for which something is due; whether there may be more.

        What fails for one page is raised after the others had their turn.
        """
        with reading(self.engine) as db:
            due = pages.due(db, self.clock(), AT_ONCE)
        with ExitStack() as turns:  # calls the last first, and each whatever another raised
            for first in reversed(range(0, len(due), TOGETHER)):
                turns.callback(self._turns, due[first : first + TOGETHER])
        return len(due) >= AT_ONCE

    def _turns(self, some: Sequence[tuple[str, str]]) -> None:
        """Together; where that fails, each by itself, and the failure is raised."""
        with ExitStack() as turns:
            for one in reversed(some):
                turns.callback(self._turn, [one])
            self._turn(some)
            turns.pop_all()  # none need have its own

    def _turn(self, some: Sequence[tuple[str, str]]) -> None:
        with begin(self.engine, ITSELF, self.clock) as work:
            brief(work.db)
            for page, tenant in some:
                own = Tenants(frozenset({tenant}))
                found = pages.grabbed(work.db, own, page)
                if found is not None:
                    take_turn(work, own, found, self.url)


def take_turn(work: Work, own: Tenants, page: Page, url: str) -> None:
    """Do what is due for a page that was taken."""
    page = reconciled(work, own, page)
    holds = page.holds_until
    if page.state is PageState.ACKNOWLEDGED and holds is not None and holds <= work.now:
        why = f"{page.acknowledged_by} has not resolved it"
        page = wanted_again(work, own, page, why)
    if page.state is PageState.RESOLVED:
        return
    policy, steps = policy_of(page), ledger.of_page(work.db, own, page.id)
    while due := _due(work, steps, policy):
        if _tell(work, own, page, policy, due, url):
            steps = [one for one in steps if one not in due]
        else:
            steps = ledger.of_page(work.db, own, page.id)


def _due(work: Work, steps: Sequence[Entry], policy: Policy) -> list[Entry]:
    """The steps of the first level that has any that are due."""
    due = [one for one in steps if one.state is StepState.WAITING and one.due_at <= work.now]
    names = [level.name for level in policy.levels]
    due.sort(key=lambda one: (names.index(one.level), ORDER[one.kind], one.number))
    return next((list(some) for _, some in groupby(due, key=lambda one: one.level)), [])


def _tell(
    work: Work, own: Tenants, page: Page, policy: Policy, due: Sequence[Entry], url: str
) -> bool:
    """Tell a level once what is due for it together: what matters most says the others too.

    False: nobody of it could be told, and another may be due in its place.
    """
    first = next((one for kind in _BY_WEIGHT for one in reversed(due) if one.kind is kind), due[0])
    level = next(one for one in policy.levels if one.name == first.level)
    told = tell(work, page, level, first, url)
    for one in due:
        why = told.why if one is first else f"together with {first.key}"
        done = replace(one, state=told.state, at=told.at, told=told.told, why=why)
        if ledger.done(work.db, own, done):
            publish(work, page, done)
    if told.state is StepState.FAILED and first.kind in BOTH:
        go_on(work, own, page, first)
    return told.state is not StepState.FAILED


_BY_WEIGHT = (StepKind.ENGAGE, StepKind.NOTIFY, StepKind.REPEAT)
