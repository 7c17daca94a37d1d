"""Tables of sync."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
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
    # JSON: roles, permissions or licences for want of which something is not known.
    Column("missing", Text, nullable=False, server_default="[]"),
    Column("unread", Integer, nullable=False, server_default="0"),
    # Every listing that may be read came to its end: the run made the data current.
    Column("whole", Boolean, nullable=False, server_default=text("false")),
    # Since when changes alone were read; NULL where all was.
    Column("since", BigInteger),
    # Items that a whole reading found otherwise than the changes had told.
    Column("drift", Integer, nullable=False, server_default="0"),
    Index("governance_sync_run_ended", "ended_at"),
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
    # Of the last success: items seen, and those of them that could not be read.
    Column("seen", Integer, nullable=False, server_default="0"),
    Column("unread", Integer, nullable=False, server_default="0"),
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

# What people changed; a domain without a row is as the settings have it. Microseconds.
policies = Table(
    "governance_sync_policy",
    metadata,
    Column("domain", String, primary_key=True),
    Column("every", BigInteger, nullable=False),
    Column("expected_min", BigInteger, nullable=False),
    Column("expected_max", BigInteger, nullable=False),
    Column("most", BigInteger, nullable=False),
    Column("base", BigInteger, nullable=False),
    Column("factor", Float, nullable=False),
    Column("cap", BigInteger, nullable=False),
    Column("fewest", Integer, nullable=False, server_default="3"),
    Column("paused", Boolean, nullable=False),
    Column("version", Integer, nullable=False),
)

pauses = Table(
    "governance_sync_pause",
    metadata,
    Column("tenant", String, primary_key=True),
    Column("domain", String, primary_key=True),
    Column("actor", String, nullable=False),
    Column("at", BigInteger, nullable=False),
)

# What was announced and not taken back; a row stands as long as it holds.
signals = Table(
    "governance_sync_signal",
    metadata,
    Column("tenant", String, primary_key=True),
    Column("domain", String, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("at", BigInteger, nullable=False),
)

# Runs that wait until the cloud says that it is healthy.
holds = Table(
    "governance_sync_hold",
    metadata,
    Column("connection", String, primary_key=True),
    Column("domain", String, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("run", String, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("asked_at", BigInteger, nullable=False),
    Column("words", Text, nullable=False),
)

# What a run found no more and did not believe to be gone.
doubts = Table(
    "governance_sync_doubt",
    metadata,
    Column("connection", String, primary_key=True),
    Column("domain", String, primary_key=True),
    Column("place", String, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("subscription", String, nullable=False),
    Column("items", Integer, nullable=False),
    Column("again", Boolean, nullable=False),
    Column("since", BigInteger, nullable=False),
)

# From where the cloud tells what changed of a listing, and when all of it was last read.
marks = Table(
    "governance_sync_mark",
    metadata,
    Column("connection", String, primary_key=True),
    Column("domain", String, primary_key=True),
    Column("part", String, primary_key=True),
    Column("tenant", String, nullable=False),
    # Opaque: the cloud's own; empty where it gave none.
    Column("token", Text, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("whole_at", BigInteger, nullable=False),
)

reports = Table(
    "governance_sync_report",
    metadata,
    Column("run", String, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("text", Text, nullable=False),
)
