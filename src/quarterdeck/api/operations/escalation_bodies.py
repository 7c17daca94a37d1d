"""What /api/v1/escalation reads and answers with."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, Field

from quarterdeck.operations.escalation.document import written
from quarterdeck.operations.escalation.model.policy import Level, Times, Until
from quarterdeck.operations.escalation.model.version import Version
from quarterdeck.operations.escalation.service.policies import Standing
from quarterdeck.operations.escalation.tree import Decision
from quarterdeck.web.bodies import Body

MINUTE_S = 60
Why = Annotated[str, Field(max_length=500, description="Why, for the history.")]
Expected = Annotated[
    int | None,
    Field(ge=0, le=2**31 - 1, description="Only if it is at this version; 0: not there yet."),
]
Minutes = Mapping[str, float | None]


class PolicyText(Body):
    """A policy as people write it."""

    text: str = Field(max_length=262_144, description="YAML, or JSON.")
    why: Why = ""
    expected_version: Expected = None


class EarlierPolicy(Body):
    """Which version to put back."""

    version: int = Field(ge=1, le=2**31 - 1)
    why: Why = ""
    expected_version: Expected = None


class Answers(Body):
    """Answers to a decision tree, in its order."""

    answers: list[Annotated[str, Field(max_length=200)]] = Field([], max_length=20)


class DecisionBody(BaseModel):
    """Where a decision tree stands."""

    ask: str = Field(description="The next question; empty: it is decided.")
    answers: list[str]
    level: str = Field(description="The level that it ends in, or none; empty: not decided yet.")

    @classmethod
    def of(cls, one: Decision) -> Self:
        return cls(ask=one.ask, answers=list(one.answers), level=one.level)


class LevelBody(BaseModel):
    """One level."""

    name: str
    title: str
    targets: list[str] = Field(description="As: schedule primary.")
    by: list[str]
    notify_at_min: Minutes = Field(description="By severity, minutes; null: never.")
    engage_at_min: Minutes = Field(description="By severity: when they must join.")
    only_with: list[str] = Field(description="Flags without one of which it is not told.")
    at_once_with: list[str] = Field(description="Flags with which it must join at once.")
    repeat_every_min: float | None
    repeat_most: int
    note: str

    @classmethod
    def of(cls, one: Level) -> Self:
        every = one.repeat_every
        return cls(
            name=one.name,
            title=one.title,
            targets=[str(each) for each in one.targets],
            by=list(one.by),
            notify_at_min=_minutes(one.notify_at),
            engage_at_min=_minutes(one.engage_at),
            only_with=sorted(one.only_with),
            at_once_with=sorted(one.at_once_with),
            repeat_every_min=None if every is None else every.total_seconds() / MINUTE_S,
            repeat_most=one.repeat_most,
            note=one.note,
        )


class PolicyBody(BaseModel):
    """A policy as it stands."""

    tenant: str
    name: str
    version: int
    at: datetime = Field(description="When this version was made.")
    by: str
    description: str
    levels: list[LevelBody]
    acknowledged_holds_min: float | None = Field(
        description="After which an acknowledged page that is not resolved wants somebody again."
    )
    engages_until: Until
    then: str = Field(description="The policy that goes on; empty: none.")
    external: dict[str, str]
    text: str = Field(description="As people write it, in YAML.")

    @classmethod
    def of(cls, one: Standing) -> Self:
        policy, holds = one.policy, one.policy.acknowledged_holds
        return cls(
            tenant=one.version.tenant,
            name=policy.name,
            version=one.version.version,
            at=one.version.at,
            by=one.version.by,
            description=policy.description,
            levels=[LevelBody.of(level) for level in policy.levels],
            acknowledged_holds_min=None if holds is None else holds.total_seconds() / MINUTE_S,
            engages_until=policy.engages_until,
            then=policy.then,
            external=dict(policy.external),
            text=written(one.spec),
        )


class Policies(BaseModel):
    """Policies by tenant and name."""

    policies: list[PolicyBody]


class AppliedPolicy(BaseModel):
    """What became of a text."""

    policy: PolicyBody
    changed: bool
    notes: list[str] = Field(description="What of it will tell nobody.")


class PolicyVersion(BaseModel):
    """A policy as it was."""

    version: int
    at: datetime
    by: str
    how: str
    why: str

    @classmethod
    def of(cls, one: Version) -> Self:
        return cls(version=one.version, at=one.at, by=one.by, how=one.how, why=one.why)


class PolicyHistory(BaseModel):
    """Versions, newest first."""

    versions: list[PolicyVersion]


def _minutes(times: Times) -> Minutes:
    return {
        word: None if at is None else at.total_seconds() / MINUTE_S for word, at in times.items()
    }
