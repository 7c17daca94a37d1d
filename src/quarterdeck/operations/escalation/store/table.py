"""The tables of escalation."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    String,
    Table,
    Text,
    text,
)

from quarterdeck.kernel.db import metadata

# Once, for indexes and queries: a partial index is used only where its very condition stands.
IS_OPEN = text("state <> 'resolved'")
IS_WAITING = text("state = 'waiting'")
IS_HOLDING = text("state = 'acknowledged' AND holds_until IS NOT NULL")

policies = Table(
    "operations_escalation",
    metadata,
    Column("tenant", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("text", Text, nullable=False),
    Column("by", String, nullable=False),
    Column("at", BigInteger, nullable=False),
)
"""What holds; a policy that was deleted has versions alone."""

versions = Table(
    "operations_escalation_version",
    metadata,
    Column("tenant", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("text", Text, nullable=False),
    Column("by", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("how", String, nullable=False),
    Column("why", Text, nullable=False),
)

pages = Table(
    "operations_page",
    metadata,
    Column("id", String, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("key", Text, nullable=False),
    Column("policy", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("document", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("about", Text, nullable=False),
    Column("facts", Text, nullable=False),
    Column("links", Text, nullable=False),
    Column("flags", Text, nullable=False),
    Column("said", String, nullable=False),  # the severity in the words of whoever opened it
    Column("severity", String, nullable=False),
    Column("state", String, nullable=False),
    Column("opened_at", BigInteger, nullable=False),
    Column("held", BigInteger, nullable=False),
    Column("acknowledged_at", BigInteger),
    Column("acknowledged_by", String, nullable=False),
    Column("means", String, nullable=False),
    Column("holds_until", BigInteger),
    Column("resolved_at", BigInteger),
    Column("resolved_by", String, nullable=False),
    # Whoever comes second finds the first's row here.
    Index(
        "operations_page_key",
        "tenant",
        "key",
        unique=True,
        sqlite_where=IS_OPEN,
        postgresql_where=IS_OPEN,
    ),
    Index("operations_page_tenant", "tenant", "id"),
    Index(
        "operations_page_about", "tenant", "about", sqlite_where=IS_OPEN, postgresql_where=IS_OPEN
    ),
    Index("operations_page_open", "id", sqlite_where=IS_OPEN, postgresql_where=IS_OPEN),
    Index(
        "operations_page_holding",
        "holds_until",
        sqlite_where=IS_HOLDING,
        postgresql_where=IS_HOLDING,
    ),
)

steps = Table(
    "operations_page_step",
    metadata,
    Column("page", String, primary_key=True),
    Column("level", String, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("tenant", String, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("lasting", Boolean, nullable=False),
    Column("state", String, nullable=False),
    Column("at", BigInteger),
    Column("told", Text, nullable=False),
    Column("why", Text, nullable=False),
    Index(
        "operations_page_step_due",
        "due_at",
        sqlite_where=IS_WAITING,
        postgresql_where=IS_WAITING,
    ),
)
"""The ledger: one row a step that a page promises, and what was kept of it."""

changes = Table(
    "operations_page_change",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("page", String, nullable=False, index=True),
    Column("tenant", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("what", String, nullable=False),
    Column("by", String, nullable=False),
    Column("words", Text, nullable=False),
    Column("severity", String, nullable=False),
    Column("flags", Text, nullable=False),
)

alerts = Table(
    "operations_page_alert",
    metadata,
    Column("page", String, primary_key=True),
    Column("alert", Integer, primary_key=True, autoincrement=False),
    Column("tenant", String, nullable=False),
    Index("operations_page_alert_alert", "alert"),
)
"""The alerts that a page is about."""

secrets = Table(
    "operations_page_secret",
    metadata,
    # Of a secret that one person got: with it they acknowledge one page, once.
    Column("digest", String, primary_key=True),
    Column("page", String, nullable=False, index=True),
    Column("tenant", String, nullable=False),
    Column("person", String, nullable=False),
    Column("principal", String, nullable=False),
    Column("expires_at", BigInteger, nullable=False, index=True),
    Column("used_at", BigInteger),
)

lates = Table(
    "operations_page_late",
    metadata,
    Column("page", String, primary_key=True),
    Column("step", String, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("why", Text, nullable=False),
)
"""What the auditor found."""

tables = (policies, versions, pages, steps, changes, alerts, secrets, lates)
