"""What the routes of compliance answer."""

import json
from dataclasses import asdict
from datetime import date, datetime
from typing import Any, Self

from pydantic import BaseModel, Field

from quarterdeck.governance.compliance.model.coverage import (
    STALE_AFTER,
    Age,
    Coverage,
    Part,
    Silence,
)
from quarterdeck.governance.compliance.model.posture import KeptAdvice
from quarterdeck.governance.compliance.model.state import Change, PolicyState
from quarterdeck.governance.compliance.model.verdict import Tally, Verdict
from quarterdeck.governance.compliance.service import queries

SYNC = "POST /api/v1/sync/compliance"


class TallyBody(BaseModel):
    """Policy states by verdict."""

    compliant: int
    non_compliant: int
    not_known: int = Field(description="The cloud came to no verdict; in no score.")
    exempt: int = Field(description="In no score.")
    not_applicable: int = Field(description="In no score.")
    total: int
    score_percent: float | None = Field(
        description="Compliant of compliant and non-compliant; null: none is decided."
    )

    @classmethod
    def of(cls, tally: Tally) -> Self:
        return cls(**asdict(tally), total=tally.total, score_percent=tally.score_percent)


class SilenceBody(BaseModel):
    """Who does not speak, and why."""

    tenant: str
    subscription: str | None = Field(description="Null: the whole tenant.")
    name: str
    part: Part
    reason: str
    missing_role: str | None

    @classmethod
    def of(cls, one: Silence) -> Self:
        return cls(
            tenant=one.tenant,
            subscription=one.subscription or None,
            name=one.name,
            part=one.part,
            reason=one.reason,
            missing_role=one.missing or None,
        )


class CoverageBody(BaseModel):
    """How much speaks, of what there is."""

    tenants: int
    tenants_heard: int
    subscriptions: int
    subscriptions_heard: int
    percent: float | None = Field(description="Of subscriptions; null: none is known.")
    items: int = Field(description="That were read, or could not be.")
    items_unreadable: int = Field(description="Of these, what could not be read.")
    complete: bool
    silent: list[SilenceBody]

    @classmethod
    def of(cls, found: Coverage) -> Self:
        return cls(
            tenants=found.tenants,
            tenants_heard=found.heard_tenants,
            subscriptions=found.subscriptions,
            subscriptions_heard=found.heard,
            percent=found.percent,
            items=found.items,
            items_unreadable=found.unread,
            complete=found.whole,
            silent=[SilenceBody.of(one) for one in found.silent],
        )


class FreshnessBody(BaseModel):
    """How old it is, by its oldest part."""

    state: Age = Field(description="Stale from 5 h on; never: nothing was read yet.")
    last_updated: datetime | None
    age_seconds: float | None
    stale_after_seconds: int
    action: str | None = Field(description="What brings it up to date, where it is not.")

    @classmethod
    def of(cls, found: Coverage, now: datetime) -> Self:
        age, state = found.age(now), found.state(now)
        return cls(
            state=state,
            last_updated=found.last_read,
            age_seconds=None if age is None else age.total_seconds(),
            stale_after_seconds=int(STALE_AFTER.total_seconds()),
            action=None if state is Age.CURRENT else SYNC,
        )


class SecureScoreBody(BaseModel):
    """Secure score over subscriptions: points add up, percentages do not."""

    percent: float | None = Field(description="Null: no score is known.")
    points: float | None
    max_points: float | None
    subscriptions: int = Field(description="Whose score is known.")
    coverage: CoverageBody

    @classmethod
    def of(cls, found: queries.Points) -> Self:
        known = found.percent is not None
        return cls(
            percent=found.percent,
            points=round(found.current, 2) if known else None,
            max_points=round(found.most, 2) if known else None,
            subscriptions=found.subscriptions,
            coverage=CoverageBody.of(found.coverage),
        )


class TenantStanding(BaseModel):
    """How one tenant stands."""

    tenant: str
    score_percent: float | None
    counts: TallyBody
    secure_score: SecureScoreBody
    coverage: CoverageBody
    freshness: FreshnessBody


class PolicyStanding(BaseModel):
    """How one policy stands."""

    policy: str
    title: str | None = Field(description="What people call it; null: not known.")
    counts: TallyBody


class SummaryBody(BaseModel):
    """How all that was asked for stands."""

    score_percent: float | None = Field(description="Null: nothing is decided. Never 0 for that.")
    counts: TallyBody
    non_compliant_resources: int
    secure_score: SecureScoreBody
    coverage: CoverageBody
    freshness: FreshnessBody
    tenants: list[TenantStanding]
    policies: list[PolicyStanding] = Field(description="Worst first.")

    @classmethod
    def of(cls, found: queries.Summary, now: datetime) -> Self:
        return cls(
            score_percent=found.tally.score_percent,
            counts=TallyBody.of(found.tally),
            non_compliant_resources=found.failing_resources,
            secure_score=SecureScoreBody.of(found.points),
            coverage=CoverageBody.of(found.coverage),
            freshness=FreshnessBody.of(found.coverage, now),
            tenants=[_standing(one, now) for one in found.tenants],
            policies=[
                PolicyStanding(
                    policy=name,
                    title=found.titles.get(name.casefold()),
                    counts=TallyBody.of(tally),
                )
                for name, tally in found.policies
            ],
        )


