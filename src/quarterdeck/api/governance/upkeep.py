"""/api/v1/sync/policies, /held, /doubts and /patterns: how domains are kept, and what waits."""

from datetime import datetime, timedelta
from typing import Annotated, Self

from fastapi import Query, Response
from pydantic import BaseModel, Field

from quarterdeck.api.governance.policies import InPolicies
from quarterdeck.governance.sync.doubts import Doubt
from quarterdeck.governance.sync.model import MOST_RUNS, Policy, policy
from quarterdeck.governance.sync.patterns import Name, Pattern
from quarterdeck.governance.sync.service import doubts, holds, policies, queries
from quarterdeck.governance.sync.service.policies import Change
from quarterdeck.governance.sync.waiting import Hold
from quarterdeck.kernel.ids import ConnectionId
from quarterdeck.web.bodies import Body
from quarterdeck.web.deps import InRead, InWork
from quarterdeck.web.etags import IfMatch, check_match, etag_of
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import api_router

router = api_router(prefix="/sync", tags=["sync"])

Seconds = Annotated[float | None, Field(ge=0, le=1e9)]
Tenant = Annotated[str, Query(max_length=200, description="Only for this one; empty: for all.")]


class PolicyBody(BaseModel):
    """How a domain is kept up to date."""

    domain: str
    interval_seconds: float
    expected_min_seconds: float
    expected_max_seconds: float
    limit_seconds: float = Field(description="A longer run is flagged, not killed.")
    stale_after_seconds: float = Field(description="Scales with the interval.")
    backoff_base_seconds: float = Field(description="Pause before a failed run is repeated.")
    backoff_factor: float = Field(description="By which each further pause is longer.")
    backoff_cap_seconds: float = Field(description="No pause is longer.")
    error_rate_min_runs: int = Field(
        description="Runs that must have ended within an hour before high_error_rate may fire."
    )
    paused: bool = Field(description="For every tenant.")
    paused_tenants: list[str] = Field(description="For which alone it is paused.")

    @classmethod
    def of(cls, kept: Policy, paused: list[str]) -> Self:
        return cls(
            domain=kept.domain,
            interval_seconds=kept.interval.total_seconds(),
            expected_min_seconds=kept.expected[0].total_seconds(),
            expected_max_seconds=kept.expected[1].total_seconds(),
            limit_seconds=kept.limit.total_seconds(),
            stale_after_seconds=kept.stale_after.total_seconds(),
            backoff_base_seconds=kept.backoff.base.total_seconds(),
            backoff_factor=kept.backoff.factor,
            backoff_cap_seconds=kept.backoff.cap.total_seconds(),
            error_rate_min_runs=kept.fewest,
            paused=kept.paused,
            paused_tenants=paused,
        )


class PolicyList(BaseModel):
    """Every domain."""

    policies: list[PolicyBody]


class PolicyChange(Body):
    """What to change; what is left out stays as it is."""

    interval_seconds: Seconds = None
    expected_min_seconds: Seconds = None
    expected_max_seconds: Seconds = None
    limit_seconds: Seconds = None
    backoff_base_seconds: Seconds = None
    backoff_factor: Annotated[float | None, Field(ge=1, le=10)] = None
    backoff_cap_seconds: Seconds = None
    error_rate_min_runs: Annotated[int | None, Field(ge=1, le=MOST_RUNS)] = None

    def change(self) -> Change:
        return Change(
            interval=_span(self.interval_seconds),
            expected_min=_span(self.expected_min_seconds),
            expected_max=_span(self.expected_max_seconds),
            limit=_span(self.limit_seconds),
            base=_span(self.backoff_base_seconds),
            factor=self.backoff_factor,
            cap=_span(self.backoff_cap_seconds),
            fewest=self.error_rate_min_runs,
        )


class HoldBody(BaseModel):
    """What is not read until its cloud says that it is healthy."""

    connection: str
    tenant: str
    domain: str
    run: str = Field(description="That timed out.")
    since: datetime
    asked_at: datetime = Field(description="When the cloud was last asked how it does.")
    words: str = Field(description="The cloud's own.")

    @classmethod
    def of(cls, hold: Hold) -> Self:
        return cls(
            connection=hold.connection,
            tenant=hold.tenant,
            domain=hold.domain,
            run=hold.run,
            since=hold.since,
            asked_at=hold.asked_at,
            words=hold.words,
        )


class HoldList(BaseModel):
    """The longest first."""

    held: list[HoldBody]


