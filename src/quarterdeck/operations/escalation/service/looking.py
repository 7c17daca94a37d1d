"""Looking at pages: what was promised, what was kept, who answers."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from quarterdeck.access.principals import service as principals
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.escalation.model.faults import NoSuchPage
from quarterdeck.operations.escalation.model.page import (
    Change,
    Entry,
    Late,
    Page,
    PageState,
    StepState,
)
from quarterdeck.operations.escalation.model.policy import Policy
from quarterdeck.operations.escalation.service.frozen import policy_of
from quarterdeck.operations.escalation.store import ledger, pages
from quarterdeck.operations.messages.model import Message
from quarterdeck.operations.messages.service import looking as messages

READ = "pages:read"
MOST = 200
LATELY = timedelta(days=1)
OPEN = (PageState.OPEN, PageState.ACKNOWLEDGED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A page with all that is known of it.

    Attributes:
        steps: the ledger, in the order in which they are due.
        lates: what the auditor found.
        sent: what became of each message, by its id.
        alerts: the ids of those it is about.
    """

    page: Page
    policy: Policy
    steps: Sequence[Entry]
    history: Sequence[Change]
    lates: Sequence[Late]
    sent: Mapping[str, Message]
    alerts: Sequence[int]

    @property
    def following(self) -> Entry | None:
        """The step that is told next unless somebody answers."""
        return next((one for one in self.steps if one.state is StepState.WAITING), None)


def listed(
    work: Work,
    tenant: str = "",
    *,
    states: Sequence[PageState] = (),
    before: str = "",
    limit: int = MOST,
) -> list[Page]:
    """Pages, newest first."""
    return pages.newest(work.db, _seen(work, tenant), states=states, before=before, limit=limit)


def account(work: Work, page: str) -> Account:
    """One page with its ledger; raise NoSuchPage."""
    found = pages.of_id(work.db, work.tenants(READ), page)
    if found is None:
        raise NoSuchPage(f"no page {page[:80]!r}; quarterdeck page list shows those that are open")
    own = Tenants(frozenset({found.tenant}))
    return Account(
        page=found,
        policy=policy_of(found),
        steps=ledger.of_page(work.db, own, found.id),
        history=pages.history(work.db, own, found.id),
        lates=ledger.lates_of(work.db, own, [found.id]),
        sent={one.id: one for one in messages.about(work.db, own, f"page/{found.id}")},
        alerts=pages.alerts_of(work.db, own, found.id),
    )


def standing(work: Work, tenant: str = "") -> Mapping[PageState, int]:
    """How many pages are not resolved, by state, however many are shown."""
    found = Counter[PageState]()
    for (_, state), many in pages.counts(work.db, _seen(work, tenant)).items():
        found[PageState(state)] += many
    return found


def mine(work: Work, shown: Sequence[Page]) -> set[str]:
    """Those of some pages of which the actor was told in person."""
    who = principals.standing(work.db, work.actor.id)
    words = {work.actor.id, who.principal.email if who else ""} - {""}
    own = work.tenants(READ)
    return {
        page.id
        for page in shown
        for step in ledger.of_page(work.db, own, page.id)
        if any(each.stands and each.who.lower() in words for each in step.told)
    }


def lates(work: Work, shown: Sequence[Page]) -> set[str]:
    """Those of some pages of which the auditor found that a promise was not kept."""
    found = ledger.lates_of(work.db, work.tenants(READ), [page.id for page in shown])
    return {one.page for one in found}


def counts(work: Work, tenants: Tenants) -> dict[tuple[str, str], int]:
    """How many pages are not resolved, by tenant and state. For those who measure."""
    return pages.counts(work.db, tenants)


def late_counts(work: Work, tenants: Tenants, now: datetime) -> dict[str, int]:
    """How many promises were not kept within the last day, by tenant. For those who measure."""
    return ledger.late_counts(work.db, tenants, now - LATELY)


def _seen(work: Work, tenant: str) -> Tenants:
    return work.require(READ, tenant) if tenant else work.tenants(READ)
