"""Tables of health."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from quarterdeck.kernel.db import metadata

OPEN = text("open")

services = Table(
    "operations_service",
    metadata,
    Column("id", String, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("environment", String, nullable=False),
    Column("name", String, nullable=False),
    Column("open", Boolean, nullable=False),
    # The entry, JSON: read whole, never searched.
    Column("spec", Text, nullable=False),
    # Counts changes of the entry: what was found by an older one is thrown away.
    Column("version", Integer, nullable=False),
    Column("probed", Boolean, nullable=False),
    Column("period", BigInteger, nullable=False),
    Column("next_due", BigInteger, nullable=False),
    Column("state", String, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("looked_at", BigInteger),
    # From when on what was seen says nothing any more; null: it does not matter.
    Column("stale_at", BigInteger),
    Column("seen", Text, nullable=False),
    UniqueConstraint("tenant", "environment", "name"),
    Index("operations_service_open", "name", unique=True, sqlite_where=OPEN, postgresql_where=OPEN),
    Index("operations_service_due", "next_due"),
    Index("operations_service_stale", "stale_at"),
)

environments = Table(
    "operations_environment",
    metadata,
    Column("tenant", String, primary_key=True),
    Column("name", String, primary_key=True),
    # Title, facts and links, JSON.
    Column("spec", Text, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
)

changes = Table(
    "operations_health_change",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("service", String, nullable=False),
    Column("tenant", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("state", String, nullable=False),
    Column("was", String, nullable=False),
    Column("reason", Text, nullable=False),
    Column("because_of", Text, nullable=False),
    Index("operations_health_change_service", "service", "at"),
    Index("operations_health_change_at", "at"),
)

# Looks of five minutes, summed: one row where the looks themselves would be thirty.
buckets = Table(
    "operations_health_bucket",
    metadata,
    Column("service", String, primary_key=True),
    Column("probe", String, primary_key=True),
    Column("at", BigInteger, primary_key=True, autoincrement=False),
    Column("tenant", String, nullable=False),
    Column("looks", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("total_ms", Double, nullable=False),
    Column("most_ms", Double, nullable=False),
    Index("operations_health_bucket_at", "at"),
)

restarts = Table(
    "operations_restart",
    metadata,
    Column("id", String, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("environment", String, nullable=False),
    Column("service", String, nullable=False),
    Column("by", String, nullable=False),
    Column("number", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("result", String, nullable=False),
    Column("detail", Text, nullable=False),
    Index("operations_restart_service", "tenant", "environment", "service", "number"),
    Index("operations_restart_at", "at"),
)

checks = Table(
    "operations_health_check",
    metadata,
    Column("id", String, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("environment", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("took_ms", Double, nullable=False),
    Column("state", String, nullable=False),
    Column("by", String, nullable=False),
    # What each component was found to be, JSON.
    Column("found", Text, nullable=False),
    Index("operations_health_check_tenant", "tenant", "environment", "at"),
)
