"""The registry in SQL. Entries are kept as JSON, what is asked for by it as columns."""

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, delete, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from quarterdeck.kernel.clock import instant, micros
from quarterdeck.kernel.work import Tenants
from quarterdeck.operations.health.model.registry import Environment, OpenNameTaken, Service
from quarterdeck.operations.health.model.state import Seen, Standing, State
from quarterdeck.operations.health.store.tables import (
    buckets,
    changes,
    environments,
    services,
)

KEY = (services.c.tenant, services.c.environment, services.c.name)
SECOND = 1_000_000  # microseconds
NEVER, UNPROBED = "never probed", "it has no probe"


def put(db: Connection, tenants: Tenants, service: Service, new_id: str, at: datetime) -> bool:
    """Enter a service, or change its entry; False if it stands there as it is.

    It is due at once. How it is stays until the next look, unless nothing looks any more.

    Raises:
        OpenNameTaken: another open service bears its name.
    """
    spec = msgspec.json.encode(service).decode()
    probed = bool(service.probes)
    mine = _named(tenants, service.environment, service.name)
    row = {
        "open": service.open,
        "spec": spec,
        "probed": probed,
        "period": service.period_s * SECOND,
        "next_due": micros(at),
        "seen": "{}",
    }
    blind = {"state": State.UNKNOWN.value, "since": micros(at), "stale_at": None}
    before = db.execute(select(services.c.spec, services.c.id).where(*mine)).one_or_none()
    if before is None:
        reason = NEVER if probed else UNPROBED
        _insert(db, service, row | blind | {"id": new_id, "version": 1, "reason": reason})
        return True
    if before.spec == spec:
        return False
    _refuse_taken(db, service, before.id)
    lost = {} if probed else blind | {"reason": UNPROBED}
    values = row | lost | {"version": services.c.version + 1}
    return db.execute(update(services).where(*mine).values(values)).rowcount == 1


def remove(db: Connection, tenants: Tenants, environment: str, name: str) -> bool:
    """Take a service out, its history with it; False if there is none."""
    mine = _named(tenants, environment, name)
    gone = list(db.scalars(delete(services).where(*mine).returning(services.c.id)))
    for table in (changes, buckets):
        where = (table.c.service.in_(gone), tenants.clause(table.c.tenant))
        db.execute(delete(table).where(*where))
    return bool(gone)


def all_standing(
    db: Connection,
    tenants: Tenants,
    *,
    environment: str = "",
    after: tuple[str, str, str] | None = None,
    limit: int | None = None,
) -> list[Standing]:
    """Services with how they are, by tenant, environment, name; those after ``after``."""
    query = select(services).where(tenants.clause(services.c.tenant))
    if environment:
        query = query.where(services.c.environment == environment)
    if after:
        query = query.where(tuple_(*KEY) > tuple_(*after))
    query = query.order_by(*KEY).limit(limit)
    return [standing_of(row) for row in db.execute(query)]


def one_standing(
    db: Connection, tenants: Tenants, environment: str, name: str
) -> tuple[str, Standing] | None:
    """A service with how it is, and the id that its history is kept under."""
    query = select(services).where(*_named(tenants, environment, name))
    row = db.execute(query).one_or_none()
    return None if row is None else (row.id, standing_of(row))


def open_standing(db: Connection, name: str) -> Standing | None:
    """The service that shows its health under ``name`` to whoever asks."""
    query = select(services).where(services.c.name == name, services.c.open)
    row = db.execute(query).one_or_none()
    return None if row is None else standing_of(row)


def describe(db: Connection, environment: Environment, at: datetime) -> None:
    """Keep an environment's title, facts and links."""
    put_new = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
    values = {"spec": msgspec.json.encode(environment).decode(), "changed_at": micros(at)}
    row = put_new(environments).values(tenant=environment.tenant, name=environment.name, **values)
    named = ["tenant", "name"]
    db.execute(row.on_conflict_do_update(index_elements=named, set_=values))


def described(db: Connection, tenants: Tenants, name: str = "") -> list[Environment]:
    """Environments by tenant and name; of all names if none is given."""
    query = select(environments.c.spec).where(tenants.clause(environments.c.tenant))
    if name:
        query = query.where(environments.c.name == name)
    query = query.order_by(environments.c.tenant, environments.c.name)
    return [msgspec.json.decode(spec, type=Environment) for spec in db.scalars(query)]


def forget(db: Connection, tenants: Tenants, name: str) -> bool:
    """Forget an environment; False if there is none."""
    mine = (environments.c.name == name, tenants.clause(environments.c.tenant))
    return db.execute(delete(environments).where(*mine)).rowcount > 0


def standing_of(row: Row[Any]) -> Standing:
    """A row of the table of services as what it means."""
    return Standing(
        service=msgspec.json.decode(row.spec, type=Service),
        state=State(row.state),
        since=instant(row.since),
        looked_at=None if row.looked_at is None else instant(row.looked_at),
        reason=row.reason,
        seen=msgspec.json.decode(row.seen, type=dict[str, Seen]),
    )


def _insert(db: Connection, service: Service, row: dict[str, Any]) -> None:
    _refuse_taken(db, service, "")
    put_new = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
    named = {"tenant": service.tenant, "environment": service.environment, "name": service.name}
    # Whoever was quicker has entered it, or has taken its open name.
    new = put_new(services).values(row | named).on_conflict_do_nothing()
    if db.scalar(new.returning(services.c.id)) is None:
        raise OpenNameTaken(f"{service.name} was entered by somebody else just now; look again")


def _refuse_taken(db: Connection, service: Service, own: str) -> None:
    taken = select(services.c.id).where(
        services.c.name == service.name, services.c.open, services.c.id != own
    )
    if service.open and db.scalar(taken) is not None:
        raise OpenNameTaken(
            f"another service answers openly as {service.name}; leave open out, or rename it"
        )


def _named(tenants: Tenants, environment: str, name: str) -> tuple[Any, ...]:
    return (
        services.c.environment == environment,
        services.c.name == name,
        tenants.clause(services.c.tenant),
    )
