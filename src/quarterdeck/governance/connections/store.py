"""Connections in SQL."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Row,
    String,
    Table,
    Text,
    UniqueConstraint,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy import Connection as Database
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from quarterdeck.governance.connections.model import Connection, ConnectionExists, Trial
from quarterdeck.kernel.clock import instant, micros
from quarterdeck.kernel.db import metadata
from quarterdeck.kernel.ids import ConnectionId, TenantId
from quarterdeck.kernel.work import Tenants

connections = Table(
    "governance_connection",
    metadata,
    Column("id", String, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("directory", String, nullable=False),
    Column("name", String, nullable=False),
    Column("description", Text, nullable=False),
    Column("client", String, nullable=False),
    Column("secret", String, nullable=False),
    Column("use_lighthouse", Boolean, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("prefix", String, nullable=False, server_default=""),
    UniqueConstraint("tenant", "directory"),
)

checks = Table(
    "governance_connection_check",
    metadata,
    Column(
        "connection",
        String,
        ForeignKey("governance_connection.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("checked_at", BigInteger, nullable=False),
    Column("failure", Text, nullable=False),
)

COLUMNS = [*connections.c, checks.c.checked_at, checks.c.failure]


def add(db: Database, connection: Connection) -> None:
    """Insert ``connection``; raise ConnectionExists if its tenant has that directory."""
    try:
        with db.begin_nested():
            db.execute(insert(connections).values(_row(connection)))
    except IntegrityError as error:
        raise ConnectionExists(
            f"tenant {connection.tenant} has a connection to directory {connection.directory}"
        ) from error


def remove(db: Database, tenants: Tenants, connection: ConnectionId) -> bool:
    """Forget a connection; False if there is none."""
    mine = (connections.c.id == connection, tenants.clause(connections.c.tenant))
    return db.execute(delete(connections).where(*mine)).rowcount == 1


def listed(db: Database, tenants: Tenants) -> list[Connection]:
    """Every connection of ``tenants``, oldest first."""
    query = (
        select(*COLUMNS)
        .select_from(connections.outerjoin(checks))
        .where(tenants.clause(connections.c.tenant))
        .order_by(connections.c.created_at, connections.c.id)
    )
    return [_connection(row) for row in db.execute(query)]


def of_id(db: Database, tenants: Tenants, connection: ConnectionId) -> Connection | None:
    """One connection, if it is there."""
    query = (
        select(*COLUMNS)
        .select_from(connections.outerjoin(checks))
        .where(connections.c.id == connection, tenants.clause(connections.c.tenant))
    )
    row = db.execute(query).one_or_none()
    return None if row is None else _connection(row)


def owners(db: Database, tenants: Tenants, directories: list[str]) -> list[str]:
    """Which of ``tenants`` are connected to one of ``directories``."""
    query = select(connections.c.tenant).where(
        tenants.clause(connections.c.tenant), connections.c.directory.in_(directories)
    )
    return list(db.scalars(query))


def record_check(db: Database, connection: ConnectionId, trial: Trial) -> None:
    """Keep what the last check of a connection found."""
    values = {"checked_at": micros(trial.at), "failure": trial.failure}
    known = update(checks).where(checks.c.connection == connection).values(values)
    if db.execute(known).rowcount == 0:
        # A sync and a check may both be the first to say: what the other just found is as new.
        put = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
        first = put(checks).values(connection=connection, **values)
        db.execute(first.on_conflict_do_nothing())


def checked(db: Database) -> tuple[int, int, str]:
    """Connections, how many of them got a token when last tried, and a failure of the others."""
    well = func.count().filter(checks.c.failure == "")
    row = db.execute(
        select(
            func.count().label("known"),
            well.label("well"),
            func.max(checks.c.failure).label("failure"),
        ).select_from(connections.outerjoin(checks))
    ).one()
    return row.known, row.well, row.failure or ""


def _row(connection: Connection) -> dict[str, object]:
    return {
        "id": connection.id,
        "tenant": connection.tenant,
        "directory": connection.directory,
        "name": connection.name,
        "description": connection.description,
        "client": connection.client,
        "secret": connection.secret,
        "use_lighthouse": connection.use_lighthouse,
        "created_at": micros(connection.created_at),
        "prefix": connection.prefix,
    }


def _connection(row: Row[tuple[object, ...]]) -> Connection:
    trial = None
    if row.checked_at is not None:
        trial = Trial(at=instant(row.checked_at), failure=row.failure)
    return Connection(
        id=ConnectionId(row.id),
        tenant=TenantId(row.tenant),
        directory=row.directory,
        name=row.name,
        description=row.description,
        client=row.client,
        secret=row.secret,
        use_lighthouse=row.use_lighthouse,
        created_at=instant(row.created_at),
        trial=trial,
        prefix=row.prefix,
    )
