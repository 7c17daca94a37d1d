"""Tables of programmes."""

from sqlalchemy import BigInteger, Column, Double, Index, String, Table, Text

from quarterdeck.kernel.db import metadata

programmes = Table(
    "governance_programme",
    metadata,
    Column("name", String, primary_key=True),
    # The definition, JSON: read whole, never searched.
    Column("spec", Text, nullable=False),
    Column("defined_at", BigInteger, nullable=False),
    Column("defined_by", String, nullable=False),
)

enabled = Table(
    "governance_programme_tenant",
    metadata,
    Column("programme", String, primary_key=True),
    Column("tenant", String, primary_key=True),
    Column("enabled_at", BigInteger, nullable=False),
)

evidence = Table(
    "governance_programme_evidence",
    metadata,
    Column("id", String, primary_key=True),
    Column("programme", String, nullable=False),
    Column("tenant", String, nullable=False),
    Column("requirement", String, nullable=False),
    Column("state", String, nullable=False),
    Column("link", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("expires", String),
    Column("by", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("governance_programme_evidence_of", "programme", "tenant", "requirement", "id"),
)

results = Table(
    "governance_programme_result",
    metadata,
    Column("programme", String, primary_key=True),
    Column("tenant", String, primary_key=True),
    Column("requirement", String, primary_key=True),
    Column("state", String, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)

# How each day ended; a day on which nobody looked has no row.
maturity = Table(
    "governance_programme_day",
    metadata,
    Column("programme", String, primary_key=True),
    Column("tenant", String, primary_key=True),
    Column("day", String, primary_key=True),
    Column("met", Double, nullable=False),
    Column("unmet", Double, nullable=False),
    Column("not_known", Double, nullable=False),
)
