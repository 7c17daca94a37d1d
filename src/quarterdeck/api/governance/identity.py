"""/api/v1/identity: who is in the directories, and how they prove who they are."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Annotated, Self

from fastapi import Depends, Query, Request, Response
from pydantic import BaseModel, Field

from quarterdeck.governance.connections.service import tenants_named
from quarterdeck.governance.identity import service as identity
from quarterdeck.governance.identity.model.credentials import Due
from quarterdeck.governance.identity.model.verdict import Verdict
from quarterdeck.governance.identity.model.views import Expiring, Filter, Spot, Summary, User
from quarterdeck.kernel.clock import since
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.web.deps import InRead
from quarterdeck.web.paging import InPage, Key
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import api_router

router = api_router(prefix="/identity", tags=["identity"])

READS = needs(identity.READ)
Days = Annotated[int, Query(ge=1, le=3650, description="Unused for so long is stale.")]
Named = Annotated[
    list[str],
    Query(
        default_factory=list,
        description="Ids of tenants or of their directories; repeated, or parted by commas.",
    ),
]


class Answers(BaseModel):
    """Users by an answer; what could not be read is not known, never no."""

    yes: int
    no: int
    not_known: int


class CountBody(BaseModel):
    """Users by what is known of them."""

    users: int
    guests: int
    disabled: int
    stale: Answers
    privileged: Answers
    mfa_registered: Answers
    mfa_enforced: Answers = Field(description="By conditional access, at every sign-in.")


class EndsBody(BaseModel):
    """Secrets and certificates by how near their end is."""

    expired: int
    within_7_days: int
    within_30_days: int


class GapBody(BaseModel):
    """What could not be read of a tenant, and what is missing for it."""

    tenant: str
    what: str
    missing: str


class Coverage(BaseModel):
    """Directories that the numbers speak of, of those that are connected."""

    known: int
    connected: int


class IdentityBody(BaseModel):
    """Identity in numbers, with their age and coverage."""

    as_of: datetime | None = Field(description="The oldest reading; null: nothing was read.")
    age_seconds: int | None
    coverage: Coverage
    stale_after_days: int
    counts: CountBody | None = Field(description="null: nothing is known, not even a zero.")
    credentials: EndsBody | None
    not_known: list[GapBody]

    @classmethod
    def of(cls, found: Summary, now: datetime) -> Self:
        age = None if found.as_of is None else since(now, found.as_of)
        return cls(
            as_of=found.as_of,
            age_seconds=None if age is None else int(age.total_seconds()),
            coverage=Coverage(known=found.known, connected=found.connections),
            stale_after_days=found.stale_after.days,
            counts=_counts(found),
            credentials=None if found.ends is None else EndsBody(**asdict(found.ends)),
            not_known=[
                GapBody(tenant=gap.tenant, what=gap.what, missing=gap.missing) for gap in found.gaps
            ],
        )


class UserBody(BaseModel):
    """A user, and what is known of them."""

    id: str
    tenant: str
    connection: str
    name: str
    sign_in_name: str
    guest: bool
    enabled: bool
    created_at: datetime | None
    last_sign_in: datetime | None = Field(description="null: none, or not told; see stale.")
    stale: Verdict
    privileged: Verdict
    roles: list[str] = Field(description="Privileged roles known to be held, also by groups.")
    mfa_registered: Verdict
    mfa_enforced: Verdict
    why: dict[str, str] = Field(description="What decided a verdict, or is missing to know.")

    @classmethod
    def of(cls, user: User) -> Self:
        return cls(
            id=user.id,
            tenant=user.tenant,
            connection=user.connection,
            name=user.name,
            sign_in_name=user.sign_in_name,
            guest=user.guest,
            enabled=user.enabled,
            created_at=user.created_at,
            last_sign_in=user.last_sign_in,
            stale=user.stale,
            privileged=user.privileged,
            roles=list(user.roles),
            mfa_registered=user.registered,
            mfa_enforced=user.enforced,
            why=dict(user.why),
        )


class Users(BaseModel):
    """A page of users by name; ``Link`` leads to the next."""

    users: list[UserBody]
    total_users: int = Field(description="That the filter finds, on all pages.")


class CredentialBody(BaseModel):
    """A secret or certificate that ends; its value is never read."""

    tenant: str
    application: str
    client_id: str
    id: str
    name: str
    kind: str = Field(description="secret or certificate.")
    holder: str = Field(description="application or service_principal.")
    ends_at: datetime | None
    due: Due

    @classmethod
    def of(cls, one: Expiring, now: datetime) -> Self:
        held = one.credential
        return cls(
            tenant=one.tenant,
            application=held.application,
            client_id=held.client,
            id=held.id,
            name=held.name,
            kind=held.kind,
            holder=held.holder,
            ends_at=held.ends_at,
            due=held.due(now),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Which users, of which tenants."""

    stale_days: int
    named: list[str]
    text: str
    guest: bool | None
    enabled: bool | None
    verdicts: dict[str, Verdict | None]

    def filter(self, now: datetime) -> Filter:
        return Filter(
            stale_before=now - timedelta(days=self.stale_days),
            text=self.text,
            guest=self.guest,
            enabled=self.enabled,
            **self.verdicts,
        )


