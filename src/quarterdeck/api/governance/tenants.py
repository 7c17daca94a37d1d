"""/api/v1/tenants: a tenant and its connection in one view, as runbook 000 section 5 has it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, Field

from quarterdeck.access.tenants.model import Tenant
from quarterdeck.api.governance.policies import InPolicies
from quarterdeck.governance.connections import service as connections
from quarterdeck.governance.connections.model import Connection
from quarterdeck.governance.connections.service import NewConnection
from quarterdeck.governance.onboarding.service import add_directory, begin_tenant
from quarterdeck.governance.sync import onboarding
from quarterdeck.kernel.ids import ConnectionId, TenantId
from quarterdeck.web.bodies import Body
from quarterdeck.web.deps import InRead, InWork
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import api_router

router = api_router(tags=["tenants"])

Text = Annotated[str, Field(max_length=200)]


class NewConnectionBody(Body):
    """A cloud directory, and how to reach it."""

    name: Text = Field(min_length=1, examples=["New Production Tenant"])
    tenant_id: Text = Field(
        min_length=1,
        description="The cloud's id of the directory; any text.",
        examples=["new-tenant-guid-here"],
    )
    description: str = Field("", max_length=2000)
    client_id: Text = Field("", description="Application; needed unless access is delegated.")
    client_secret_ref: Text = Field(
        "",
        description="Where the secret is, never the secret: env:NAME or file:PATH. "
        "Needed unless access is delegated.",
        examples=["env:CONTOSO_SECRET"],
    )
    use_lighthouse: bool = Field(default=False, description="Reach it by delegated access.")

    def connection(self) -> NewConnection:
        """What it asks for."""
        return NewConnection(
            directory=self.tenant_id,
            name=self.name,
            description=self.description,
            client=self.client_id,
            secret=self.client_secret_ref,
            use_lighthouse=self.use_lighthouse,
        )


class NewTenantBody(NewConnectionBody):
    """A tenant with its first directory."""

    owner: str = Field("", max_length=2000, description="Who answers for it.")
    purpose: str = Field("", max_length=2000)


class ConnectionBody(BaseModel):
    """One cloud directory of a tenant."""

    id: str
    tenant_id: str = Field(description="The cloud's id of the directory.")
    name: str
    description: str
    client_id: str
    client_secret_ref: str
    use_lighthouse: bool
    created_at: datetime
    checked_at: datetime | None = Field(description="When its credential was last tried.")
    failure: str | None = Field(description="Why the credential got no token; empty: it did.")

    @classmethod
    def of(cls, connection: Connection) -> Self:
        return cls(
            id=connection.id,
            tenant_id=connection.directory,
            name=connection.name,
            description=connection.description,
            client_id=connection.client,
            client_secret_ref=connection.secret,
            use_lighthouse=connection.use_lighthouse,
            created_at=connection.created_at,
            checked_at=connection.trial.at if connection.trial else None,
            failure=connection.trial.failure if connection.trial else None,
        )


class TenantBody(BaseModel):
    """A tenant with its connections."""

    id: str = Field(description="As it stands in addresses.")
    tenant_id: str = Field(description="Its first directory's id; where it has none, its own.")
    name: str
    description: str
    owner: str
    purpose: str
    created_at: datetime
    archived_at: datetime | None
    connections: list[ConnectionBody]

    @classmethod
    def of(cls, tenant: Tenant, reached: Sequence[Connection]) -> Self:
        return cls(
            id=tenant.id,
            tenant_id=reached[0].directory if reached else tenant.id,
            name=tenant.name,
            description=tenant.description,
            owner=tenant.owner,
            purpose=tenant.purpose,
            created_at=tenant.created_at,
            archived_at=tenant.archived_at,
            connections=[ConnectionBody.of(c) for c in reached],
        )


class BegunBody(TenantBody):
    """A tenant that was stored, and what should have been done before."""

    warnings: list[str] = Field(description="Open items of its checklist.")


@router.get("/tenants", responses=problems(401, 403), **needs("tenants:read"))
def list_tenants(work: InRead) -> list[TenantBody]:
    """Every tenant that one may see, with its connections: a bare array, by id."""
    return [TenantBody.of(tenant, reached) for tenant, reached in onboarding.overview(work)]


@router.post(
    "/tenants",
    status_code=201,
    responses=problems(401, 403, 409, 422),
    **needs("tenants:create"),
)
def create_tenant(body: NewTenantBody, work: InWork, known: InPolicies) -> BegunBody:
    """Begin a tenant with its first directory, synced from now on, examined at once.

    It is stored though items of its checklist are open: ``warnings`` names them.
    """
    begun = begin_tenant(work, known, body.connection(), owner=body.owner, purpose=body.purpose)
    stored = TenantBody.of(begun.tenant, begun.connections)
    return BegunBody(**stored.model_dump(), warnings=begun.warnings)


@router.get(
    "/tenants/{tenant}/connections",
    responses=problems(401, 403, 404),
    **needs("connections:read"),
)
def list_connections(tenant: str, work: InRead) -> list[ConnectionBody]:
    """A tenant's connections, oldest first: a bare array."""
    return [ConnectionBody.of(c) for c in connections.of_tenant(work, TenantId(tenant))]


@router.post(
    "/tenants/{tenant}/connections",
    status_code=201,
    responses=problems(401, 403, 404, 409, 422),
    **needs("connections:create"),
)
def create_connection(
    tenant: str, body: NewConnectionBody, work: InWork, known: InPolicies
) -> ConnectionBody:
    """Connect one more directory to a tenant: synced from now on, examined at once."""
    added = add_directory(work, known, TenantId(tenant), body.connection())
    return ConnectionBody.of(added)


@router.delete(
    "/connections/{connection}",
    status_code=204,
    responses=problems(401, 403, 404),
    **needs("connections:remove"),
)
def remove_connection(connection: str, work: InWork, known: InPolicies) -> None:
    """Disconnect a directory. What was read from it stays, and is marked by its age."""
    onboarding.disconnect(work, known, ConnectionId(connection))
