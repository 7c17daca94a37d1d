"""What /api/v1/slos answers with."""

from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from quarterdeck.operations.slos.drawing import Left
from quarterdeck.operations.slos.model.burn import named
from quarterdeck.operations.slos.model.standing import BurnShown, Crossing, Standing, Verdict
from quarterdeck.operations.slos.planning import Planned
from quarterdeck.operations.slos.service.applying import Applied
from quarterdeck.operations.slos.service.looking import Shown
from quarterdeck.web.bodies import Body


class SloText(Body):
    """Objects of OpenSLO v1."""

    text: str = Field(max_length=1_000_000, description="YAML, a document each.")


class BurnBody(BaseModel):
    """What a rule of burn rates found."""

    name: str
    long: str
    short: str
    severity: str = Field(description="page or ticket.")
    rate: float = Field(description="That must not last: 1 spends the budget in its window.")
    state: str = Field(description="quiet, burning, not enough traffic, or not known.")
    long_rate: float | None
    short_rate: float | None
    events: float = Field(description="In the long window.")
    least: int = Field(description="Events that it takes for a word on it.")

    @classmethod
    def of(cls, one: BurnShown) -> Self:
        return cls(**{name: getattr(one, name) for name in cls.model_fields})


class ObjectiveBody(BaseModel):
    """How an objective stands."""

    objective: str = Field(description="Its place among those of the SLO, from 1 on.")
    title: str
    target: str
    verdict: Verdict
    reason: str | None = Field(description="Why it is not known, where somebody said.")
    at: datetime
    since: datetime
    until: datetime
    budget_minutes: float = Field(description="That may be lost in the window.")
    consumed_minutes: float | None
    left_minutes: float | None
    consumed_share: float | None = Field(description="Of the budget; 1 is all of it.")
    attained: float | None = Field(description="The good part of what is known.")
    coverage: float = Field(description="How much of what has passed is known, 0 to 1.")
    excluded_minutes: float = Field(description="Spent in maintenance: part of no sum.")
    newest: datetime | None = Field(description="Until when it is known.")
    burns: list[BurnBody]
    demands: list[str] = Field(description="Of the policy: features, emergency, incident, ...")
    not_enough_traffic: bool = Field(description="Too few events for the policy to demand more.")

    @classmethod
    def of(cls, one: Standing) -> Self:
        same = ("objective", "title", "target", "verdict", "at", "since", "until", "attained")
        more = ("consumed_minutes", "left_minutes", "coverage", "excluded_minutes", "newest")
        return cls(
            **{name: getattr(one, name) for name in same + more},
            reason=one.reason or None,
            budget_minutes=one.minutes,
            consumed_share=one.share,
            burns=[BurnBody.of(burn) for burn in one.burns],
            demands=list(one.demands),
            not_enough_traffic=one.little,
        )


class HoldingBody(BaseModel):
    """A demand or a burn, and since when it holds."""

    objective: str
    what: str
    since: datetime

    @classmethod
    def of(cls, one: Crossing) -> Self:
        return cls(objective=one.objective, what=one.what, since=one.since)


class SloBody(BaseModel):
    """An SLO, and how its objectives stand."""

    tenant: str
    slo: str
    title: str
    description: str
    service: str
    window: str
    rolling: bool
    budgeting: str
    verdict: Verdict
    objectives: list[ObjectiveBody] = Field(description="None before it was judged first.")
    holding: list[HoldingBody] = Field(
        description="Demands and burns that hold, and since when; a silent source ends none."
    )

    @classmethod
    def of(cls, shown: Shown) -> Self:
        slo = shown.slo
        return cls(
            tenant=shown.tenant,
            slo=slo.metadata.name,
            title=slo.metadata.title,
            description=slo.description,
            service=slo.service,
            window=str(slo.window.span),
            rolling=slo.window.rolling,
            budgeting=slo.budgeting.value,
            verdict=shown.verdict,
            objectives=[ObjectiveBody.of(one) for one in shown.objectives],
            holding=[HoldingBody.of(one) for one in shown.holding],
        )


class Slos(BaseModel):
    """SLOs by tenant and name."""

    slos: list[SloBody]


class LeftBody(BaseModel):
    """How much of the budget was left at an instant."""

    at: datetime
    left_share: float | None = Field(description="1 is all, below 0 overdrawn; null: not known.")

    @classmethod
    def of(cls, one: Left) -> Self:
        return cls(at=one.at, left_share=one.share)


class SloHistory(BaseModel):
    """How the budget of the current window was spent, from its beginning on."""

    points: list[LeftBody]


class AttainmentBody(BaseModel):
    """What was attained of one objective."""

    tenant: str
    service: str
    slo: str
    title: str
    objective: str
    target: str
    attained: float | None = Field(description="0 to 1, of what is known; null: nothing is.")
    met: bool | None = Field(description="null: not known.")
    allowed_minutes: float
    lost_minutes: float | None
    coverage: float = Field(description="How much of what has passed is known, 0 to 1.")
    excluded_minutes: float = Field(description="Spent in maintenance, which counts for nothing.")
    reason: str = Field(description="Why nothing can be counted.")


class SlaReport(BaseModel):
    """What was promised of services, and what was attained, over a period."""

    model_config = ConfigDict(serialize_by_alias=True)

    since: datetime = Field(alias="from")
    until: datetime = Field(alias="to")
    rows: list[AttainmentBody]


class ObjectName(BaseModel):
    """Which object."""

    kind: str
    name: str


class AppliedBody(BaseModel):
    """What became of a text."""

    changed: list[ObjectName]
    unchanged: list[ObjectName]
    notes: list[str] = Field(description="How something was understood that is not plain.")

    @classmethod
    def of(cls, one: Applied) -> Self:
        return cls(
            changed=[ObjectName(kind=kind, name=name) for kind, name in one.changed],
            unchanged=[ObjectName(kind=kind, name=name) for kind, name in one.unchanged],
            notes=list(one.notes),
        )


class PlannedRule(BaseModel):
    """A rule of burn rates that an objective would be judged by."""

    name: str
    long: str
    short: str
    rate: float
    least: int = Field(description="Events that it takes for a word on it.")


class PlannedBody(BaseModel):
    """An objective that there would be."""

    slo: str
    objective: str
    title: str
    target: str
    budget_minutes: float
    source: str | None = Field(description="The type of source that it would be counted from.")
    rules: list[PlannedRule]

    @classmethod
    def of(cls, one: Planned) -> Self:
        minutes = one.slo.window.span.length.total_seconds() / 60
        return cls(
            slo=one.slo.metadata.name,
            objective=one.number,
            title=one.title,
            target=f"{one.objective.target:f}",
            budget_minutes=float(1 - one.objective.target) * minutes,
            source=one.measure.type if one.measure else None,
            rules=[
                PlannedRule(
                    name=rule.name,
                    long=named(rule.long),
                    short=named(rule.short),
                    rate=float(rule.rate),
                    least=one.least(rule.rate),
                )
                for rule in one.rules
            ],
        )


class Preview(BaseModel):
    """What a text is, and what would be counted."""

    objects: list[ObjectName]
    objectives: list[PlannedBody]
    notes: list[str]


class RulesBody(BaseModel):
    """A file of rules of Prometheus."""

    text: str
    notes: list[str] = Field(description="Objectives that have none, and why.")


class Written(BaseModel):
    """A text."""

    text: str
