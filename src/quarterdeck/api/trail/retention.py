"""/api/v1/trail/retention and /residency: purge by policy, and reports that check both."""

from typing import Annotated, Self

from fastapi import Query
from pydantic import BaseModel, Field

from quarterdeck.kernel.clock import instant, rfc3339
from quarterdeck.runtime import Runtime
from quarterdeck.trail.retention.breaches import Judged, Promise, Verdict
from quarterdeck.trail.retention.model import Breach, Plan, Purge, PurgeState
from quarterdeck.trail.retention.service import asking, reports, watching
from quarterdeck.trail.retention.service.planning import Ground
from quarterdeck.trail.retention.service.watching import Watched
from quarterdeck.web.bodies import Body
from quarterdeck.web.deps import InRead, Installation, InWork
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import api_router

router = api_router(prefix="/trail", tags=["trail"])

SHOWN = 1000
OfTenant = Annotated[str, Query(min_length=1, max_length=200)]


class RangeBody(BaseModel):
    """Records from ``start`` up to, without, ``end``."""

    start: int
    end: int


class PlanBody(BaseModel):
    """What a purge does."""

    tenant: str
    dry_run: bool
    job: str | None = Field(description="What purges; null for a dry run.")
    due: int = Field(description="Records whose time is over, that can be removed.")
    classes: dict[str, int] = Field(description="The same by retention class.")
    ranges: list[RangeBody] = Field(description="The first 1,000.")
    held: dict[str, int] = Field(description="Records that a hold keeps, by hold.")
    waiting: int = Field(description="Due, but not sealed and stored away yet.")
    copies_until: str | None = Field(
        description="Until when locked copies stay in the segment store; they go then. "
        "null: none is locked, or it is not known."
    )
    copies_known: bool = Field(description="False: the segment store is away and cannot say.")

    @classmethod
    def of(cls, plan: Plan, job: str | None) -> Self:
        return cls(
            tenant=plan.tenant,
            dry_run=job is None,
            job=job,
            due=len(plan.due),
            classes=plan.classes,
            ranges=[RangeBody(start=a, end=b) for a, b in plan.ranges[:SHOWN]],
            held=dict(plan.held),
            waiting=plan.waiting,
            copies_until=rfc3339(plan.copies_until) if plan.copies_until else None,
            copies_known=plan.copies_known,
        )


class PurgeBody(BaseModel):
    """One step of a purge."""

    id: str
    tenant: str
    state: PurgeState
    records: int
    ranges: list[RangeBody] = Field(description="The first 1,000.")
    policy: str = Field(description="Digest of the retention policy.")
    at: str

    @classmethod
    def of(cls, purge: Purge) -> Self:
        return cls(
            id=purge.id,
            tenant=purge.tenant,
            state=purge.state,
            records=purge.count,
            ranges=[RangeBody(start=a, end=b) for a, b in purge.ranges[:SHOWN]],
            policy=purge.policy,
            at=rfc3339(instant(purge.at)),
        )


class Purges(BaseModel):
    """What was purged, newest first."""

    purges: list[PurgeBody]


class NewPurge(Body):
    """Whose records; a dry run unless said otherwise."""

    tenant: Annotated[str, Field(min_length=1, max_length=200)]
    dry_run: bool = True


class BreachBody(RangeBody):
    """Records that break a rule, and how."""

    what: str

    @classmethod
    def of(cls, breach: Breach) -> Self:
        return cls(start=breach.start, end=breach.end, what=breach.what)


class ValidationBody(BaseModel):
    """What a check of retention found."""

    tenant: str
    checked: int
    late: list[BreachBody] = Field(description="Kept a day or more past their time.")
    early: list[BreachBody] = Field(description="Removed before it, or with no purge naming them.")
    held: int = Field(description="Kept past their time by a hold: right as it is.")


class ResidenceBody(BaseModel):
    """What a check of residency found."""

    tenant: str
    region: str = Field(description="Where this installation stores, by its settings.")
    storage: str = Field(description="What is wrong with that; empty if nothing.")
    checked: int
    outside: list[BreachBody] = Field(description="Records from a region that is not allowed.")
    unknown: int = Field(description="Records that do not say where they came from.")


