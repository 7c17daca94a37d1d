"""Tells a level of a page, in the transaction that writes so into the ledger."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from secrets import token_urlsafe

from quarterdeck.events.escalation import PageTold
from quarterdeck.kernel.clock import rfc3339
from quarterdeck.kernel.work import Work
from quarterdeck.operations.escalation.model.page import Entry, Page, StepState, Told
from quarterdeck.operations.escalation.model.plan import StepKind
from quarterdeck.operations.escalation.model.policy import Level
from quarterdeck.operations.escalation.service.reaching import Way, ways
from quarterdeck.operations.escalation.severity import TONES
from quarterdeck.operations.escalation.store import ledger
from quarterdeck.operations.escalation.store.ledger import Secret
from quarterdeck.operations.messages.model import (
    ONE_TIME,
    Address,
    Content,
    Posted,
    Urgency,
    Where,
)
from quarterdeck.operations.messages.service.posting import Letter, post, post_all

SECRET_HOLDS = timedelta(days=1)
SAYS = {
    StepKind.NOTIFY: "{level} is told.",
    StepKind.ENGAGE: "{level} must join now.",
    StepKind.REPEAT: "{level} has not answered: this is said again ({number}).",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What a level of a page is told now.

    Attributes:
        step: which says it.
    """

    page: Page
    level: Level
    step: Entry


def tell(work: Work, calls: Sequence[Call], url: str) -> list[Entry]:
    """Tell levels of pages what steps say; the steps as they were kept, in their order.

    Failed: nobody of a level could be told; ``why`` says why.
    """
    found = list(_reached(work, calls))
    links = _answers(work, found, url)
    letters = [
        _letter(call, way.address, link, url)
        for (call, way), link in zip(found, links, strict=True)
        if way.address
    ]
    posted, told = iter(post_all(work, letters)), {call.step: list[Told]() for call in calls}
    for call, way in found:
        told[call.step] += _told(way, next(posted)) if way.address else [_untold(way)]
    return [_kept(work, step, some) for step, some in told.items()]


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


def _reached(work: Work, calls: Sequence[Call]) -> Iterator[tuple[Call, Way]]:
    """Every way to whom is called; of many pages most call the same."""
    known: dict[object, list[Way]] = {}
    for call in calls:
        tenant, level, severity = call.page.tenant, call.level, call.page.severity
        whom = (tenant, level.targets, level.by, severity)
        if whom not in known:
            known[whom] = ways(work, tenant, level, severity)
        yield from ((call, way) for way in known[whom])


def _answers(work: Work, found: Sequence[tuple[Call, Way]], url: str) -> list[str]:
    """Where whoever is told in person answers by one tap; empty where nobody is, or no address."""
    tokens = [
        token_urlsafe(24) if url and way.address and way.person[0] else "" for _, way in found
    ]
    secrets = [
        Secret(
            step=call.step,
            digest=sha256(token.encode()).hexdigest(),
            person=way.person,
            until=work.now + SECRET_HOLDS,
        )
        for (call, way), token in zip(found, tokens, strict=True)
        if token
    ]
    ledger.keep_secrets(work.db, secrets)
    return [f"{url}/p/{token}" if token else "" for token in tokens]


def _letter(call: Call, to: Address, link: str, url: str) -> Letter:
    return Letter(
        tenant=call.page.tenant,
        to=[to],
        content=_content(call.page, call.level, call.step, link, url),
        key=f"{call.page.id}/{call.step.key}/{to.where}/{to.name}",
        about=f"page/{call.page.id}",
        urgency=Urgency.PAGE,
    )


def _told(way: Way, posted: Sequence[Posted]) -> Iterator[Told]:
    for one in posted:
        yield Told(
            target=way.target,
            who=way.who,
            by=way.by,
            where=one.address.where.value,
            address=one.address.name,
            message=one.message,
            why=one.why,
        )


def _untold(way: Way) -> Told:
    return Told(target=way.target, who=way.who, by=way.by, why=way.why)


def _kept(work: Work, step: Entry, told: Sequence[Told]) -> Entry:
    if any(each.message for each in told):
        return replace(step, state=StepState.TOLD, at=work.now, told=tuple(told))
    why = "; ".join(dict.fromkeys(f"{each.target}: {each.why}" for each in told))
    return replace(step, state=StepState.FAILED, at=work.now, told=tuple(told), why=why)


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
