"""Who is on call: now, over a span, whom nobody wakes, and what each person carries.

What was stays what it was: of the past, a schedule says what its versions of then said. Before
its first version it says what that one says.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.oncall import store
from quarterdeck.operations.oncall.model.faults import NoSuchSchedule, UnusableSchedule
from quarterdeck.operations.oncall.model.hours import Span
from quarterdeck.operations.oncall.model.load import Load, loads
from quarterdeck.operations.oncall.model.person import Known, People, Person
from quarterdeck.operations.oncall.model.shifts import (
    HOLE,
    Duty,
    Shift,
    holes,
    merged,
    on_call,
    shifts,
)
from quarterdeck.operations.oncall.model.version import DELETED, Kept, Version
from quarterdeck.operations.oncall.model.wall import EARLIEST, LATEST, check_instant
from quarterdeck.operations.oncall.people import people
from quarterdeck.operations.oncall.service.keeping import READ, found

MOST, MOST_VERSIONS, MOST_DELETED = 1000, 200, 20
AHEAD = timedelta(days=14)
LONGEST = timedelta(days=400)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a schedule stands at an instant.

    Attributes:
        duty: by what the person is on call.
        until: to which instant; None: for longer than was looked ahead.
        following: who then; None where ``until`` is.
        holes: when nobody is on call within what was looked ahead.
        strangers: who is named within it, and cannot be woken.
    """

    kept: Kept
    at: datetime
    duty: Duty
    person: Person
    until: datetime | None
    following: Person | None
    holes: Sequence[Span]
    strangers: Sequence[Person]

    @property
    def sound(self) -> bool:
        """Whether somebody is woken at each instant that was looked at."""
        return not self.holes and not self.strangers


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """The shifts of a schedule over a span, and who is meant."""

    kept: Kept
    span: Span
    shifts: Sequence[Shift]
    who: People


def listed(
    work: Work, tenant: str = "", *, after: tuple[str, str] = ("", ""), limit: int = MOST
) -> list[Kept]:
    """Schedules by tenant and name."""
    return store.listed(work.db, _tenants(work, tenant), after=after, limit=limit)


def one(work: Work, tenant: str, name: str) -> Kept:
    """One schedule; raise NoSuchSchedule."""
    return found(work, work.require(READ, tenant), name)


def history(work: Work, tenant: str, name: str) -> list[Version]:
    """The versions of a schedule, newest first; also of one that was deleted."""
    versions = store.history(work.db, work.require(READ, tenant), name, MOST_VERSIONS)
    if not versions:
        raise NoSuchSchedule(f"there never was a schedule {name[:80]!r}")
    return versions


def deleted(work: Work, tenant: str = "") -> list[Version]:
    """The last versions of schedules that were deleted, newest first; each can be put back."""
    return store.deleted(work.db, _tenants(work, tenant), MOST_DELETED)


def who(work: Work, kept: Kept, *more: str) -> People:
    """Who is meant by the words of a schedule, and by some ``more``."""
    words = [word for one in kept.schedule.swaps for word in (one.person, one.other)]
    return people(work.db, kept.tenant, [*kept.schedule.people, *words, *more])


def standings(work: Work, tenant: str = "", *, ahead: timedelta = AHEAD) -> list[Standing]:
    """How each schedule stands now."""
    return _standings(work, listed(work, tenant), work.now, ahead)


def woken(
    work: Work, tenant: str, name: str, at: datetime, ahead: timedelta = AHEAD
) -> list[Standing]:
    """How each schedule stands at an instant, or those of one name; raise NoSuchSchedule."""
    found = [kept for kept in listed(work, tenant) if name in ("", kept.name)]
    if name and not found:
        raise NoSuchSchedule(f"no schedule {name[:80]!r}")
    return _standings(work, found, at, ahead)


def standing(work: Work, kept: Kept, at: datetime, ahead: timedelta = AHEAD) -> Standing:
    """How a schedule stands at an instant, as it is now, and how it goes on."""
    [found] = _standings(work, [kept], at, ahead)
    return found


def _standings(work: Work, every: Sequence[Kept], at: datetime, ahead: timedelta) -> list[Standing]:
    check_instant(check_instant(at) + ahead)
    words: dict[str, list[str]] = {}
    for kept in every:
        words.setdefault(kept.tenant, []).extend(kept.schedule.people)
    meant = {tenant: people(work.db, tenant, named) for tenant, named in words.items()}
    return [_standing(kept, meant[kept.tenant], at, ahead) for kept in every]


