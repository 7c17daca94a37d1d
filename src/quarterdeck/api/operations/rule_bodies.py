"""Alert rules, and what they say, as JSON."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from quarterdeck.kernel.clock import instant
from quarterdeck.operations.rules.baseline import Baseline, Beside, Deviation, Usual
from quarterdeck.operations.rules.document import doc_of, kept
from quarterdeck.operations.rules.instance import Instance, Seen
from quarterdeck.operations.rules.model import Kept, PromQL, Standing, State, Version
from quarterdeck.operations.rules.promql import promql
from quarterdeck.operations.rules.service.exchanging import Form
from quarterdeck.operations.rules.service.looking import Account
from quarterdeck.operations.rules.service.trying import Tried
from quarterdeck.operations.rules.service.writing import Applied
from quarterdeck.web.bodies import Body

Why = Annotated[str, Field(max_length=2000, description="Why, for the history.")]
Text = Annotated[str, Field(max_length=4_194_304)]


class StandingBody(BaseModel):
    """What a rule says now."""

    state: State
    reason: str | None = Field(description="Of an error, or why something is not known.")
    value: float | None = Field(description="Farthest beyond the threshold, or nearest to it.")
    firing: int
    pending: int
    unknown: int
    series: int = Field(description="How many things it looks at; of PromQL, that fire or pend.")
    evaluated_at: datetime | None

    @classmethod
    def of(cls, standing: Standing) -> Self:
        return cls(
            state=standing.state,
            reason=standing.reason or None,
            value=standing.value,
            firing=standing.firing,
            pending=standing.pending,
            unknown=standing.unknown,
            series=standing.series,
            evaluated_at=standing.at,
        )


class RuleBody(BaseModel):
    """A rule, and what it says."""

    tenant: str
    name: str
    version: int
    by: str
    at: datetime = Field(description="When this version was made.")
    kind: str = Field(description="threshold, or promql.")
    promql: str = Field(description="The condition as Prometheus would ask for it.")
    severity: str
    runbook: str = Field(description="Where the steps stand that answer it.")
    auto_remediation: str | None = Field(description="What of it is done here, each alert says.")
    rule: dict[str, Any] = Field(description="As it is written: PUT it again to change it.")
    standing: StandingBody

    @classmethod
    def of(cls, kept: Kept) -> Self:
        rule = kept.rule
        return cls(
            tenant=kept.tenant,
            name=rule.name,
            version=kept.version,
            by=kept.by,
            at=kept.at,
            kind="promql" if isinstance(rule.condition, PromQL) else "threshold",
            promql=promql(rule.condition),
            severity=rule.severity,
            runbook=link(kept),
            auto_remediation=rule.remediation or None,
            rule=doc_of(rule),
            standing=StandingBody.of(kept.standing),
        )


class RulePage(BaseModel):
    """Rules by tenant and name."""

    rules: list[RuleBody]
    counts: dict[State, int] = Field(description="Of all: how many are in each state.")


class InstanceBody(BaseModel):
    """One thing of which the condition holds."""

    labels: dict[str, str]
    state: State
    since: datetime
    fired_at: datetime | None
    value: float | None
    known: bool = Field(description="False: it is as it was when something was last known.")
    reason: str | None

    @classmethod
    def of(cls, one: Instance) -> Self:
        return cls(
            labels=dict(one.labels),
            state=one.state,
            since=instant(one.since),
            fired_at=None if one.fired_at is None else instant(one.fired_at),
            value=one.value,
            known=one.known,
            reason=one.why or None,
        )


class RuleAccount(RuleBody):
    """A rule with what of it is pending or fires."""

    instances: list[InstanceBody]

    @classmethod
    def told(cls, account: Account) -> Self:
        own = RuleBody.of(account.kept).model_dump()
        return cls(**own, instances=[InstanceBody.of(one) for one in account.instances])


class VersionBody(BaseModel):
    """A rule as it was at one time."""

    version: int
    how: str
    why: str | None
    by: str
    at: datetime
    rule: dict[str, Any]

    @classmethod
    def of(cls, version: Version) -> Self:
        return cls(
            version=version.version,
            how=version.how,
            why=version.why or None,
            by=version.by,
            at=version.at,
            rule=doc_of(kept(version.text)),
        )


class RuleHistory(BaseModel):
    """The versions of a rule, newest first."""

    versions: list[VersionBody]


class RuleDiff(BaseModel):
    """What changed from one version to another."""

    old: int
    new: int
    diff: str = Field(description="Unified; empty where nothing did.")


class SeenBody(BaseModel):
    """A number that a rule looked at."""

    labels: dict[str, str]
    value: float | None
    holds: bool | None = Field(description="Whether the condition does; null: not known.")
    newest: datetime = Field(description="Of the points that it is made of.")
    reason: str | None

    @classmethod
    def of(cls, seen: Seen) -> Self:
        return cls(
            labels=dict(seen.labels),
            value=seen.value,
            holds=seen.holds,
            newest=instant(seen.newest),
            reason=seen.why or None,
        )


class TriedBody(BaseModel):
    """What a rule would say at an instant, by the samples that are stored."""

    at: datetime
    standing: StandingBody
    instances: list[InstanceBody]
    values: list[SeenBody]

    @classmethod
    def of(cls, tried: Tried) -> Self:
        return cls(
            at=tried.at,
            standing=StandingBody.of(tried.standing),
            instances=[InstanceBody.of(one) for one in tried.instances],
            values=[SeenBody.of(one) for one in tried.seen],
        )


class Written(Body):
    """A rule to apply, in the native form."""

    rule: dict[str, Any]
    why: Why = ""
    expected_version: int = Field(0, ge=0, description="Refuse if it is at another; 0: any.")


class Because(Body):
    """Why something is done."""

    why: Why = ""


class Back(Because):
    """To which version."""

    version: int = Field(ge=1, le=2**31 - 1)


class Trial(Body):
    """A rule that there might be, and when to try it."""

    rule: dict[str, Any]
    at: AwareDatetime | None = None


class Period(Body):
    """From when to when."""

    model_config = ConfigDict(validate_by_name=True, serialize_by_alias=True)

    since: AwareDatetime = Field(alias="from")
    until: AwareDatetime = Field(alias="to")


class UsualBody(BaseModel):
    """What was usual of one thing: percentiles of so many numbers."""

    p5: float
    p50: float
    p95: float
    numbers: int

    @classmethod
    def of(cls, one: Usual) -> Self:
        return cls(p5=one.low, p50=one.middle, p95=one.high, numbers=one.many)


class DeviationBody(BaseModel):
    """One number beside what is usual of it."""

    labels: dict[str, str]
    value: float | None = Field(description="Now; null: not known.")
    usual: UsualBody | None = Field(description="null: it was not there then.")
    deviation_percent: float | None = Field(description="By how much it is off the middle.")
    beside: Beside = Field(description="above: beyond the 95th percentile; below: the 5th.")

    @classmethod
    def of(cls, one: Deviation) -> Self:
        return cls(
            labels=dict(one.labels),
            value=one.value,
            usual=None if one.usual is None else UsualBody.of(one.usual),
            deviation_percent=one.percent,
            beside=one.beside,
        )


class BaselineBody(BaseModel):
    """What is usual of a rule's numbers, and what they are now beside it."""

    model_config = ConfigDict(serialize_by_alias=True)

    since: datetime = Field(alias="from")
    until: datetime = Field(alias="to")
    by: str
    at: datetime
    things: list[DeviationBody]

    @classmethod
    def told(cls, found: Baseline, now: Sequence[Deviation]) -> Self:
        said = {"from": found.since, "to": found.until, "by": found.by, "at": found.at}
        return cls.model_validate(said | {"things": [DeviationBody.of(one) for one in now]})


class Carried(Because):
    """Rules of others: ours, runbook 000's YAML, 003's JSON, or a rule file of Prometheus."""

    text: Text
    file: str = Field("", max_length=300, description="Where from: keeps groups of files apart.")
    dry_run: bool = Field(default=False, description="Say what would become of it; change nothing.")


class CarriedBody(BaseModel):
    """What became of the rules of a text."""

    form: Form
    created: list[str]
    changed: list[str]
    unchanged: list[str]
    notes: list[str] = Field(description="What was left out, or has no effect here yet.")


class AppliedBody(BaseModel):
    """What became of rules."""

    created: list[str]
    changed: list[str]
    unchanged: list[str]

    @classmethod
    def of(cls, applied: Applied) -> Self:
        return cls(
            created=list(applied.created),
            changed=list(applied.changed),
            unchanged=list(applied.unchanged),
        )


class ExportBody(BaseModel):
    """Rules in one form."""

    form: Form
    text: str


def link(kept: Kept) -> str:
    """Where the steps stand: an address as it was given, or the rule's own page."""
    said = kept.rule.runbook or kept.rule.annotations.get("runbook_url", "")
    return said if "://" in said else f"/alert-rules/{kept.tenant}/{kept.rule.name}#respond"
