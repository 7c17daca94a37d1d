"""People answer pages, and end them; so does whatever ends by itself."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

from quarterdeck.events.escalation import PageAcknowledged, PageResolved, PageWantedAgain
from quarterdeck.kernel.clock import since
from quarterdeck.kernel.work import Actor, Tenants, Work
from quarterdeck.operations.alerts.model import AlertEndedAlready, AlertNotFound
from quarterdeck.operations.alerts.service import lifecycle
from quarterdeck.operations.escalation.model.faults import NoSuchPage, PageEnded
from quarterdeck.operations.escalation.model.page import Change, Entry, Page, PageState, StepState
from quarterdeck.operations.escalation.model.plan import StepKind
from quarterdeck.operations.escalation.service.answers import ANSWERED
from quarterdeck.operations.escalation.service.frozen import policy_of
from quarterdeck.operations.escalation.service.telling import links_of, tell_again
from quarterdeck.operations.escalation.severity import TONES
from quarterdeck.operations.escalation.store import ledger, pages
from quarterdeck.operations.messages.model import Content

ACKNOWLEDGE = "pages:acknowledge"
HANDLES = ("alerts:acknowledge", "alerts:resolve")


def acknowledge(
    work: Work, page: str, *, by: str = "", means: str = "api", eta_min: int | None = None
) -> Page:
    """Say that one looks after a page: nobody else is told, but for those who must join anyway.

    A second time changes nothing. ``by`` is who, in their own words; empty: the actor. The
    alerts that it is about are acknowledged too.

    Raises:
        NoSuchPage
        PageEnded: there is nothing left to answer.
    """
    own, found = _found(work, page)
    if found.state is PageState.RESOLVED:
        raise PageEnded(f"page {page[:80]} is resolved: there is nothing left to answer")
    if found.state is PageState.ACKNOWLEDGED:
        return found
    made = answered(work, own, found, by or work.actor.id, means, eta_min)
    for alert, lent in _alerts(work, own, made):
        with suppress(AlertEndedAlready, AlertNotFound):
            lifecycle.acknowledge(lent, alert, made.acknowledged_by)
    return made


def resolve(work: Work, page: str, *, by: str = "") -> Page:
    """Say that a page wants nobody any more; its alerts are resolved too. Once is enough."""
    own, found = _found(work, page)
    if found.state is PageState.RESOLVED:
        return found
    made = ended(work, own, found, by or work.actor.id)
    for alert, lent in _alerts(work, own, made):
        with suppress(AlertNotFound):
            lifecycle.resolve(lent, alert, made.resolved_by)
    return made


def answered(
    work: Work, own: Tenants, page: Page, by: str, means: str, eta_min: int | None = None
) -> Page:
    """Have somebody look after a page that was taken."""
    holds = policy_of(page).acknowledged_holds
    made = replace(
        page,
        state=PageState.ACKNOWLEDGED,
        acknowledged_at=work.now,
        acknowledged_by=by,
        means=means,
        holds_until=None if holds is None else work.now + holds,
    )
    pages.save(work.db, own, made)
    ledger.hold(work.db, own, page.id)
    note(work, made, "acknowledged", by, f"by {means}")
    seconds = since(work.now, page.opened_at).total_seconds()
    ANSWERED.labels(page.severity).observe(seconds)
    told = PageAcknowledged(
        tenant=page.tenant, page=page.id, acknowledged_by=by, means=means, seconds=int(seconds)
    )
    work.publish(told)
    eta = f" ETA: {eta_min} min" if eta_min else ""
    _say(work, own, made, f"Acknowledged: {page.what.title}. Investigating...{eta}", f"by {by}")
    return made


def joined(work: Work, own: Tenants, page: Page, title: str) -> None:
    """Tell whoever was told of a page that somebody looks after that there is more of it."""
    note(work, page, "joined", "", title)
    said = f"{page.acknowledged_by} looks after it"
    _say(work, own, page, f"More of it: {title}", said, key=f"joined/{work.new_id()}")


def wanted_again(work: Work, own: Tenants, page: Page, why: str) -> Page:
    """Have a page that was taken want somebody again, and say why.

    What was held is due later by as long as that took; who was told is told again at once.
    """
    held = since(work.now, page.acknowledged_at or work.now)
    made = replace(page, state=PageState.OPEN, held=page.held + held, holds_until=None)
    pages.save(work.db, own, made)
    ledger.go_on(work.db, own, page.id, held)
    ledger.add(work.db, own, list(_once_more(work, ledger.of_page(work.db, own, page.id))))
    note(work, made, "wanted again", "", why)
    work.publish(
        PageWantedAgain(tenant=page.tenant, page=page.id, acknowledged_by=page.acknowledged_by)
    )
    return made


def ended(work: Work, own: Tenants, page: Page, by: str) -> Page:
    """Have a page that was taken want nobody any more; ``by`` empty: its cause passed."""
    made = replace(
        page,
        state=PageState.RESOLVED,
        resolved_at=work.now,
        resolved_by=by,
        holds_until=None,
    )
    pages.save(work.db, own, made)
    ledger.void(work.db, own, page.id, work.now, "the page was resolved")
    note(work, made, "resolved", by, "" if by else "its cause has passed")
    seconds = int(since(work.now, page.opened_at).total_seconds())
    work.publish(PageResolved(tenant=page.tenant, page=page.id, resolved_by=by, seconds=seconds))
    words = f"by {by}" if by else "its cause has passed"
    _say(work, own, made, f"Resolved: {page.what.title}", words)
    return made


def note(work: Work, page: Page, what: str, by: str, words: str) -> None:
    """Keep how a page came to be as it is."""
    change = Change(
        at=work.now,
        what=what,
        by=by,
        words=words,
        severity=page.severity,
        flags=page.what.flags,
    )
    pages.note(work.db, [(page, change)])


def _found(work: Work, page: str) -> tuple[Tenants, Page]:
    own = work.tenants(ACKNOWLEDGE)
    found = pages.taken(work.db, own, page)
    if found is None:
        raise NoSuchPage(f"no page {page[:80]!r}; quarterdeck page list shows those that are open")
    return Tenants(frozenset({found.tenant})), found


def _alerts(work: Work, own: Tenants, page: Page) -> Iterator[tuple[int, Work]]:
    """The alerts of a page, and the right to handle them: whoever may answer it has that."""
    rights = frozenset((right, page.tenant) for right in HANDLES)
    lent = replace(work, actor=Actor(work.actor.id, rights, work.actor.home))
    for alert in pages.alerts_of(work.db, own, page.id):
        yield alert, lent


def _once_more(work: Work, steps: list[Entry]) -> Iterator[Entry]:
    """One repeat more for each level that was told."""
    for level in dict.fromkeys(one.level for one in steps if one.state is StepState.TOLD):
        repeats = [one.number for one in steps if one.level == level]
        first = next(one for one in steps if one.level == level)
        yield replace(
            first,
            kind=StepKind.REPEAT,
            number=max(repeats) + 1,
            due_at=work.now,
            lasting=False,
            state=StepState.WAITING,
            at=None,
            told=(),
            why="",
        )


def _say(work: Work, own: Tenants, page: Page, title: str, words: str, *, key: str = "") -> None:
    """``key``: the same is said once; empty: once a state and second."""
    steps = ledger.of_page(work.db, own, page.id)
    content = Content(
        title=title,
        text=words,
        severity=TONES[page.severity],
        state=page.state.value,
        facts=page.what.facts,
        links=links_of(page, ""),
    )
    once = key or f"{page.state.value}/{work.now.timestamp():.0f}"
    tell_again(work, page, steps, content, once)
