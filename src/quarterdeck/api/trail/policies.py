"""/api/v1/trail/policies: classification, redaction and rates of the trail, version by version."""

from typing import Annotated, Any, Self

from fastapi import Query
from pydantic import BaseModel, Field

from quarterdeck.api.trail.records import Index
from quarterdeck.kernel.clock import instant, rfc3339
from quarterdeck.trail.ingest import trial
from quarterdeck.trail.ingest.trial import Tried
from quarterdeck.trail.log import service as log
from quarterdeck.trail.policy import service as policy
from quarterdeck.trail.policy.model import Classification, Kind, Version
from quarterdeck.web.bodies import Body
from quarterdeck.web.deps import InRead, Installation, InWork
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import api_router

router = api_router(prefix="/trail", tags=["trail"])

Number = Annotated[int | None, Query(ge=1, le=2**31 - 1, description="Default: the newest.")]
Known = Annotated[
    int | None, Query(ge=0, le=2**31 - 1, description="Refuse unless this is the newest version.")
]
DryRun = Annotated[bool, Query(description="Check and try it; change nothing.")]


class PolicyBody(BaseModel):
    """One version of a policy."""

    tenant: str = Field(description="`_platform`: it holds for every tenant, after their own.")
    kind: Kind
    version: int
    document: dict[str, Any]
    digest: str = Field(description="SHA-256 of the canonical document, base64url.")
    at: str
    by: str
    index: int | None = Field(
        description="Of its record, from which a classification holds; null: not there yet."
    )

    @classmethod
    def of(cls, version: Version) -> Self:
        return cls(
            tenant=version.tenant,
            kind=version.kind,
            version=version.version,
            document=dict(version.document),
            digest=version.digest,
            at=rfc3339(instant(version.at)),
            by=version.by,
            index=version.index,
        )


class Policies(BaseModel):
    """The newest version of each policy that one may see."""

    policies: list[PolicyBody]


class Versions(BaseModel):
    """All versions of a policy, newest first."""

    versions: list[PolicyBody]


class TriedBody(BaseModel):
    """What a classification makes of an event."""

    classification: dict[str, str] = Field(description="Class by path.")
    retention: str
    clear: Any = Field(description="What of its payload would stand in clear.")
    subjects: dict[str, str] = Field(description="Whose key would seal each committed field.")

    @classmethod
    def of(cls, tried: Tried) -> Self:
        return cls(
            classification=dict(tried.classes),
            retention=tried.retention,
            clear=tried.clear,
            subjects=dict(tried.subjects),
        )


class PutAnswer(PolicyBody):
    """The version that was made, or would be."""

    tried: TriedBody | None = None


class NewPolicy(Body):
    """A policy's next version; ``sample``: an event to try a classification on."""

    document: dict[str, Any]
    sample: dict[str, Any] | None = None


class NewDocument(Body):
    """A policy's next version."""

    document: dict[str, Any]


class NewRate(Body):
    """How many events a tenant may send."""

    events_per_s: Annotated[float, Field(gt=0, le=1_000_000)]
    burst: Annotated[int, Field(ge=1, le=10_000_000)]


class Classified(BaseModel):
    """How a record was classified, and by which policy."""

    classification: dict[str, str] = Field(description="Class by path.")
    retention: str = Field(description="Its retention class.")
    policy: str = Field(description="Digest of the rules that said so.")


@router.get("/policies", responses=problems(401, 403), **needs("policies:read"))
def list_policies(work: InRead) -> Policies:
    """The newest version of each policy that one may see."""
    return Policies(policies=[PolicyBody.of(one) for one in policy.visible(work)])


@router.get(
    "/policies/{tenant}/{policy_kind}", responses=problems(401, 403, 404), **needs("policies:read")
)
def get_policy(tenant: str, policy_kind: Kind, work: InRead, version: Number = None) -> PolicyBody:
    """One version of a tenant's policy."""
    return PolicyBody.of(policy.version_of(work, tenant, policy_kind, version))