def _standing(kept: Kept, meant: People, at: datetime, ahead: timedelta) -> Standing:
    held = shifts(kept.schedule, at, at + ahead)
    runs = merged(held)
    words = dict.fromkeys(run.duty.person for run in runs if run.duty.person)
    return Standing(
        kept=kept,
        at=at,
        duty=on_call(kept.schedule, at),
        person=meant.of(runs[0].duty.person),
        until=runs[0].span.end if len(runs) > 1 else None,
        following=meant.of(runs[1].duty.person) if len(runs) > 1 else None,
        holes=holes(held),
        strangers=[meant.of(word) for word in words if meant.of(word).known is not Known.KNOWN],
    )


def roster(work: Work, tenant: str, name: str, since: datetime, until: datetime) -> Roster:
    """The final shifts of a schedule in [since, until); those of the past as they were."""
    own = work.require(READ, tenant)
    span = checked(since, until)
    return _roster(work, own, found(work, own, name), span)


def load(
    work: Work, tenant: str = "", name: str = "", *, since: datetime, until: datetime
) -> list[tuple[Roster, list[Load]]]:
    """What each person carries, schedule by schedule."""
    own, span = _tenants(work, tenant), checked(since, until)
    rosters = [
        _roster(work, Tenants(frozenset({kept.tenant})), kept, span)
        for kept in store.listed(work.db, own, limit=MOST)
        if name in ("", kept.name)
    ]
    if name and not rosters:
        raise NoSuchSchedule(f"no schedule {name[:80]!r}")
    return [(one, loads(one.kept.schedule, one.shifts)) for one in rosters]


def checked(since: datetime, until: datetime) -> Span:
    """The span from one instant to another; raise UnusableSchedule where it is none."""
    span = Span(check_instant(since, "from"), check_instant(until, "to"))
    if not timedelta(0) < span.end - span.start <= LONGEST:
        raise UnusableSchedule(f"to is after from, at most {LONGEST.days} days", "#/to")
    return span


def answering(work: Work, tenant: str, name: str, at: datetime) -> Person | None:
    """Who holds a tenant's schedule at an instant, as it is now; None: there is no such schedule.

    In nobody's name: for whoever must tell them.
    """
    kept = store.of_name(work.db, Tenants(frozenset({tenant})), name)
    if kept is None:
        return None
    word = on_call(kept.schedule, at).person
    return people(work.db, tenant, [word]).of(word)


def coming(
    work: Work, tenant: str, name: str, since: datetime, until: datetime
) -> Sequence[Shift] | None:
    """Who holds a tenant's schedule over a span, as it is now; None: there is no such schedule.

    In nobody's name, as ``answering``.
    """
    kept = store.of_name(work.db, Tenants(frozenset({tenant})), name)
    return None if kept is None else merged(shifts(kept.schedule, since, until))


def every_hole(work: Work, tenants: Tenants) -> list[tuple[Kept, bool]]:
    """Every schedule, and whether nobody is on call now. For those who measure."""
    every = store.listed(work.db, tenants, limit=MOST)
    return [(kept, not on_call(kept.schedule, work.now).person) for kept in every]


def _tenants(work: Work, tenant: str) -> Tenants:
    return work.require(READ, tenant) if tenant else work.tenants(READ)


def _roster(work: Work, own: Tenants, kept: Kept, span: Span) -> Roster:
    held: list[Shift] = []
    words = list(kept.schedule.people)
    for version, part in _parts(work, own, kept, span):
        words += version.schedule.people
        there = version.how != DELETED
        more = shifts(version.schedule, part.start, part.end) if there else [Shift(part, HOLE)]
        held = _joined(held, more)
    return Roster(kept=kept, span=span, shifts=held, who=people(work.db, kept.tenant, words))


def _parts(work: Work, own: Tenants, kept: Kept, span: Span) -> Iterator[tuple[Version, Span]]:
    """The versions that held within a span, each with its part of it."""
    held = store.holding(work.db, own, kept.name, min(span.start, work.now))
    edges = [EARLIEST, *(one.at for one in held[1:]), LATEST + LONGEST]
    for version, (start, end) in zip(held, pairwise(edges), strict=True):
        part = span.cut(start.astimezone(UTC), end)
        if part.start < part.end:
            yield version, part


def _joined(held: list[Shift], more: Sequence[Shift]) -> list[Shift]:
    """Shifts after each other; one that only a new version cut in two is one again."""
    if held and more and held[-1].duty == more[0].duty:
        whole = replace(more[0], span=Span(held[-1].span.start, more[0].span.end))
        return [*held[:-1], whole, *more[1:]]
    return [*held, *more]
