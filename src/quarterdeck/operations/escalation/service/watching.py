"""The auditor: looks after every open page in the process that answers, whatever workers do."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Engine

from quarterdeck.events.escalation import PageLate
from quarterdeck.kernel.clock import Clock
from quarterdeck.kernel.db import reading
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.work import Actor, Tenants, Work, begin
from quarterdeck.operations.escalation import auditing
from quarterdeck.operations.escalation.auditing import Fault, Kept, Moment
from quarterdeck.operations.escalation.model.page import Entry, Late, Page, StepState
from quarterdeck.operations.escalation.model.policy import Kind, Level, Target
from quarterdeck.operations.escalation.service.frozen import policy_of
from quarterdeck.operations.escalation.service.reaching import ways
from quarterdeck.operations.escalation.service.records import Records, records_of
from quarterdeck.operations.escalation.severity import TONES
from quarterdeck.operations.escalation.store import ledger, pages
from quarterdeck.operations.messages.model import Address, Content, Urgency, Where
from quarterdeck.operations.messages.service.posting import post

ITSELF = Actor("quarterdeck", frozenset())
NEW, ILL = "new", "ill"
TOGETHER = 200
"""Pages that are read together."""

WHERE = {Kind.MAIL: Where.MAIL, Kind.CHANNEL: Where.CHANNEL, Kind.PERSON: Where.PERSON}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Looked:
    """The faults of a page that are new, and whether others are known."""

    new: Sequence[Fault]
    known: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Auditor:
    """Compares what pages owed with what the ledger and the outbox say.

    Attributes:
        fallback: who hears of what was not kept, whoever was to be told; None: nobody.
        grace: how late is late.
        send: sends all that is due.
    """

    engine: Engine
    clock: Clock
    url: str
    fallback: Target | None = None
    grace: timedelta = timedelta(seconds=60)
    send: Callable[[], object] = bool

    def beat(self) -> int:
        """Look at every page that is not resolved; how many faults are new.

        While a page has any, what is to be sent is sent from here: it may be that no worker is.
        What fails for one page is raised after the others were looked at, and after that.
        """
        found = Counter[str]()
        with reading(self.engine) as db:
            watched = pages.watched(db)
        with ExitStack() as turns:  # calls the last first, and each whatever another raised
            turns.callback(self._send, found)
            for first in reversed(range(0, len(watched), TOGETHER)):
                turns.callback(self._turns, watched[first : first + TOGETHER], found)
        return found[NEW]

    def _turns(self, some: Sequence[Page], found: Counter[str]) -> None:
        """Read pages together, and look at each; where that fails, read each by itself."""
        found[ILL] += len(some)  # until each was looked at, and is well
        with ExitStack() as apart:
            for page in reversed(some if len(some) > 1 else ()):
                apart.callback(self._turns, [page], found)
            with reading(self.engine) as db:
                read = records_of(db, some)
            apart.pop_all()  # none need be
        with ExitStack() as turns:
            for page in reversed(some):
                turns.callback(self._turn, page, read, found)

    def _turn(self, page: Page, read: Records, found: Counter[str]) -> None:
        one = self._looked(page, read)
        if one.new:
            found[NEW] += self._say(page, one.new)
        if not (one.new or one.known):
            found[ILL] -= 1

    def _send(self, found: Counter[str]) -> None:
        if found[ILL]:
            self.send()

    def _looked(self, page: Page, read: Records) -> _Looked:
        moments = [
            Moment(at=one.at, what=one.what, severity=one.severity, flags=one.flags)
            for one in read.histories.get(page.id, ())
        ]
        steps = [s for s in read.steps.get(page.id, ()) if s.state is not StepState.VOID]
        kept = [_kept(one, read.sent) for one in steps]
        known = {one.step for one in read.lates if one.page == page.id}
        found = auditing.faults(page.document, moments, kept, self.clock(), self.grace)
        new = [one for one in found if one.step not in known]
        return _Looked(new=new, known=bool(known))

    def _say(self, page: Page, found: Sequence[Fault]) -> int:
        with begin(self.engine, ITSELF, self.clock) as work:
            own = Tenants(frozenset({page.tenant}))
            new = [one for one in found if ledger.add_late(work.db, own, _late(work, page, one))]
            for one in new:
                work.publish(PageLate(tenant=page.tenant, page=page.id, step=one.step, why=one.why))
                self._tell(work, page, one)
        return len(new)

    def _tell(self, work: Work, page: Page, fault: Fault) -> None:
        """Tell the next level, and whoever hears of what nobody else did."""
        content = Content(
            title=f"[{page.severity}] LATE: {page.what.title}",
            text=f"{fault.step}: {fault.why}. Look at who was told, and answer the page.",
            severity=TONES[page.severity],
            state="firing",
            facts=page.what.facts,
            links=((("Page", f"{self.url}/pages/{page.id}"),) if self.url else ()),
        )
        to = [(page.tenant, one) for one in _next(work, page, fault)]
        to += [(PLATFORM, one) for one in fallback_of(self.fallback)]
        for tenant, address in to:
            key, about = f"{page.id}/late/{fault.step}", f"page/{page.id}"
            post(work, tenant, [address], content, key=key, about=about, urgency=Urgency.PAGE)


def fallback_of(target: Target | None) -> list[Address]:
    """The address that is told when all else failed."""
    return [] if target is None else [Address(where=WHERE[target.kind], name=target.name)]


def _next(work: Work, page: Page, fault: Fault) -> list[Address]:
    """The addresses of the level behind the one that was not told; the first that has any."""
    policy = policy_of(page)
    levels: Sequence[Level] = policy.after(fault.level) if fault.level else ()
    for level in levels:
        found = [way.address for way in ways(work, page.tenant, level, page.severity)]
        if there := [one for one in found if one is not None]:
            return there
    return []


def _kept(one: Entry, sent: Mapping[str, str]) -> Kept:
    return Kept(
        level=one.level,
        kind=one.kind.value,
        at=one.at,
        told=one.state is StepState.TOLD,
        sent=tuple(
            "failed" if told.why else sent.get(told.message, "failed")
            for told in (one.told if one.state is StepState.TOLD else ())
            if told.message
        ),
    )


def _late(work: Work, page: Page, fault: Fault) -> Late:
    return Late(page=page.id, tenant=page.tenant, step=fault.step, at=work.now, why=fault.why)
