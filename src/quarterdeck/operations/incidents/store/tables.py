"""Tables of incidents: one row each, its timeline, its action items, and what it is about."""

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

NAMED, KEYED = text("war_room <> ''"), text("key <> ''")

incidents = Table(
    "operations_incident",
    metadata,
    Column("id", String, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("severity", String, nullable=False),
    Column("stage", String, nullable=False),
    Column("is_open", Boolean, nullable=False),
    Column("is_closed", Boolean, nullable=False),
    Column("key", String, nullable=False),
    Column("war_room", String, nullable=False),
    Column("declared_at", BigInteger, nullable=False),
    Column("acknowledged_at", BigInteger),
    Column("resolved_at", BigInteger),
    Column("entries", Integer, nullable=False),
    Column("spec", Text, nullable=False),
    Index("operations_incident_tenant", "tenant", "declared_at"),
    # What is declared twice for the same cause is one incident, while it is open.
    Index(
        "operations_incident_key",
        "tenant",
        "key",
        unique=True,
        sqlite_where=text("is_open AND key <> ''"),
        postgresql_where=text("is_open AND key <> ''"),
    ),
    Index(
        "operations_incident_room",
        "tenant",
        "war_room",
        unique=True,
        sqlite_where=NAMED,
        postgresql_where=NAMED,
    ),
)

entries = Table(
    "operations_incident_entry",
    metadata,
    Column("incident", String, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("kind", String, nullable=False),
    Column("by", String, nullable=False),
    Column("text", Text, nullable=False),
    Column("link", Text, nullable=False),
    Column("key", String, nullable=False),
    # What writes itself is written once, however often it is heard of.
    Index(
        "operations_incident_entry_key",
        "incident",
        "key",
        unique=True,
        sqlite_where=KEYED,
        postgresql_where=KEYED,
    ),
)

actions = Table(
    "operations_incident_action",
    metadata,
    Column("incident", String, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("text", Text, nullable=False),
    Column("owner", String, nullable=False),
    Column("due_at", BigInteger),
    Column("made_at", BigInteger, nullable=False),
    Column("done_at", BigInteger),
    Column("done_by", String, nullable=False),
    Index("operations_incident_action_tenant", "tenant", "incident"),
)

links = Table(
    "operations_incident_link",
    metadata,
    Column("tenant", String, primary_key=True),
    Column("about", String, primary_key=True),
    Column("incident", String, primary_key=True),
)

bulletins = Table(
    "operations_incident_bulletin",
    metadata,
    Column("incident", String, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("audience", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("spec", Text, nullable=False),
    Index("operations_incident_bulletin_tenant", "tenant", "at"),
)

numbers = Table(
    "operations_incident_number",
    metadata,
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("last", Integer, nullable=False),
)

tables = (incidents, entries, actions, links, bulletins, numbers)
