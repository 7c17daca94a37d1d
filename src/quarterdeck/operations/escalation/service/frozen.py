"""The policy of a page as it was frozen, and what of it is yet to happen."""

from collections.abc import Sequence
from functools import lru_cache

from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.escalation.document import kept
from quarterdeck.operations.escalation.model.page import (
    DONE_STEPS,
    OPEN_STEPS,
    Entry,
    Page,
    PageState,
    StepState,
)
from quarterdeck.operations.escalation.model.plan import Case, Step, plan
from quarterdeck.operations.escalation.model.policy import Policy
from quarterdeck.operations.escalation.store import ledger


def policy_of(page: Page) -> Policy:
    """The policy of a page, as it was when the page was opened."""
    return _policy(page.policy, page.document)


def promise(work: Work, own: Tenants, pages: Sequence[Page]) -> None:
    """Enter the steps of pages that were just opened into the ledger."""
    ledger.add(work.db, own, [_entry(page, step) for page in pages for step in _plan(page)])


def promise_anew(work: Work, own: Tenants, page: Page, why: str) -> None:
    """Plan anew what has not happened of a page whose severity or flags changed."""
    wanted = {step.key: step for step in _plan(page)}
    there = {entry.key: entry for entry in ledger.of_page(work.db, own, page.id)}
    open_ = [one for one in there.values() if one.state in OPEN_STEPS]
    # What was due before stays due.
    gone = [one for one in open_ if one.key not in wanted and not _overdue(work, one)]
    if gone:
        ledger.void(work.db, own, page.id, work.now, why, gone)
    for key, one in there.items():
        if key in wanted and one.state not in DONE_STEPS and not _overdue(work, one):
            ledger.move(work.db, own, one, wanted[key], _state(page, wanted[key]))
    fresh = [_entry(page, step) for key, step in wanted.items() if key not in there]
    ledger.add(work.db, own, fresh)


def _overdue(work: Work, one: Entry) -> bool:
    return one.state is StepState.WAITING and one.due_at <= work.now


def _plan(page: Page) -> tuple[Step, ...]:
    case = Case(
        severity=page.severity,
        flags=page.what.flags,
        opened_at=page.opened_at,
        held=page.held,
    )
    return plan(policy_of(page), case)


def _entry(page: Page, step: Step) -> Entry:
    return Entry(
        page=page.id,
        tenant=page.tenant,
        level=step.level,
        kind=step.kind,
        number=step.number,
        due_at=step.due_at,
        lasting=step.lasting,
        state=_state(page, step),
    )


def _state(page: Page, step: Step) -> StepState:
    answered = page.state is PageState.ACKNOWLEDGED and not step.lasting
    return StepState.HELD if answered else StepState.WAITING


@lru_cache(maxsize=256)
def _policy(name: str, document: str) -> Policy:
    return kept(document).policy(name)
