"""/api/v1/severities: how bad an incident can be, what follows, and which one it is."""

from collections.abc import Sequence
from typing import Annotated, Self

from fastapi import Query
from pydantic import BaseModel, Field

from quarterdeck.operations.severities import service
from quarterdeck.operations.severities.model import (
    Flag,
    Kept,
    Kind,
    Notice,
    Severity,
    Verdict,
)
from quarterdeck.operations.severities.service import READ
from quarterdeck.web.deps import InRead
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import api_router

router = api_router(prefix="/severities", tags=["incidents"])

READS = problems(401, 403, 404, 422)
OfTenant = Annotated[str, Query(min_length=1, max_length=100, description="Whose.")]
Word = Annotated[str, Query(min_length=1, max_length=100)]
Flags = Annotated[Sequence[Flag], Query(max_length=20, description="What else is true; repeat it.")]


class SeverityBody(BaseModel):
    """A severity, and what follows from it."""

    name: str
    title: str
    definition: str
    aliases: list[str]
    respond_min: int | None = Field(description="None: as well as one can.")
    resolve_min: int | None
    policy: str = Field(description="By which escalation policy somebody is paged.")
    channels: list[str]
    ticket: bool
    priority: str
    assignee: bool = Field(description="Whether somebody must be assigned.")
    war_room_min: int | None = Field(description="0: opens at once; None: never by itself.")
    update_min: int | None = Field(description="Minutes between updates.")
    notice: Notice
    notice_min: int = Field(description="Minutes after which customers are told.")
    freeze: bool = Field(description="Whether deployments are refused while it is open.")
    team: dict[str, str] = Field(description="By role, the on-call schedule that has it at first.")

    @classmethod
    def of(cls, one: Severity) -> Self:
        return cls.model_validate(one, from_attributes=True)


class ExampleBody(BaseModel):
    """An incident that is of a severity."""

    text: str
    severity: str
    impact: str
    urgency: str
    flags: list[Flag]


class TaskBody(BaseModel):
    """Something to do."""

    text: str
    within_min: int | None


class KindBody(BaseModel):
    """A kind of incident, and what to do first."""

    name: str
    title: str
    severity: str
    by: dict[str, str] = Field(description="By the severity of the violation that began it.")
    flags: list[Flag]
    triggers: list[str] = Field(description="Types of alerts that are of this kind.")
    declares: bool = Field(description="Whether such an alert opens an incident by itself.")
    checklist: list[TaskBody]
    runbook: str

    @classmethod
    def of(cls, one: Kind) -> Self:
        return cls.model_validate(one, from_attributes=True)


class Severities(BaseModel):
    """The severities of a tenant, the worst first, and its matrix."""

    tenant: str = Field(description="Whose they are: its own, the platform's, or the default.")
    version: int = Field(description="0: the default, which nobody wrote.")
    severities: list[SeverityBody]
    impacts: dict[str, str]
    urgencies: dict[str, str]
    matrix: dict[str, dict[str, str]] = Field(description="By impact and urgency.")
    flags: dict[str, str] = Field(description="What is at least of which severity.")
    examples: list[ExampleBody]
    kinds: list[KindBody]

    @classmethod
    def of(cls, kept: Kept) -> Self:
        ladder = kept.ladder
        return cls(
            tenant=kept.tenant,
            version=kept.version,
            severities=[SeverityBody.of(one) for one in ladder.severities],
            impacts=dict(ladder.impacts),
            urgencies=dict(ladder.urgencies),
            matrix={impact: dict(row) for impact, row in ladder.matrix.items()},
            flags={flag.value: name for flag, name in ladder.flags.items()},
            examples=[
                ExampleBody.model_validate(one, from_attributes=True) for one in ladder.examples
            ],
            kinds=[KindBody.of(one) for one in ladder.kinds],
        )


class Classified(BaseModel):
    """How bad it is, and why."""

    severity: SeverityBody
    because: str

    @classmethod
    def of(cls, verdict: Verdict) -> Self:
        return cls(severity=SeverityBody.of(verdict.severity), because=verdict.because)


@router.get("", responses=READS, **needs(READ))
def list_severities(work: InRead, tenant: OfTenant) -> Severities:
    """The severities that hold for a tenant."""
    return Severities.of(service.standing(work, tenant))


@router.get("/classified", responses=READS, **needs(READ))
def classify_incident(
    work: InRead, tenant: OfTenant, impact: Word, urgency: Word, flag: Flags = ()
) -> Classified:
    """Which severity it is, by the matrix and by what else is true."""
    return Classified.of(service.classify(work, tenant, impact, urgency, flag))
