"""What the routes of programmes answer."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Self

from pydantic import BaseModel, Field

from quarterdeck.governance.programmes.model import (
    Evidence,
    Judgement,
    Maturity,
    PhaseStanding,
    Programme,
    Standing,
    State,
)


class ProgrammeRow(BaseModel):
    """A programme in the list."""

    name: str
    title: str
    description: str
    deadline: date
    phases: int
    requirements: int
    tenants: list[str] = Field(description="Who takes part, of those that you may see.")

    @classmethod
    def told(cls, programme: Programme, part: Sequence[tuple[str, str]]) -> Self:
        return cls(
            name=programme.name,
            title=programme.title,
            description=programme.description,
            deadline=programme.deadline,
            phases=len(programme.phases),
            requirements=len(programme.requirements),
            tenants=[tenant for name, tenant in part if name == programme.name],
        )


class PhaseBody(BaseModel):
    """A phase as it is defined."""

    id: str
    title: str
    weight: int
    due: date | None


class RequirementBody(BaseModel):
    """A requirement as it is defined."""

    id: str
    title: str
    phase: str
    weight: int
    measure: str = Field(description="manual: a person decides.")
    about: str
    at_least: float | None
    at_most: float | None


class DefinitionBody(BaseModel):
    """A programme as it is defined."""

    name: str
    title: str
    description: str
    deadline: date
    phases: list[PhaseBody]
    requirements: list[RequirementBody]

    @classmethod
    def of(cls, programme: Programme) -> Self:
        return cls(
            name=programme.name,
            title=programme.title,
            description=programme.description,
            deadline=programme.deadline,
            phases=[PhaseBody(**asdict(phase)) for phase in programme.phases],
            requirements=[RequirementBody(**asdict(one)) for one in programme.requirements],
        )


class MaturityBody(BaseModel):
    """How far something is, by weight."""

    percent: float | None = Field(description="Known to be met. Null: nothing is required.")
    at_most_percent: float | None = Field(description="If all that is not known were met too.")

    @classmethod
    def of(cls, found: Maturity) -> Self:
        return cls(percent=found.percent, at_most_percent=found.at_most_percent)


class MaturityDay(MaturityBody):
    """How a day ended."""

    day: date

    @classmethod
    def told(cls, day: date, found: Maturity) -> Self:
        return cls(day=day, percent=found.percent, at_most_percent=found.at_most_percent)


class EvidenceBody(BaseModel):
    """What a person said of a requirement."""

    id: str
    requirement: str
    state: State
    link: str
    note: str
    expires: date | None
    by: str
    at: datetime

    @classmethod
    def of(cls, one: Evidence) -> Self:
        return cls(**asdict(one))


class JudgementBody(BaseModel):
    """How a requirement stands, and why."""

    requirement: str
    title: str
    weight: int
    measure: str
    state: State
    reason: str
    at: datetime | None = Field(description="When that was found, or said; null: never.")
    evidence: EvidenceBody | None

    @classmethod
    def of(cls, one: Judgement) -> Self:
        return cls(
            requirement=one.requirement.id,
            title=one.requirement.title,
            weight=one.requirement.weight,
            measure=one.requirement.measure,
            state=one.state,
            reason=one.reason,
            at=one.at,
            evidence=None if one.evidence is None else EvidenceBody.of(one.evidence),
        )


class PhaseStandingBody(BaseModel):
    """How far a phase is."""

    phase: str
    title: str
    weight: int
    due: date | None
    maturity: MaturityBody
    requirements: list[JudgementBody]

    @classmethod
    def of(cls, one: PhaseStanding) -> Self:
        return cls(
            phase=one.phase.id,
            title=one.phase.title,
            weight=one.phase.weight,
            due=one.phase.due,
            maturity=MaturityBody.of(one.maturity),
            requirements=[JudgementBody.of(j) for j in one.judgements],
        )


class StandingBody(BaseModel):
    """How far a tenant is."""

    programme: str
    tenant: str
    deadline: date
    days_left: int = Field(description="Negative behind the deadline.")
    maturity: MaturityBody
    met: int
    unmet: int
    not_known: int
    judged_at: datetime | None = Field(description="The oldest look; null: never.")
    phases: list[PhaseStandingBody]
    missing: list[str] = Field(description="Requirements that are not met, or not known to be.")

    @classmethod
    def of(cls, found: Standing) -> Self:
        tally = found.tally
        return cls(
            programme=found.programme.name,
            tenant=found.tenant,
            deadline=found.programme.deadline,
            days_left=found.days_left,
            maturity=MaturityBody.of(found.maturity),
            met=tally[State.MET],
            unmet=tally[State.UNMET],
            not_known=tally[State.NOT_KNOWN],
            judged_at=found.judged_at,
            phases=[PhaseStandingBody.of(one) for one in found.phases],
            missing=[j.requirement.id for j in found.missing],
        )
