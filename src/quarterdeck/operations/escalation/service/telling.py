"""Tells a level of a page, in the transaction that writes so into the ledger."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from secrets import token_urlsafe

from quarterdeck.events.escalation import PageTold
from quarterdeck.kernel.clock import rfc3339
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.escalation.model.page import Entry, Page, StepState, Told
from quarterdeck.operations.escalation.model.plan import StepKind
from quarterdeck.operations.escalation.model.policy import Level
from quarterdeck.operations.escalation.service.reaching import Way, ways
from quarterdeck.operations.escalation.severity import TONES
from quarterdeck.operations.escalation.store import ledger
from quarterdeck.operations.messages.model import ONE_TIME, Address, Content, Urgency, Where
from quarterdeck.operations.messages.service.posting import post

SECRET_HOLDS = timedelta(days=1)
SAYS = {
    StepKind.NOTIFY: "{level} is told.",
    StepKind.ENGAGE: "{level} must join now.",
    StepKind.REPEAT: "{level} has not answered: this is said again ({number}).",
}


def tell(work: Work, page: Page, level: Level, step: Entry, url: str) -> Entry:
    """Tell a level what a step says; the step as it was kept.

    Failed: nobody of it could be told; ``why`` says why.
    """
    found = ways(work, page.tenant, level, page.severity)
    told = [each for way in found for each in _told(work, page, level, step, way, url)]
    if any(each.message for each in told):
        return replace(step, state=StepState.TOLD, at=work.now, told=tuple(told))
    why = "; ".join(dict.fromkeys(f"{each.target}: {each.why}" for each in told))
    return replace(step, state=StepState.FAILED, at=work.now, told=tuple(told), why=why)


def publish(work: Work, page: Page, step: Entry) -> None:
    """Say what became of a step."""
    work.publish(
        PageTold(
            tenant=page.tenant,
            page=page.id,
            step=step.key,
            due=rfc3339(step.due_at),
            count=len(step.messages),
            who=sorted({each.who for each in step.told if each.stands}),
            why=step.why,
        )
    )


def tell_again(work: Work, page: Page, steps: list[Entry], content: Content, key: str) -> None:
    """Tell whoever was told of a page how it stands now."""
    if to := heard(steps):
        key, about = f"{page.id}/{key}", f"page/{page.id}"
        post(work, page.tenant, to, content, key=key, about=about, urgency=Urgency.PROMPT)


def links_of(page: Page, url: str) -> tuple[tuple[str, str], ...]:
    """Where a page can be looked at, and what it names itself."""
    own = (("Page", f"{url}/pages/{page.id}"),) if url else ()
    return (*own, *page.what.links)


def heard(steps: list[Entry]) -> list[Address]:
    """Everybody who was told, once."""
    found = {
        (each.where, each.address): None for step in steps for each in step.told if each.stands
    }
    return [Address(where=Where(where), name=name) for where, name in found if where]


def _told(work: Work, page: Page, level: Level, step: Entry, way: Way, url: str) -> Iterator[Told]:
    if way.address is None:
        yield Told(target=way.target, who=way.who, by=way.by, why=way.why)
        return
    posted = post(
        work,
        page.tenant,
        [way.address],
        _content(page, level, step, _secret(work, step, way, url), url),
        key=f"{page.id}/{step.key}/{way.address.where}/{way.address.name}",
        about=f"page/{page.id}",
        urgency=Urgency.PAGE,
    )
    for one in posted:
        yield Told(
            target=way.target,
            who=way.who,
            by=way.by,
            where=way.address.where.value,
            address=way.address.name,
            message=one.message,
            why=one.why,
        )


def _secret(work: Work, step: Entry, way: Way, url: str) -> str:
    """Where whoever is told in person answers by one tap; empty where nobody is, or no address."""
    if not url or not way.person[0]:
        return ""
    token = token_urlsafe(24)
    own, digest = Tenants(frozenset({step.tenant})), sha256(token.encode()).hexdigest()
    ledger.keep_secret(work.db, own, step, digest, way.person, work.now + SECRET_HOLDS)
    return f"{url}/p/{token}"


def _content(page: Page, level: Level, step: Entry, answer: str, url: str) -> Content:
    name = f"{level.title} ({level.name})" if level.title else level.name
    again = "repeat: " if step.kind is StepKind.REPEAT else ""
    facts = (
        ("severity", page.severity),
        ("since", rfc3339(page.opened_at)),
        ("policy", f"{page.policy}, {level.name}"),
        *((("about", page.what.about),) if page.what.about else ()),
    )
    return Content(
        title=f"{again}[{page.severity}] {page.what.title}",
        text=SAYS[step.kind].format(level=name, number=step.number),
        severity=TONES[page.severity],
        state="firing",
        facts=(*facts, *page.what.facts),
        links=(*(((ONE_TIME, answer),) if answer else ()), *links_of(page, url)),
    )
