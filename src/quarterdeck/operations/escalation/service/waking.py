"""Who would be woken under a policy, level by level, and where nobody would be."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from quarterdeck.kernel.work import Work
from quarterdeck.operations.escalation.model.plan import Case, Step, StepKind, plan
from quarterdeck.operations.escalation.model.policy import Kind, Level, Policy
from quarterdeck.operations.escalation.service.named import shifts
from quarterdeck.operations.escalation.service.policies import holding
from quarterdeck.operations.escalation.service.reaching import ways
from quarterdeck.operations.messages.model import Address, Where
from quarterdeck.operations.messages.service.ways import ways_to
from quarterdeck.operations.oncall.model.shifts import Shift

AHEAD = timedelta(days=14)
ONCALL = "oncall:read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waking:
    """Somebody who would be told, by what; or why nobody would be.

    Attributes:
        by: their channel or address; empty: there is none, and ``why`` says why.
    """

    level: str
    kind: StepKind
    at: datetime
    target: str
    who: str
    by: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hole:
    """When a level would tell nobody, or the same person as another does."""

    level: str
    start: datetime
    end: datetime
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Woken:
    """Who would be woken under one policy."""

    policy: str
    severity: str
    wakings: Sequence[Waking]
    holes: Sequence[Hole]

    @property
    def sound(self) -> bool:
        """Whether each level that is ever told tells somebody, at each instant looked at."""
        return bool(self.wakings) and not self.holes


def woken(
    work: Work, tenant: str, policy: str, severity: str, at: datetime, ahead: timedelta = AHEAD
) -> Woken:
    """Who would be woken by a page that is opened at an instant, and holes from then on."""
    work.require(ONCALL, tenant)
    found = holding(work, tenant, policy)
    if found is None:
        hole = Hole(level="", start=at, end=at + ahead, why=f"there is no policy {policy}")
        return Woken(policy=policy, severity=severity, wakings=(), holes=(hole,))
    case = Case(severity=severity, flags=frozenset(), opened_at=at)
    steps = [one for one in plan(found.policy, case) if one.kind is not StepKind.REPEAT]
    wakings = [
        waking
        for step in steps
        for waking in _wakings(work, (tenant, severity), found.policy, step)
    ]
    levels = [one for one in found.policy.levels if any(s.level == one.name for s in steps)]
    holes = [
        *_unreached(wakings, levels, at, ahead),
        *_empty(work, tenant, levels, at, at + ahead),
        *_twice(work, tenant, levels, at, at + ahead),
    ]
    return Woken(policy=policy, severity=severity, wakings=wakings, holes=holes)


def _wakings(work: Work, of: tuple[str, str], policy: Policy, step: Step) -> Iterator[Waking]:
    (tenant, severity), level = of, policy.level(step.level)
    for way in ways(work, tenant, level, severity, step.due_at) if level else ():
        reached = ways_to(work, tenant, way.address) if way.address else []
        for by, why in [(one.shown, one.why) for one in reached] or [("", way.why)]:
            yield Waking(
                level=step.level,
                kind=step.kind,
                at=step.due_at,
                target=way.target,
                who=way.who,
                by="" if why else by,
                why=why,
            )


def _unreached(
    wakings: Sequence[Waking], levels: Sequence[Level], at: datetime, ahead: timedelta
) -> Iterator[Hole]:
    """Levels of which nobody would be told when their time comes."""
    for level in levels:
        mine = [one for one in wakings if one.level == level.name]
        if not any(one.by for one in mine):
            why = "; ".join(dict.fromkeys(f"{one.target}: {one.why}" for one in mine))
            yield Hole(level=level.name, start=at, end=at + ahead, why=why)


def _empty(
    work: Work, tenant: str, levels: Sequence[Level], since: datetime, until: datetime
) -> Iterator[Hole]:
    """Shifts of nobody, and of people who have no method."""
    for level, name, found in _schedules(work, tenant, levels, since, until):
        for shift in found:
            if why := _fault(work, tenant, name, shift.duty.person):
                yield Hole(level=level.name, start=shift.span.start, end=shift.span.end, why=why)


def _fault(work: Work, tenant: str, name: str, person: str) -> str:
    if not person:
        return f"nobody is on call in {name}"
    reached = ways_to(work, tenant, Address(where=Where.PERSON, name=person))
    whys = [one.why for one in reached if one.why]
    return f"{person}: {whys[0]}" if whys and len(whys) == len(list(reached)) else ""


def _twice(
    work: Work, tenant: str, levels: Sequence[Level], since: datetime, until: datetime
) -> Iterator[Hole]:
    """The same person on two levels: whoever did not answer is told again, and nobody else."""
    held = [
        (level.name, shift)
        for level, _, found in _schedules(work, tenant, levels, since, until)
        for shift in found
        if shift.duty.person
    ]
    for place, (one, mine) in enumerate(held):
        for other, theirs in held[place + 1 :]:
            span = mine.span.cut(theirs.span.start, theirs.span.end)
            same = mine.duty.person.lower() == theirs.duty.person.lower()
            if one != other and same and span.start < span.end:
                why = f"{mine.duty.person} is on {one} too"
                yield Hole(level=other, start=span.start, end=span.end, why=why)


def _schedules(
    work: Work, tenant: str, levels: Sequence[Level], since: datetime, until: datetime
) -> Iterator[tuple[Level, str, Sequence[Shift]]]:
    for level in levels:
        for target in level.targets:
            if target.kind is Kind.SCHEDULE:
                found = shifts(work, tenant, target.name, since, until)
                yield level, target.name, found or ()
