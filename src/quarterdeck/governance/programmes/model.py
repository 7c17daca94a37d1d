"""Programmes: requirements in phases, evidence for each, and the maturity that follows. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from quarterdeck.kernel.errors import Invalid
from quarterdeck.kernel.ids import TenantId

ID = re.compile(r"[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?")
MAX_TEXT, MAX_NOTE = 300, 2000
MAX_WEIGHT = 1000
MANUAL = "manual"


class UnusableProgramme(Invalid):
    """A programme that cannot be kept; the message says which part, and why."""


class UnusableEvidence(Invalid):
    """Evidence that proves nothing: neither link nor note, or none that can be followed."""


class State(StrEnum):
    """How a requirement stands. ``not_known`` is neither: something is missing to tell."""

    MET = "met"
    UNMET = "unmet"
    NOT_KNOWN = "not_known"


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """A part of a programme; ``weight`` is its share of the whole, against the other phases'."""

    id: str
    title: str
    weight: int = 1
    due: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """What must be so.

    Attributes:
        weight: its share of its phase, against the other requirements'.
        measure: the name of what decides it by itself; ``manual``: a person does.
        about: what is measured, where the measure needs it: a policy, an assignment.
        at_least, at_most: bounds that the measure must keep, ends included.
    """

    id: str
    title: str
    phase: str
    weight: int = 1
    measure: str = MANUAL
    about: str = ""
    at_least: float | None = None
    at_most: float | None = None

    @property
    def manual(self) -> bool:
        """Whether a person decides it."""
        return self.measure == MANUAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """A named set of requirements with a deadline (a day, its end included)."""

    name: str
    title: str
    deadline: date
    description: str = ""
    phases: tuple[Phase, ...]
    requirements: tuple[Requirement, ...]

    def __post_init__(self) -> None:
        named = [self.name, *(p.id for p in self.phases), *(r.id for r in self.requirements)]
        for name in named:
            if not ID.fullmatch(name):
                raise UnusableProgramme(f"{name!r} is no id: 1 to 64 of a-z, 0-9 and -")
        _once("phase", [p.id for p in self.phases])
        _once("requirement", [r.id for r in self.requirements])
        if not self.phases or not self.requirements:
            raise UnusableProgramme("a programme has at least one phase and one requirement")
        weights = [(p.id, p.weight) for p in self.phases]
        for name, weight in weights + [(r.id, r.weight) for r in self.requirements]:
            if not 1 <= weight <= MAX_WEIGHT:
                raise UnusableProgramme(f"the weight of {name} must be 1 to {MAX_WEIGHT}")
        for requirement in self.requirements:
            _check(requirement, {p.id for p in self.phases})

    def requirement(self, name: str) -> Requirement | None:
        """The requirement of that id."""
        return next((r for r in self.requirements if r.id == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a measure says of a tenant.

    Attributes:
        value: None where it is not known; then ``reason`` says why.
        least, most: between which it must be all the same, where at least that is known.
    """

    value: float | None
    reason: str
    least: float | None = None
    most: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a person said of a requirement; nothing is ever changed or removed.

    Attributes:
        expires: the last day on which it holds; None: it holds until other evidence comes.
    """

    id: str
    requirement: str
    state: State
    link: str
    note: str
    expires: date | None
    by: str
    at: datetime

    def __post_init__(self) -> None:
        if not (self.link or self.note.strip()):
            raise UnusableEvidence("give a link to the evidence, or a note that says what it is")
        if self.link and not self.link.startswith(("https://", "http://")):
            raise UnusableEvidence("a link begins with https:// or http://")
        if max(len(self.link), len(self.note)) > MAX_NOTE:
            raise UnusableEvidence(f"link and note have at most {MAX_NOTE} characters each")


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """How a requirement stands, why, and since which look."""

    requirement: Requirement
    state: State
    reason: str
    at: datetime | None
    evidence: Evidence | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Maturity:
    """How far something is: weights of what is met, is not, and is not known."""

    met: float
    unmet: float
    not_known: float

    @property
    def percent(self) -> float | None:
        """What is known to be met, 0 to 100, a tenth rounded down; None: nothing is required."""
        return _share(self.met, self.met + self.unmet + self.not_known)

    @property
    def at_most_percent(self) -> float | None:
        """What may be met, if all that is not known were."""
        return _share(self.met + self.not_known, self.met + self.unmet + self.not_known)


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseStanding:
    """How far a phase is."""

    phase: Phase
    maturity: Maturity
    judgements: tuple[Judgement, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How far one tenant is.

    Attributes:
        days_left: to the deadline; negative behind it.
        judged_at: the oldest look at what decides itself; None where there was none.
    """

    programme: Programme
    tenant: TenantId
    phases: tuple[PhaseStanding, ...]
    maturity: Maturity
    days_left: int
    judged_at: datetime | None

    @property
    def missing(self) -> list[Judgement]:
        """What is not met, in the programme's order."""
        return [j for p in self.phases for j in p.judgements if j.state is not State.MET]

    @property
    def tally(self) -> dict[State, int]:
        """Requirements by state."""
        found = [j.state for p in self.phases for j in p.judgements]
        return {state: found.count(state) for state in State}


def judged(requirement: Requirement, reading: Reading) -> tuple[State, str]:
    """How a requirement stands by what its measure says, and why."""
    least, most = requirement.at_least, requirement.at_most
    if reading.value is None:
        return _bounded(requirement, reading)
    if least is not None and reading.value < least:
        return State.UNMET, f"{reading.value:g}, at least {least:g} is required"
    if most is not None and reading.value > most:
        return State.UNMET, f"{reading.value:g}, at most {most:g} is allowed"
    return State.MET, f"{reading.value:g}"


def _bounded(requirement: Requirement, reading: Reading) -> tuple[State, str]:
    # What is not known may not matter: all of it could turn out either way.
    least, most = requirement.at_least, requirement.at_most
    lowest, highest = reading.least, reading.most
    if least is not None and highest is not None and highest < least:
        return State.UNMET, f"at most {highest:g}, {least:g} is required: {reading.reason}"
    if most is None and least is not None and lowest is not None and lowest >= least:
        return State.MET, f"at least {lowest:g}: {reading.reason}"
    return State.NOT_KNOWN, reading.reason


def by_evidence(requirement: Requirement, said: Evidence | None, today: date) -> Judgement:
    """How a requirement stands by what a person said last."""
    if said is None:
        state, reason = State.NOT_KNOWN, "nobody has given evidence yet"
    elif said.expires is not None and today > said.expires:
        state, reason = State.NOT_KNOWN, f"the evidence expired on {said.expires}"
    else:
        state, reason = said.state, said.note or said.link
    return Judgement(
        requirement=requirement,
        state=state,
        reason=reason,
        at=said.at if said else None,
        evidence=said,
    )


def standing(
    programme: Programme, tenant: TenantId, found: Mapping[str, Judgement], now: datetime
) -> Standing:
    """How far ``tenant`` is, from how each requirement stands."""
    phases = tuple(_phase(phase, programme, found) for phase in programme.phases)
    looks = [j.at for j in found.values() if not j.requirement.manual]
    return Standing(
        programme=programme,
        tenant=tenant,
        phases=phases,
        maturity=_whole(phases),
        days_left=(programme.deadline - now.date()) // timedelta(days=1),
        judged_at=min((at for at in looks if at is not None), default=None),
    )


def _phase(phase: Phase, programme: Programme, found: Mapping[str, Judgement]) -> PhaseStanding:
    mine = tuple(found[r.id] for r in programme.requirements if r.phase == phase.id)
    weight = {
        state: float(sum(j.requirement.weight for j in mine if j.state is state)) for state in State
    }
    return PhaseStanding(
        phase=phase,
        maturity=Maturity(
            met=weight[State.MET], unmet=weight[State.UNMET], not_known=weight[State.NOT_KNOWN]
        ),
        judgements=mine,
    )


def _whole(phases: Sequence[PhaseStanding]) -> Maturity:
    # A phase weighs what it is said to, however many requirements stand in it; one that
    # requires nothing weighs nothing.
    parts = []
    for part in phases:
        m = part.maturity
        if total := m.met + m.unmet + m.not_known:
            share = part.phase.weight / total
            parts.append((m.met * share, m.unmet * share, m.not_known * share))
    return Maturity(
        met=sum(met for met, _, _ in parts),
        unmet=sum(unmet for _, unmet, _ in parts),
        not_known=sum(unknown for _, _, unknown in parts),
    )


def _share(part: float, whole: float) -> float | None:
    # The hair's breadth makes up for shares that are no binary fractions.
    return int(1000 * part / whole + 1e-6) / 10 if whole else None


def _once(what: str, ids: Sequence[str]) -> None:
    for name in ids:
        if ids.count(name) > 1:
            raise UnusableProgramme(f"{what} {name} stands there twice")


def _check(requirement: Requirement, phases: set[str]) -> None:
    if requirement.phase not in phases:
        raise UnusableProgramme(f"{requirement.id} names phase {requirement.phase}, which is none")
    bounds = (requirement.at_least, requirement.at_most)
    if requirement.manual and bounds != (None, None):
        raise UnusableProgramme(f"{requirement.id} is manual, and so has no bounds")
    if not requirement.manual and bounds == (None, None):
        raise UnusableProgramme(f"{requirement.id} must have at_least or at_most")
