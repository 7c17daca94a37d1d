"""The worker's part: tells what is due, and has pages want somebody again. Nothing in memory.

Each page has its turn within one transaction, in which nobody else changes it: what stands in the
ledger was told, and what was told stands in the ledger.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace

from sqlalchemy import Engine

from quarterdeck.kernel.clock import Clock
from quarterdeck.kernel.db import brief, reading
from quarterdeck.kernel.work import Actor, Tenants, Work, begin
from quarterdeck.operations.alerts.model import Alert
from quarterdeck.operations.escalation.model.faults import StepMoved
from quarterdeck.operations.escalation.model.page import Entry, Page, PageState, StepState
from quarterdeck.operations.escalation.model.plan import ORDER, StepKind
from quarterdeck.operations.escalation.service.alerted import alerts_of, reconciled
from quarterdeck.operations.escalation.service.answering import wanted_again
from quarterdeck.operations.escalation.service.frozen import policy_of
from quarterdeck.operations.escalation.service.holes import BOTH, go_on
from quarterdeck.operations.escalation.service.telling import Call, publish, tell
from quarterdeck.operations.escalation.store import ledger, pages

ITSELF = Actor("quarterdeck", frozenset())
AT_ONCE = 100
TOGETHER = 25
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
        own = Tenants(frozenset(tenant for _, tenant in some))
        with begin(self.engine, ITSELF, self.clock) as work:
            brief(work.db)
            found = pages.grabbed(work.db, own, [page for page, _ in some])
            take_turns(work, own, found, self.url)


def take_turns(work: Work, own: Tenants, found: Sequence[Page], url: str) -> None:
    """Do what is due for pages that were taken: of each, level by level."""
    known = alerts_of(work, own, found)
    standing = [_standing(work, one, known[one.id]) for one in found]
    there = {one.id: one for one in standing if one.state is not PageState.RESOLVED}
    steps = ledger.of_pages(work.db, own, there)
    while turns := [
        turn for page, mine in steps.items() if (turn := _due(work, there[page], mine)) is not None
    ]:
        failed = _tell(work, own, turns, url)
        steps = {turn.page.id: turn.left for turn in turns}
        if failed:  # another may be due in its place
            steps |= ledger.of_pages(work.db, own, failed)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Turn:
    """The steps that are due for one level of a page, told together.

    Attributes:
        left: the other steps of the page.
    """

    page: Page
    due: Sequence[Entry]
    left: list[Entry]

    @property
    def call(self) -> Call:
        """What matters most says the others too."""
        found = (one for kind in _BY_WEIGHT for one in reversed(self.due) if one.kind is kind)
        step = next(found, self.due[0])
        level = next(one for one in policy_of(self.page).levels if one.name == step.level)
        return Call(page=self.page, level=level, step=step)


def _standing(work: Work, page: Page, known: Sequence[Alert]) -> Page:
    """A page as its alerts are, and as the clock is."""
    own = Tenants(frozenset({page.tenant}))
    page = reconciled(work, own, page, known)
    holds = page.holds_until
    if page.state is PageState.ACKNOWLEDGED and holds is not None and holds <= work.now:
        return wanted_again(work, own, page, f"{page.acknowledged_by} has not resolved it")
    return page


def _due(work: Work, page: Page, steps: Sequence[Entry]) -> _Turn | None:
    """The steps of the first level that has any that are due."""
    due = [one for one in steps if one.state is StepState.WAITING and one.due_at <= work.now]
    if not due:
        return None
    names = [level.name for level in policy_of(page).levels]
    due.sort(key=lambda one: (names.index(one.level), ORDER[one.kind], one.number))
    now = [one for one in due if one.level == due[0].level]
    return _Turn(page=page, due=now, left=[one for one in steps if one not in now])


def _tell(work: Work, own: Tenants, turns: Sequence[_Turn], url: str) -> list[str]:
    """Tell each level once what is due for it; the pages of which nobody could be told."""
    calls = [turn.call for turn in turns]
    told = tell(work, calls, url)
    done = [
        (turn.page, _together(one, first))
        for turn, first in zip(turns, told, strict=True)
        for one in turn.due
    ]
    if not ledger.done(work.db, own, [one for _, one in done]):
        raise StepMoved("a step of a page that was taken waits no more")
    for page, one in done:
        publish(work, page, one)
    failed = [call for call, one in zip(calls, told, strict=True) if one.state is StepState.FAILED]
    for call in failed:
        if call.step.kind in BOTH:
            go_on(work, own, call.page, call.step)
    return [call.page.id for call in failed]


def _together(one: Entry, told: Entry) -> Entry:
    """A step as it was kept by what was told for it, too."""
    why = told.why if one.key == told.key else f"together with {told.key}"
    return replace(one, state=told.state, at=told.at, told=told.told, why=why)


_BY_WEIGHT = (StepKind.ENGAGE, StepKind.NOTIFY, StepKind.REPEAT)
