"""Jobs in SQL."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    text,
)

from quarterdeck.kernel.db import metadata

TAKEABLE = text("state IN ('ready', 'running')")

jobs = Table(
    "kernel_job",
    metadata,
    Column("id", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("tenant", String, nullable=False),
    Column("body", Text, nullable=False),
    Column("state", String, nullable=False),
    Column("actor", String, nullable=False),
    Column("request", String, nullable=False),
    # Held while the job lives, or for ever where ``once``: NULLs are never equal.
    Column("dedup", String, unique=True),
    Column("once", Boolean, nullable=False),
    # When a worker may next take it. While it runs, that is the end of the lease.
    Column("due_at", BigInteger, nullable=False),
    Column("worker", String, nullable=False, server_default=""),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("fence", Integer, nullable=False, server_default="0"),
    Column("done", BigInteger, nullable=False, server_default="0"),
    Column("total", BigInteger, nullable=False, server_default="0"),
    Column("unit", String, nullable=False, server_default=""),
    Column("detail", Text, nullable=False, server_default=""),
    Column("cancel", Boolean, nullable=False, server_default=text("false")),
    Column("created_at", BigInteger, nullable=False),
    Column("started_at", BigInteger),
    Column("finished_at", BigInteger),
    Index("kernel_job_due", "due_at", sqlite_where=TAKEABLE, postgresql_where=TAKEABLE),
    Index("kernel_job_tenant", "tenant", "created_at"),
)

steps = Table(
    "kernel_job_step",
    metadata,
    Column("job", String, ForeignKey("kernel_job.id", ondelete="CASCADE"), primary_key=True),
    Column("name", String, primary_key=True),
    Column("state", String, nullable=False),  # intent | done
    Column("outcome", Text, nullable=False, server_default="null"),
    Column("at", BigInteger, nullable=False),
)