@router.get(
    "/policies/{tenant}/{policy_kind}/versions",
    responses=problems(401, 403, 404),
    **needs("policies:read"),
)
def list_policy_versions(tenant: str, policy_kind: Kind, work: InRead) -> Versions:
    """All versions of a tenant's policy, newest first."""
    return Versions(
        versions=[PolicyBody.of(one) for one in policy.versions(work, tenant, policy_kind)]
    )


@router.put(
    "/policies/{tenant}/ingest-rate",
    responses=problems(401, 403, 404, 409, 422),
    **needs("limits:write"),
)
def put_ingest_rate(
    tenant: str, body: NewRate, work: InWork, *, known: Known = None, dry_run: DryRun = False
) -> PolicyBody:
    """Let a tenant send so many events, from now on."""
    made = policy.put(
        work, tenant, Kind.INGEST_RATE, body.model_dump(), known=known, dry_run=dry_run
    )
    return PolicyBody.of(made)


@router.put(
    "/policies/{tenant}/classification",
    responses=problems(401, 403, 404, 409, 422),
    **needs("policies:write"),
)
def put_classification(
    tenant: str, body: NewPolicy, work: InWork, *, known: Known = None, dry_run: DryRun = False
) -> PutAnswer:
    """Say which field is how secret; it holds from its own record on."""
    kind = Kind.CLASSIFICATION
    made = policy.put(work, tenant, kind, body.document, known=known, dry_run=dry_run)
    rules = Classification.of(made.document)
    tried = None if body.sample is None else TriedBody.of(trial.tried(rules, body.sample))
    return PutAnswer(**PolicyBody.of(made).model_dump(), tried=tried)


@router.put(
    "/policies/{tenant}/redaction",
    responses=problems(401, 403, 404, 409, 422),
    **needs("policies:write"),
)
def put_redaction(
    tenant: str, body: NewPolicy, work: InWork, *, known: Known = None, dry_run: DryRun = False
) -> PolicyBody:
    """Say which role is shown fields of which class, and how."""
    return PolicyBody.of(
        policy.put(work, tenant, Kind.REDACTION, body.document, known=known, dry_run=dry_run)
    )


@router.put(
    "/policies/{tenant}/retention",
    responses=problems(401, 403, 404, 409, 422),
    **needs("retention:write"),
)
def put_retention(
    tenant: str, body: NewDocument, work: InWork, *, known: Known = None, dry_run: DryRun = False
) -> PolicyBody:
    """Say how long records of each retention class are kept, from now on."""
    return PolicyBody.of(
        policy.put(work, tenant, Kind.RETENTION, body.document, known=known, dry_run=dry_run)
    )


@router.put(
    "/policies/{tenant}/residency",
    responses=problems(401, 403, 404, 409, 422),
    **needs("retention:write"),
)
def put_residency(
    tenant: str, body: NewDocument, work: InWork, *, known: Known = None, dry_run: DryRun = False
) -> PolicyBody:
    """Say in which regions records may stand, and from which they may come."""
    return PolicyBody.of(
        policy.put(work, tenant, Kind.RESIDENCY, body.document, known=known, dry_run=dry_run)
    )


@router.put(
    "/policies/{tenant}/approvals",
    responses=problems(401, 403, 404, 409, 422),
    **needs("approvals:write"),
)
def put_approvals(
    tenant: str, body: NewDocument, work: InWork, *, known: Known = None, dry_run: DryRun = False
) -> PolicyBody:
    """Say what a second person must agree to."""
    return PolicyBody.of(
        policy.put(work, tenant, Kind.APPROVALS, body.document, known=known, dry_run=dry_run)
    )


@router.get(
    "/logs/{tenant}/records/{index}/classification",
    responses=problems(401, 403, 404),
    **needs("trail:read"),
)
def get_record_classification(
    tenant: str, index: Index, work: InRead, runtime: Installation
) -> Classified:
    """How a record was classified, and how long it is kept."""
    record = log.record(work, runtime.reader, tenant, index).record
    return Classified(
        classification=record["classification"],
        retention=policy.retention(work, tenant, record),
        policy=record["policy"],
    )
