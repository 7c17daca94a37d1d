"""People hand shifts over: overrides, and swaps that one asks for and the other accepts."""

from dataclasses import dataclass, replace
from datetime import timedelta

from quarterdeck.events.oncall import (
    OncallOverridden,
    OncallOverrideRemoved,
    OncallSwapAnswered,
    OncallSwapAsked,
)
from quarterdeck.kernel.clock import rfc3339
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.oncall.model.faults import (
    NoSuchSchedule,
    NotYourShift,
    SwapMoved,
    UnusableSchedule,
)
from quarterdeck.operations.oncall.model.hours import Span
from quarterdeck.operations.oncall.model.person import Known, People
from quarterdeck.operations.oncall.model.schedule import Override, Schedule, Swap, SwapState
from quarterdeck.operations.oncall.model.shifts import shifts
from quarterdeck.operations.oncall.model.version import Kept
from quarterdeck.operations.oncall.people import people
from quarterdeck.operations.oncall.service.keeping import (
    OVERRIDE,
    WRITE,
    check_version,
    found,
    keep,
    kept_of,
    require_open,
)

GRACE = timedelta(minutes=1)
"""So long ago a span may begin that begins "now"."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Somebody before a schedule: what it is, who is meant, and whether they may do anything."""

    work: Work
    own: Tenants
    kept: Kept
    who: People

    @property
    def schedule(self) -> Schedule:
        """As it is now."""
        return self.kept.schedule

    @property
    def rules(self) -> bool:
        """Whether they may change all of it."""
        return self.work.actor.may(WRITE, self.kept.tenant)

    def is_me(self, word: str) -> bool:
        """Whether the actor is meant."""
        return self.who.of(word).id == self.work.actor.id

    def holds(self, word: str, span: Span) -> bool:
        """Whether somebody has all of a span."""
        held = shifts(self.schedule, span.start, span.end)
        return all(self.who.same(one.duty.person, word) for one in held)

    def mine(self, span: Span) -> bool:
        """Whether the actor has all of a span."""
        return all(
            self.is_me(one.duty.person) for one in shifts(self.schedule, span.start, span.end)
        )


def override(
    work: Work,
    tenant: str,
    name: str,
    wanted: Override,
    *,
    expected: int | None = None,
) -> Kept:
    """Have a person take a span; a later override lies over an earlier one.

    Raises:
        NotYourShift: the actor may hand over only shifts of their own.
        UnusableSchedule: it begins in the past, or nobody knows the person.
    """
    desk = _desk(work, tenant, name, wanted.person, expected=expected)
    _check_ahead(work, wanted.span)
    _check_reachable(desk, wanted.person)
    if not desk.rules and not desk.mine(wanted.span):
        raise NotYourShift("you hand over only your own shifts; ask for a swap, or who plans them")
    put = replace(wanted, id=work.new_id(), by=work.actor.id)
    schedule = desk.schedule.since(work.now)
    schedule = replace(schedule, overrides=(*schedule.overrides, put))
    made = keep(work, desk.own, tenant, schedule, f"overridden by {put.person}", put.why)
    work.publish(_told(kept_of(made), put))
    return kept_of(made)


def restore(
    work: Work, tenant: str, name: str, override_id: str, *, expected: int | None = None
) -> Kept:
    """Remove an override: the span, or what is left of it, is again whose it would be.

    Raises:
        NotYourShift: it was put there by another, or is half of a swap.
    """
    desk = _desk(work, tenant, name, expected=expected)
    one = next((one for one in desk.schedule.overrides if one.id == override_id), None)
    if one is None:
        raise NoSuchSchedule(f"schedule {name[:80]} has no override {override_id[:80]}")
    if not desk.rules and one.swap:
        raise NotYourShift("nobody takes half of a swap back; ask for another, or who plans them")
    if not desk.rules and one.by != work.actor.id:
        raise NotYourShift("this override is not yours to remove; ask who plans them")
    left = tuple(each for each in desk.schedule.overrides if each.id != override_id)
    schedule = replace(desk.schedule, overrides=left)
    made = keep(work, desk.own, tenant, schedule, f"override of {one.person} removed")
    work.publish(
        OncallOverrideRemoved(
            tenant=tenant, schedule=name, version=str(made.version), override=override_id
        )
    )
    return kept_of(made)