def question_of(  # noqa: PLR0913, PLR0917  the filters in the address
    tenant_ids: Named,
    stale_days: Days = 90,
    text: Annotated[str, Query(max_length=200, description="Part of a name.")] = "",
    guest: Annotated[bool | None, Query()] = None,
    enabled: Annotated[bool | None, Query()] = None,
    stale: Annotated[Verdict | None, Query()] = None,
    privileged: Annotated[Verdict | None, Query()] = None,
    mfa_registered: Annotated[Verdict | None, Query()] = None,
    mfa_enforced: Annotated[Verdict | None, Query()] = None,
) -> Question:
    """What a list's address asks for."""
    return Question(
        stale_days=stale_days,
        named=tenant_ids,
        text=text,
        guest=guest,
        enabled=enabled,
        verdicts={
            "stale": stale,
            "privileged": privileged,
            "registered": mfa_registered,
            "enforced": mfa_enforced,
        },
    )


Asked = Annotated[Question, Depends(question_of)]


@router.get("/summary", responses=problems(401, 403, 404, 422), **READS)
def summarize_identity(
    request: Request, work: InRead, tenant_ids: Named, stale_days: Days = 90
) -> IdentityBody:
    """Users, guests, stale, privileged, MFA registered and enforced, secrets about to expire."""
    after = timedelta(days=stale_days)
    found = identity.summary(work, only_of(work, tenant_ids), after, request.app.state.cache)
    return IdentityBody.of(found, work.now)


@router.get("/users", responses=problems(401, 403, 404, 422), **READS)
def list_users(response: Response, work: InRead, page: InPage, asked: Asked) -> Users:
    """Users by name, with what is known of each."""
    return _listed(response, work, page, asked)


@router.get("/privileged", responses=problems(401, 403, 404, 422), **READS)
def list_privileged(response: Response, work: InRead, page: InPage, asked: Asked) -> Users:
    """Users who are privileged, in the directory or on a subscription, also through groups."""
    asked.verdicts["privileged"] = asked.verdicts["privileged"] or Verdict.YES
    return _listed(response, work, page, asked)


@router.get("/credentials", responses=problems(401, 403, 404, 422), **READS)
def list_expiring(
    work: InRead,
    tenant_ids: Named,
    within_days: Annotated[int, Query(ge=0, le=3650)] = 30,
) -> list[CredentialBody]:
    """Secrets and certificates that ended or end soon, soonest first: a bare array."""
    only, within = only_of(work, tenant_ids), timedelta(days=within_days)
    return [CredentialBody.of(one, work.now) for one in identity.expiring(work, within, only)]


def only_of(work: Work, named: list[str]) -> Tenants | None:
    """The tenants that ``named`` means; None: all of the actor's."""
    names = [name for part in named for name in part.split(",") if name]
    return tenants_named(work, identity.READ, names) if names else None


def _listed(response: Response, work: Work, page: InPage, asked: Question) -> Users:
    only, wanted = only_of(work, asked.named), asked.filter(work.now)
    rows = identity.users(work, wanted, only, _spot(page.after), page.fetch)
    shown = page.turn(response, rows, spot)
    return Users(
        users=[UserBody.of(user) for user in shown],
        total_users=identity.total(work, wanted, only),
    )


def spot(user: User) -> Spot:
    """Where a page that ends with ``user`` ends."""
    return user.name.casefold(), user.connection, user.id


def _spot(key: Key | None) -> Spot | None:
    if key is None:
        return None
    name, connection, user = map(str, key)
    return name, connection, user


def _counts(found: Summary) -> CountBody | None:
    count = found.count
    if count is None:
        return None

    def answers(name: str) -> Answers:
        return Answers(**{v.value: getattr(count, f"{name}_{v.value}") for v in Verdict})

    return CountBody(
        users=count.users,
        guests=count.guests,
        disabled=count.disabled,
        stale=answers("stale"),
        privileged=answers("privileged"),
        mfa_registered=answers("registered"),
        mfa_enforced=answers("enforced"),
    )