class PromiseBody(BaseModel):
    """One promise about a tenant's records."""

    promise: Promise
    verdict: Verdict = Field(description="`not known` is neither holds nor broken.")
    words: str = Field(description="Why it is broken, or not known.")
    records: int = Field(description="That break it.")
    since: str | None = Field(description="When it was found broken; null: it is not.")
    investigation: str | None = Field(description="Opened then; it freezes until it ends.")


class TenantPromises(BaseModel):
    """What is known of a tenant's records."""

    tenant: str
    at: str = Field(description="When the check looked last.")
    rounds: int = Field(description="Whole looks that ended under the policies of now.")
    position: int = Field(description="Where the look that goes on stands.")
    promises: list[PromiseBody]

    @classmethod
    def of(cls, found: Watched) -> Self:
        return cls(
            tenant=found.scan.tenant,
            at=rfc3339(instant(found.scan.at)),
            rounds=found.scan.rounds,
            position=found.scan.position,
            promises=[_promise(found, one) for one in found.judged],
        )


def _promise(found: Watched, judged: Judged) -> PromiseBody:
    broken = found.standing(judged.promise)
    return PromiseBody(
        promise=judged.promise,
        verdict=judged.verdict,
        words=judged.words,
        records=judged.records,
        since=rfc3339(instant(broken.since)) if broken else None,
        investigation=broken.investigation if broken else None,
    )


class Promises(BaseModel):
    """What is promised of records, by tenant; of one to whom nothing is, nothing stands here."""

    tenants: list[TenantPromises]


@router.post(
    "/retention/purge",
    responses=problems(401, 403, 404, 409, 422),
    **needs("retention:write"),
)
def purge_records(body: NewPurge, work: InWork, runtime: Installation) -> PlanBody:
    """Say what is due; with ``dry_run`` false, have a job remove it. Proofs stay."""
    plan = asking.plan(work, _ground(runtime), body.tenant)
    return PlanBody.of(plan, None if body.dry_run else asking.purge(work, body.tenant))


@router.get("/retention/purges", responses=problems(401, 403), **needs("trail:verify"))
def list_purges(work: InRead) -> Purges:
    """What was purged."""
    return Purges(purges=[PurgeBody.of(one) for one in asking.purges(work)])


@router.get("/retention/report", responses=problems(401, 403, 404), **needs("trail:verify"))
def retention_report(tenant: OfTenant, work: InRead, runtime: Installation) -> ValidationBody:
    """Which records were kept too long, and which removed too early."""
    found = reports.validate(work, _ground(runtime), tenant)
    return ValidationBody(
        tenant=tenant,
        checked=found.checked,
        late=[BreachBody.of(one) for one in found.late],
        early=[BreachBody.of(one) for one in found.early],
        held=found.held,
    )


@router.get("/residency/report", responses=problems(401, 403, 404), **needs("trail:verify"))
def residency_report(tenant: OfTenant, work: InRead, runtime: Installation) -> ResidenceBody:
    """Which records stand, or came from, where they may not."""
    found = reports.residency(work, _ground(runtime), tenant, runtime.settings.region)
    return ResidenceBody(
        tenant=tenant,
        region=found.region,
        storage=found.storage,
        checked=found.checked,
        outside=[BreachBody.of(one) for one in found.outside],
        unknown=found.unknown,
    )


@router.get("/compliance", responses=problems(401, 403, 404), **needs("trail:verify"))
def list_promises(
    work: InRead,
    tenant: Annotated[str, Query(max_length=200, description="Only of this tenant.")] = "",
) -> Promises:
    """What the running check knows of retention and residency, and since when what is broken."""
    return Promises(tenants=[TenantPromises.of(one) for one in watching.standing(work, tenant)])


def _ground(runtime: Runtime) -> Ground:
    return Ground(reader=runtime.reader, removal=runtime.removal, store=runtime.worm)
