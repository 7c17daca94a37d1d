"""Pages whose messages are refused for good: whoever was not reached was not told."""

from dataclasses import replace

from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.channels.model.channel import Kind
from quarterdeck.operations.escalation.model.page import Entry, PageState, StepState
from quarterdeck.operations.escalation.service.answering import note
from quarterdeck.operations.escalation.service.holes import go_on
from quarterdeck.operations.escalation.service.telling import publish
from quarterdeck.operations.escalation.store import ledger, pages
from quarterdeck.operations.messages.service import looking as messages

ABOUT = "page/"


def hear(work: Work, tenant: str, about: str, message: str, why: str) -> None:
    """Write into the ledger that a message was refused; have the next level be told instead.

    Where others of the level were reached, they have it: the next is told in its time. Of a page
    that somebody looks after, or that is over, nobody need be told instead, unless the level is to
    hear of it whoever answered. With no next level the step stays told, of nobody: the auditor
    finds it and tells whoever hears of the rest.
    """
    own = Tenants(frozenset({tenant}))
    page = pages.taken(work.db, own, about.removeprefix(ABOUT))
    if page is None or page.state is PageState.RESOLVED:
        return
    steps = ledger.of_page(work.db, own, page.id)
    mine = [one for one in steps if message in one.messages]
    if not mine:
        return
    words = f"{_way(work, own, about, message)} was refused: {why}"
    marked = [_marked(one, message, f"refused: {why}") for one in mine]
    others = [one for one in steps if one.level == mine[0].level and one not in mine]
    wanted = page.state is PageState.OPEN or any(one.lasting for one in mine)
    reached = any(one.messages for one in (*marked, *others))
    if wanted and not reached and (instead := go_on(work, own, page, mine[0])):
        words += f"; {instead} is told instead"
        marked = [replace(one, state=StepState.FAILED, why=words) for one in marked]
    note(work, page, "refused", "", words)
    for one in marked:
        ledger.unsay(work.db, own, one)
    if marked[0].state is StepState.FAILED:
        publish(work, page, marked[0])


def retried(work: Work, tenant: str, about: str, message: str) -> None:
    """Somebody had it sent anew: it is not refused, unless it is again."""
    own = Tenants(frozenset({tenant}))
    page = pages.taken(work.db, own, about.removeprefix(ABOUT))
    for one in () if page is None else ledger.of_page(work.db, own, page.id):
        if any(told.message == message and told.why for told in one.told):
            ledger.mark(work.db, own, _marked(one, message, ""))


def _marked(step: Entry, message: str, why: str) -> Entry:
    told = [replace(one, why=why) if one.message == message else one for one in step.told]
    return replace(step, told=tuple(told))


def _way(work: Work, own: Tenants, about: str, message: str) -> str:
    """The way that a message went: ``mail to ada@example.com``."""
    one = next(one for one in messages.about(work.db, own, about) if one.id == message)
    by = "mail" if one.kind == Kind.EMAIL else one.kind
    return f"{by} to {one.address}"
