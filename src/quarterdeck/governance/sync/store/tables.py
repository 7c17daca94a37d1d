"""Tables of sync."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    text,
)

from quarterdeck.kernel.db import metadata

RUNNING = text("state = 'running'")

runs = Table(
    "governance_sync_run",
    metadata,
    Column("id", String, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("connection", String, nullable=False),
    Column("directory", String, nullable=False),
    Column("domain", String, nullable=False),
    Column("state", String, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("seen", Integer, nullable=False),
    Column("added", Integer, nullable=False),
    Column("changed", Integer, nullable=False),
    Column("removed", Integer, nullable=False),
    Column("quarantined", Integer, nullable=False),
    Column("failure", String, nullable=False),
    Column("error", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("request", String, nullable=False),
    Index("governance_sync_run_started", "started_at", "id"),
    Index("governance_sync_run_tenant", "tenant", "started_at"),
    # One run at a time: whoever comes second finds the first's row here.
    Index(
        "governance_sync_run_one",
        "connection",
        "domain",
        unique=True,
        sqlite_where=RUNNING,
        postgresql_where=RUNNING,
    ),
)

latest = Table(
    "governance_sync_latest",
    metadata,
    Column("connection", String, primary_key=True),
    Column("domain", String, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("success", BigInteger),
    # Runs in a row that did not succeed.
    Column("failures", Integer, nullable=False),
    # The cloud asked not to be asked before.
    Column("not_before", BigInteger, nullable=False),
)

quarantine = Table(
    "governance_quarantine",
    metadata,
    Column("id", String, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("run", String, nullable=False, index=True),
    Column("subscription", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("request", String, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

announced = Table(
    "governance_freshness",
    metadata,
    Column("tenant", String, primary_key=True),
    Column("domain", String, primary_key=True),
    Column("stale", Boolean, nullable=False),
)