class DoubtBody(BaseModel):
    """What is kept though its cloud told it no more: not known whether it is gone."""

    connection: str
    tenant: str
    domain: str
    place: str = Field(description="What lacks it.")
    subscription: str = Field(description="Whose it is; empty: all of the connection's.")
    items: int
    since: datetime
    asked_again: bool = Field(
        description="It is asked again, and believed if it is said again; false: never believed."
    )

    @classmethod
    def of(cls, doubt: Doubt) -> Self:
        return cls(
            connection=doubt.connection,
            tenant=doubt.tenant,
            domain=doubt.domain,
            place=doubt.place,
            subscription=doubt.subscription,
            items=doubt.items,
            since=doubt.since,
            asked_again=doubt.again,
        )


class DoubtList(BaseModel):
    """The longest first."""

    doubts: list[DoubtBody]


class PatternBody(BaseModel):
    """Failures of one tenant that have one cause (runbook 000, section 3.2)."""

    pattern: Name
    tenant: str
    domains: list[str]
    signs: list[str] = Field(description="What it was recognised by.")
    runs: int = Field(description="How many show it.")
    recommended_action: str

    @classmethod
    def of(cls, found: Pattern) -> Self:
        return cls(
            pattern=found.name,
            tenant=found.tenant,
            domains=list(found.domains),
            signs=list(found.signs),
            runs=found.runs,
            recommended_action=found.advice,
        )


class PatternList(BaseModel):
    """Patterns of the last 24 h, by tenant."""

    patterns: list[PatternBody]


@router.get("/policies", responses=problems(401, 403), **needs("sync:read"))
def list_sync_policies(work: InRead, known: InPolicies) -> PolicyList:
    """How each domain is kept up to date."""
    kept, paused = policies.listed(work, known), policies.pauses(work)
    return PolicyList(
        policies=[
            PolicyBody.of(one, [p.tenant for p in paused if p.domain == domain])
            for domain, one in kept.items()
        ]
    )


@router.get("/policies/{domain}", responses=problems(401, 403, 404), **needs("sync:read"))
def get_sync_policy(domain: str, work: InRead, known: InPolicies, response: Response) -> PolicyBody:
    """How one domain is kept up to date."""
    kept = policy(policies.listed(work, known), domain)
    response.headers["ETag"] = etag_of(domain, kept.version)
    return PolicyBody.of(kept, [p.tenant for p in policies.pauses(work) if p.domain == domain])


@router.patch(
    "/policies/{domain}",
    responses=problems(401, 403, 404, 409, 412, 422),
    **needs("sync:configure"),
)
def change_sync_policy(
    domain: str,
    body: PolicyChange,
    work: InWork,
    known: InPolicies,
    response: Response,
    if_match: IfMatch = None,
) -> PolicyBody:
    """Change how a domain is kept up to date; the next runs move accordingly."""
    if if_match is not None:
        kept = policy(policies.current(work.db, known), domain)
        check_match(if_match, etag_of(domain, kept.version))
    changed = policies.change(work, known, domain, body.change())
    response.headers["ETag"] = etag_of(domain, changed.version)
    return PolicyBody.of(changed, [])


@router.post(
    "/policies/{domain}/pause",
    status_code=204,
    responses=problems(401, 403, 404),
    **needs("sync:configure"),
)
def pause_sync(domain: str, work: InWork, known: InPolicies, tenant: Tenant = "") -> None:
    """Begin no run of a domain until it is resumed; what runs goes on to its end."""
    policies.pause(work, known, domain, tenant)


@router.post(
    "/policies/{domain}/resume",
    status_code=204,
    responses=problems(401, 403, 404),
    **needs("sync:configure"),
)
def resume_sync(domain: str, work: InWork, known: InPolicies, tenant: Tenant = "") -> None:
    """End a pause; what is due begins at once."""
    policies.resume(work, known, domain, tenant)


@router.get("/held", responses=problems(401, 403), **needs("sync:read"))
def list_held_syncs(work: InRead) -> HoldList:
    """What waits until its cloud says that it is healthy."""
    return HoldList(held=[HoldBody.of(hold) for hold in holds.held(work)])


@router.post(
    "/held/{connection}/{domain}/release",
    status_code=204,
    responses=problems(401, 403, 404),
    **needs("sync:trigger"),
)
def release_held_sync(connection: str, domain: str, work: InWork) -> None:
    """Read it although its cloud says that it is degraded."""
    holds.release(work, ConnectionId(connection), domain)


@router.get("/doubts", responses=problems(401, 403), **needs("sync:read"))
def list_sync_doubts(work: InRead) -> DoubtList:
    """What is kept though its cloud told it no more: not known whether it is gone."""
    return DoubtList(doubts=[DoubtBody.of(doubt) for doubt in doubts.doubted(work)])


@router.get("/patterns", responses=problems(401, 403), **needs("sync:read"))
def list_sync_patterns(work: InRead, known: InPolicies) -> PatternList:
    """Patterns in the failures of the last 24 h, and what to do about them."""
    return PatternList(patterns=[PatternBody.of(p) for p in queries.patterns_of(work, known)])


def _span(seconds: float | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)
