"""The tables of routing."""

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
from quarterdeck.operations.routing.notification import SENDING, WAITING

# Once, for indexes and queries: a partial index is used only where its very condition stands.
IS_OPEN = text(f"state IN ('{WAITING}', '{SENDING}')")

configs = Table(
    "operations_routing",
    metadata,
    Column("tenant", String, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("text", Text, nullable=False),
    Column("by", String, nullable=False),
    Column("at", BigInteger, nullable=False),
)

turns = Table(
    "operations_routing_turn",
    metadata,
    # Whoever decides for a tenant holds its row: two workers never decide the same.
    Column("tenant", String, primary_key=True),
    Column("taken", BigInteger, nullable=False),
)

groups = Table(
    "operations_alert_group",
    metadata,
    Column("id", String, primary_key=True),  # of tenant, route and labels, hashed
    Column("tenant", String, nullable=False),
    Column("route", String, nullable=False),
    Column("key", Text, nullable=False),
    Column("labels", Text, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("flushed", Boolean, nullable=False),
    Index("operations_alert_group_due", "due_at"),
    Index("operations_alert_group_tenant", "tenant"),
)

members = Table(
    "operations_alert_member",
    metadata,
    Column("group", String, primary_key=True),
    Column("alert", Integer, primary_key=True, autoincrement=False),
    Column("tenant", String, nullable=False),
    Index("operations_alert_member_alert", "alert"),
)

left = Table(
    "operations_alert_left",
    metadata,
    # Whose labels changed, and who is to be told of its end under those it had in a group.
    Column("group", String, primary_key=True),
    Column("alert", Integer, primary_key=True, autoincrement=False),
    Column("fingerprint", String, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("labels", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)

sources = Table(
    "operations_alert_source",
    metadata,
    # Which alerts inhibit others: the rule, and what they have in common with these, hashed.
    Column("common", String, primary_key=True),
    Column("alert", Integer, primary_key=True, autoincrement=False),
    Column("tenant", String, nullable=False),
    Column("both", Boolean, nullable=False),  # it is a target of the same rule too
    Index("operations_alert_source_alert", "alert"),
)

told = Table(
    "operations_told",
    metadata,
    # What each receiver was told last of each group: repeat_interval holds across restarts.
    Column("id", String, primary_key=True),  # of tenant, group key, receiver and webhook, hashed
    Column("tenant", String, nullable=False),
    Column("firing", Text, nullable=False),
    Column("resolved", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("forget_at", BigInteger, nullable=False, index=True),
)

notifications = Table(
    "operations_notification",
    metadata,
    Column("id", String, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("told", String, nullable=False),
    Column("group", String, nullable=False),
    Column("key", Text, nullable=False),
    Column("receiver", String, nullable=False),
    Column("webhook", Integer, nullable=False),
    Column("firing", Text, nullable=False),
    Column("resolved", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("forget_after", BigInteger, nullable=False),
    Column("state", String, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),  # while it is sent: the end of the lease
    Column("attempts", Integer, nullable=False),
    Column("fence", Integer, nullable=False),
    Column("error", Text, nullable=False),
    Column("ended_at", BigInteger),
    Index(
        "operations_notification_open",
        "told",
        unique=True,
        sqlite_where=IS_OPEN,
        postgresql_where=IS_OPEN,
    ),
    Index("operations_notification_due", "due_at", sqlite_where=IS_OPEN, postgresql_where=IS_OPEN),
    Index("operations_notification_tenant", "tenant", "created_at"),
    Index("operations_notification_ended", "ended_at", "tenant"),
)

tables = (configs, turns, groups, members, left, sources, told, notifications)
