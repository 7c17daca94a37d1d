"""What people do with connections. Each function is one use case in one transaction."""

from dataclasses import dataclass

from sqlalchemy import Connection as Database
from sqlalchemy import Engine

from quarterdeck.access.tenants import service as tenants
from quarterdeck.events.governance import ConnectionAdded, ConnectionRemoved
from quarterdeck.governance.connections import store
from quarterdeck.governance.connections.model import Connection, Trial, prefix_of
from quarterdeck.kernel.db import reading
from quarterdeck.kernel.errors import NotFound
from quarterdeck.kernel.health import Check, Entry, Health
from quarterdeck.kernel.ids import ConnectionId, TenantId
from quarterdeck.kernel.work import Tenants, Work


class ConnectionNotFound(NotFound):
    """No such connection."""


class NoSuchTenants(NotFound):
    """None of the tenants asked for exists, or none that this actor may see."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewConnection:
    """A cloud directory to connect; the fields are those of ``Connection``."""

    directory: str
    name: str
    description: str = ""
    client: str = ""
    secret: str = ""
    use_lighthouse: bool = False


def add(work: Work, tenant: TenantId, new: NewConnection) -> Connection:
    """Connect a tenant to a directory; raise ConnectionExists if it is connected already."""
    work.require("connections:create", tenant)
    tenants.require_open(work, tenant)
    made = ConnectionId(work.new_id())
    connection = Connection(
        id=made,
        tenant=tenant,
        directory=new.directory,
        name=new.name,
        description=new.description,
        client=new.client,
        secret=new.secret,
        use_lighthouse=new.use_lighthouse,
        created_at=work.now,
        prefix=prefix_of(made),
    )
    store.add(work.db, connection)
    work.publish(
        ConnectionAdded(tenant=tenant, connection=connection.id, directory=connection.directory)
    )
    return connection


def remove(work: Work, connection: ConnectionId) -> Connection:
    """Disconnect a directory. What was read from it stays, and ages."""
    mine = work.tenants("connections:remove")
    found = store.of_id(work.db, mine, connection)
    if found is None or not store.remove(work.db, mine, connection):
        raise ConnectionNotFound(f"no connection {connection}")
    work.publish(ConnectionRemoved(tenant=found.tenant, connection=connection))
    return found


def remove_all(work: Work, tenant: TenantId) -> list[Connection]:
    """Disconnect every directory of a tenant, for the use case that ends it."""
    only = Tenants(frozenset({tenant}))
    gone = store.listed(work.db, only)
    for connection in gone:
        store.remove(work.db, only, connection.id)
        work.publish(ConnectionRemoved(tenant=tenant, connection=connection.id))
    return gone


def listed(work: Work) -> list[Connection]:
    """Every connection that the actor may see, oldest first."""
    return store.listed(work.db, work.tenants("connections:read"))


def of_tenant(work: Work, tenant: TenantId) -> list[Connection]:
    """A tenant's connections, oldest first."""
    return store.listed(work.db, work.require("connections:read", tenant))


def of(db: Database, among: Tenants) -> list[Connection]:
    """Connections of ``among``, for other use cases that checked their own permission."""
    return store.listed(db, among)


def one_of(db: Database, among: Tenants, connection: ConnectionId) -> Connection | None:
    """One connection of ``among``, for a job: it may have been removed meanwhile."""
    return store.of_id(db, among, connection)


def tenants_named(work: Work, permission: str, names: list[str]) -> Tenants:
    """The tenants that ``names`` mean, each an id of a tenant or of a directory.

    A tenant that the actor may not see is passed by; with none left, TenantNotFound.
    """
    allowed = work.tenants(permission)
    known = tenants.existing(work, allowed, names)
    found = frozenset([*known, *store.owners(work.db, allowed, names)])
    if not found:
        raise NoSuchTenants(f"no tenant {', '.join(names)} that you may see")
    return Tenants(found)


def record_check(work: Work, connection: ConnectionId, failure: str) -> None:
    """Keep whether the connection's credential got a token; ``failure`` says why not."""
    store.record_check(work.db, connection, Trial(at=work.now, failure=failure))


def azure_configured(engine: Engine) -> bool:
    """Whether every configured credential got a token when it was last tried.

    False where no connection is configured, or where one was never tried.
    """
    return azure_check(engine)().status is Health.HEALTHY


def azure_check(engine: Engine) -> Check:
    """Whether the clouds' credentials work; degraded at worst: the platform itself serves on."""

    def check() -> Entry:
        with reading(engine) as db:
            known, well, failure = store.checked(db)
        if not known:
            return _degraded("no cloud directory is connected")
        if well == known:
            return Entry(
                status=Health.HEALTHY, description=f"{known} of {known} connections got a token"
            )
        return _degraded(
            f"{well} of {known} connections got a token" + (f"; {failure}" if failure else "")
        )

    return check


def _degraded(words: str) -> Entry:
    return Entry(status=Health.DEGRADED, description=words)