def ask(work: Work, tenant: str, name: str, wanted: Swap, *, expected: int | None = None) -> Kept:
    """Ask somebody to exchange spans; nothing changes until they accept.

    Raises:
        NotYourShift: the span to give is another's, and the actor does not plan shifts.
        UnusableSchedule: one of them does not have the span they shall give.
    """
    desk = _desk(work, tenant, name, wanted.person, wanted.other, expected=expected)
    for person, span in ((wanted.person, wanted.gives), (wanted.other, wanted.takes)):
        _check_ahead(work, span)
        if not desk.holds(person, span):
            raise UnusableSchedule(f"{person} does not have all of that span to give")
    if not desk.rules and not desk.is_me(wanted.person):
        raise NotYourShift("you ask for swaps of your own shifts")
    put = replace(wanted, id=work.new_id(), by=work.actor.id, state=SwapState.ASKED)
    schedule = desk.schedule.since(work.now)
    schedule = replace(schedule, swaps=(*schedule.swaps, put))
    how = f"swap asked by {put.person} of {put.other}"
    made = keep(work, desk.own, tenant, schedule, how)
    version = str(made.version)
    work.publish(
        OncallSwapAsked(
            tenant=tenant,
            schedule=name,
            version=version,
            swap=put.id,
            person=put.person,
            other=put.other,
        )
    )
    return kept_of(made)


def answer(
    work: Work,
    tenant: str,
    name: str,
    swap_id: str,
    *,
    accept: bool,
    expected: int | None = None,
) -> Kept:
    """Accept a swap, and both spans change hands at once; or refuse it, or withdraw one's own.

    Raises:
        NotYourShift: it was asked of another.
        SwapMoved: it was answered before, or one of them has their span no more.
    """
    desk = _desk(work, tenant, name, expected=expected)
    one = next((one for one in desk.schedule.swaps if one.id == swap_id), None)
    if one is None:
        raise NoSuchSchedule(f"schedule {name[:80]} has no swap {swap_id[:80]}")
    _check_answer(desk, one, accept=accept)
    state = SwapState.ACCEPTED if accept else SwapState.REFUSED
    swaps = tuple(
        replace(each, state=state) if each is one else each for each in desk.schedule.swaps
    )
    put = _exchanged(work, one) if accept else ()
    schedule = replace(desk.schedule, swaps=swaps)
    schedule = replace(schedule, overrides=(*schedule.since(work.now).overrides, *put))
    made = keep(work, desk.own, tenant, schedule, f"swap {state.value}")
    work.publish(
        OncallSwapAnswered(
            tenant=tenant,
            schedule=name,
            version=str(made.version),
            swap=swap_id,
            answer=state.value,
        )
    )
    return kept_of(made)


def _desk(work: Work, tenant: str, name: str, *more: str, expected: int | None = None) -> Desk:
    own = work.require(OVERRIDE, tenant)
    require_open(work, tenant)
    kept = found(work, own, name)
    check_version(name, kept.version, expected)
    swappers = [word for one in kept.schedule.swaps for word in (one.person, one.other)]
    return Desk(work, own, kept, people(work.db, tenant, [*kept.schedule.people, *swappers, *more]))


def _check_ahead(work: Work, span: Span) -> None:
    if span.start < work.now - GRACE:
        raise UnusableSchedule("a span begins now or later: what was, stays", "#/start")


def _check_reachable(desk: Desk, word: str) -> None:
    person = desk.who.of(word)
    if person.known is Known.SHUT_OUT:
        raise UnusableSchedule(f"{word} was shut out and answers nothing", "#/person")
    if person.known is Known.UNKNOWN and word not in desk.schedule.people:
        raise UnusableSchedule(f"nobody knows {word[:80]} here, nor does this schedule", "#/person")


def _check_answer(desk: Desk, one: Swap, *, accept: bool) -> None:
    if one.state is not SwapState.ASKED:
        raise SwapMoved(f"this swap was {one.state.value} before")
    asked = desk.is_me(one.other) or (not accept and desk.is_me(one.person))
    if not desk.rules and not asked:
        raise NotYourShift(f"this swap was asked of {one.other}")
    if not accept:
        return
    both = desk.holds(one.person, one.gives) and desk.holds(one.other, one.takes)
    if not both or min(one.gives.start, one.takes.start) < desk.work.now - GRACE:
        raise SwapMoved("one of the spans has begun, or is another's by now: ask anew")


def _exchanged(work: Work, one: Swap) -> tuple[Override, ...]:
    pairs = ((one.other, one.gives), (one.person, one.takes))
    return tuple(
        Override(
            id=work.new_id(),
            person=person,
            span=span,
            by=work.actor.id,
            why=f"swap of {one.person} and {one.other}",
            swap=one.id,
        )
        for person, span in pairs
    )


def _told(kept: Kept, put: Override) -> OncallOverridden:
    return OncallOverridden(
        tenant=kept.tenant,
        schedule=kept.name,
        version=str(kept.version),
        override=put.id,
        person=put.person,
        start=rfc3339(put.span.start),
        end=rfc3339(put.span.end),
        why=put.why,
    )
