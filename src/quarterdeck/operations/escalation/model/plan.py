"""Who is told when, under a policy: what a page promises. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from quarterdeck.operations.escalation.model.policy import NOTHING, Level, Policy, Until


class StepKind(StrEnum):
    """What a level is told."""

    NOTIFY = "notify"
    ENGAGE = "engage"
    REPEAT = "repeat"


ORDER = {kind: place for place, kind in enumerate(StepKind)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that a page promises to tell a level.

    Attributes:
        number: of repeats, from 1 on; 0 of the others.
        lasting: whether it is due also while somebody looks after the page.
    """

    level: str
    kind: StepKind
    number: int = 0
    due_at: datetime
    lasting: bool = False

    @property
    def key(self) -> str:
        """Its own within the page."""
        return f"{self.level}/{self.kind.value}/{self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What of a page its plan depends on.

    Attributes:
        held: for how long somebody looked after it; what is due whoever does is due no later.
    """

    severity: str
    flags: frozenset[str]
    opened_at: datetime
    held: timedelta = NOTHING


def plan(policy: Policy, case: Case) -> tuple[Step, ...]:
    """Every step of a page, in the order in which they are due.

    A level that is told only when it must join has one step for both.
    """
    places = {level.name: place for place, level in enumerate(policy.levels)}
    found = [step for level in policy.levels for step in _of(policy, level, case)]
    return tuple(
        sorted(found, key=lambda one: (one.due_at, places[one.level], ORDER[one.kind], one.number))
    )


def _of(policy: Policy, level: Level, case: Case) -> Iterator[Step]:
    told = level.notified(case.severity, case.flags)
    joins = level.engaged(case.severity, case.flags)
    began = case.opened_at + case.held
    if told is not None and told != joins:
        yield Step(level=level.name, kind=StepKind.NOTIFY, due_at=began + told)
    if joins is not None:
        lasting = policy.engages_until is Until.RESOLVED
        due_at = (case.opened_at if lasting else began) + joins
        yield Step(level=level.name, kind=StepKind.ENGAGE, due_at=due_at, lasting=lasting)
    first = told if joins is None else joins
    if first is not None and level.repeat_every is not None:
        for number in range(1, level.repeat_most + 1):
            due_at = began + first + number * level.repeat_every
            yield Step(level=level.name, kind=StepKind.REPEAT, number=number, due_at=due_at)
