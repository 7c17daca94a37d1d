"""Connecting a tenant, as runbook 000 section 5 does it: one step for who asks."""

from dataclasses import replace

from sqlalchemy import Engine

from quarterdeck.access.tenants import service as tenants
from quarterdeck.access.tenants.model import Tenant
from quarterdeck.governance.connections import service as connections
from quarterdeck.governance.connections.model import Connection, tenant_for
from quarterdeck.governance.connections.service import NewConnection
from quarterdeck.governance.costs.service import ledger
from quarterdeck.governance.sync.model import Policies
from quarterdeck.governance.sync.service import policies
from quarterdeck.governance.sync.service.requests import schedule_names, schedules
from quarterdeck.kernel import schedules as kernel_schedules
from quarterdeck.kernel.clock import Clock
from quarterdeck.kernel.db import writing
from quarterdeck.kernel.ids import ConnectionId, TenantId
from quarterdeck.kernel.work import ANY, Tenants, Work


def connect_tenant(
    work: Work, known: Policies, new: NewConnection, *, owner: str = "", purpose: str = ""
) -> Connection:
    """Begin a tenant with one connection, synced from now on.

    The tenant's id is the directory's, where that can stand in a URL; else a new one.

    Raises:
        TenantExists: there is a tenant of that id.
    """
    created = tenants.create(
        work,
        tenant_for(new.directory, work.new_id()),
        new.name,
        description=new.description,
        owner=owner,
        purpose=purpose,
    )
    return connect(work, known, created.id, new)


def connect(work: Work, known: Policies, tenant: TenantId, new: NewConnection) -> Connection:
    """Connect one more directory to a tenant, synced from now on."""
    connection = connections.add(work, tenant, new)
    kept, paused = policies.current(work.db, known), policies.paused_of(work.db, tenant)
    for schedule in schedules(connection, kept, paused):
        kernel_schedules.put(work.db, work.now, schedule)
    return connection


def disconnect(work: Work, known: Policies, connection: ConnectionId) -> Connection:
    """Disconnect a directory, and sync it no more.

    What was read from it stays, but for its budgets: nobody would ever say that they hold again.
    """
    removed = connections.remove(work, connection)
    _sync_no_more(work, known, removed)
    return removed


def archive_tenant(
    work: Work, known: Policies, tenant: str, *, version: int | None = None
) -> Tenant:
    """End a tenant and disconnect its directories. Raises as ``tenants.archive`` does."""
    ended = tenants.archive(work, tenant, version=version)
    for connection in connections.remove_all(work, ended.id):
        _sync_no_more(work, known, connection)
    return ended


def reschedule(engine: Engine, clock: Clock, known: Policies) -> None:
    """Bring every connection's schedules in line: the settings, ``known``, may have changed."""
    with writing(engine) as db:
        kept = policies.current(db, known)
        for connection in connections.of(db, Tenants(frozenset({ANY}))):
            paused = policies.paused_of(db, connection.tenant)
            for schedule in schedules(connection, kept, paused):
                kernel_schedules.put(db, clock(), schedule)


def overview(work: Work) -> list[tuple[Tenant, list[Connection]]]:
    """Every tenant that the actor may see, by id, each with its connections, oldest first.

    How a directory is reached is left out where the actor may not see connections.
    """
    seen = tenants.visible(work)
    page = seen
    while page:
        page = tenants.visible(work, after=page[-1].id)
        seen += page
    reached: dict[str, list[Connection]] = {tenant.id: [] for tenant in seen}
    for connection in connections.of(work.db, work.tenants("tenants:read")):
        shown = work.actor.may("connections:read", connection.tenant)
        reached[connection.tenant].append(connection if shown else _hidden(connection))
    return [(tenant, reached[tenant.id]) for tenant in seen]


def _sync_no_more(work: Work, known: Policies, connection: Connection) -> None:
    for name in schedule_names(connection, list(known)):
        kernel_schedules.drop(work.db, name)
    ledger.drop_budgets(work, Tenants(frozenset({connection.tenant})), connection.id)


def _hidden(connection: Connection) -> Connection:
    return replace(connection, client="", secret="", trial=None)