class StateBody(BaseModel):
    """What one policy says of one resource."""

    id: str
    tenant: str
    connection: str
    subscription: str
    resource: str = Field(description="The cloud's id.")
    resource_type: str
    location: str
    resource_group: str
    assignment: str
    assignment_name: str
    policy: str
    policy_name: str
    policy_set: str
    policy_title: str = Field(description="What people call it; empty: not known.")
    policy_set_title: str
    assignment_title: str
    category: str
    effect: str
    state: Verdict
    cloud_state: str = Field(description="The cloud's own word.")
    since: datetime = Field(description="When it got this verdict, as far as was seen.")
    evaluated_at: datetime | None
    first_seen: datetime
    closed_at: datetime | None = Field(description="The first whole listing that lacked it.")

    @classmethod
    def of(cls, found: PolicyState) -> Self:
        return cls(**_fields(found))


class ChangeBody(BaseModel):
    """How a state changed."""

    at: datetime
    what: str
    run: str
    was: Verdict | None
    became: Verdict | None

    @classmethod
    def of(cls, change: Change) -> Self:
        return cls(
            at=change.at,
            what=change.what.value,
            run=change.run,
            was=change.was,
            became=change.became,
        )


class DescribedBody(StateBody):
    """A state, all that the cloud says of it, and its newest changes."""

    body: Any = Field(description="What the cloud sent.")
    history: list[ChangeBody] = Field(description="Newest first; at most 200.")

    @classmethod
    def told(cls, found: queries.Described) -> Self:
        return cls(
            **_fields(found.state),
            body=json.loads(found.body),
            history=[ChangeBody.of(change) for change in found.history],
        )


class States(BaseModel):
    """A page of states, by resource; ``Link`` leads to the next."""

    states: list[StateBody]
    counts: TallyBody = Field(description="Of all that the filter finds, on all pages.")


class DriftBody(StateBody):
    """A state that turned non-compliant."""

    was: Verdict

    @classmethod
    def told(cls, found: PolicyState) -> Self:
        return cls(**_fields(found))


class DriftList(BaseModel):
    """What turned non-compliant, newest first; ``Link`` leads to older ones."""

    drift: list[DriftBody]


class GroupRow(BaseModel):
    """How one resource group stands."""

    tenant: str
    subscription: str
    resource_group: str
    counts: TallyBody

    @classmethod
    def of(cls, tenant: str, subscription: str, group: str, tally: Tally) -> Self:
        return cls(
            tenant=tenant,
            subscription=subscription,
            resource_group=group,
            counts=TallyBody.of(tally),
        )


class GroupPolicy(BaseModel):
    """One policy in a resource group."""

    assignment: str
    assignment_title: str | None = Field(description="Null: not known.")
    policy: str
    policy_title: str | None = Field(description="What people call it; null: not known.")
    counts: TallyBody


class GroupBody(GroupRow):
    """How one resource group stands, with its policies."""

    non_compliant_resources: int
    policies: list[GroupPolicy] = Field(description="Worst first.")

    @classmethod
    def told(cls, found: queries.Group) -> Self:
        return cls(
            tenant=found.tenant,
            subscription=found.subscription,
            resource_group=found.group,
            counts=TallyBody.of(found.tally),
            non_compliant_resources=found.failing_resources,
            policies=[
                GroupPolicy(
                    assignment=assignment,
                    assignment_title=found.titles.get(assignment.casefold()),
                    policy=policy,
                    policy_title=found.titles.get(policy.casefold()),
                    counts=TallyBody.of(tally),
                )
                for assignment, policy, tally in found.policies
            ],
        )


class DayBody(BaseModel):
    """How a day ended; all null on a day on which nothing was read."""

    day: date
    score_percent: float | None
    secure_score_percent: float | None
    counts: TallyBody | None

    @classmethod
    def of(cls, found: queries.Day) -> Self:
        return cls(
            day=found.day,
            score_percent=found.score_percent,
            secure_score_percent=found.secure_percent,
            counts=None if found.tally is None else TallyBody.of(found.tally),
        )


class Trend(BaseModel):
    """Every day asked for, in order."""

    days: list[DayBody]


class AdviceBody(BaseModel):
    """One recommendation of the cloud."""

    id: str
    tenant: str
    subscription: str
    cloud_id: str
    category: str
    impact: str
    resource_type: str
    resource: str | None
    concerned: str
    problem: str
    solution: str
    first_seen: datetime

    @classmethod
    def of(cls, one: KeptAdvice) -> Self:
        return cls(
            id=one.id,
            tenant=one.tenant,
            subscription=one.subscription,
            cloud_id=one.cloud_id,
            category=one.category,
            impact=one.impact,
            resource_type=one.kind,
            resource=one.resource or None,
            concerned=one.concerned,
            problem=one.problem,
            solution=one.solution,
            first_seen=one.first_seen,
        )


class AdviceList(BaseModel):
    """Recommendations; ``Link`` leads to more."""

    advice: list[AdviceBody]


def _standing(one: queries.Standing, now: datetime) -> TenantStanding:
    return TenantStanding(
        tenant=one.tenant,
        score_percent=one.tally.score_percent,
        counts=TallyBody.of(one.tally),
        secure_score=SecureScoreBody.of(one.points),
        coverage=CoverageBody.of(one.coverage),
        freshness=FreshnessBody.of(one.coverage, now),
    )


def _fields(found: PolicyState) -> dict[str, Any]:
    fields = asdict(found)
    return fields | {
        "resource_group": found.group,
        "state": found.verdict,
        "cloud_state": found.word,
    }
