"""Tables of the ledger of costs.

What is current stands apart from what was known before: the current tables have one row
for each thing and day, by their primary keys, so that no sum over them counts a cost twice.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from quarterdeck.kernel.db import metadata

series = Table(
    "governance_cost_series",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("scope", String, nullable=False),
    Column("cut", String, nullable=False),
    Column("currency", String, nullable=False),
    Column("label", String, nullable=False),
    Column("resource_group", String, nullable=False),
    UniqueConstraint("tenant", "scope", "cut", "currency", "label", "resource_group"),
)

entries = Table(
    "governance_cost",
    metadata,
    Column("series", Integer, primary_key=True, autoincrement=False),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("basis", String, primary_key=True),
    Column("known_from", BigInteger, nullable=False),
    Column("units", BigInteger, nullable=False),
    Column("nanos", Integer, nullable=False),
    sqlite_with_rowid=False,
)

past_entries = Table(
    "governance_cost_past",
    metadata,
    Column("series", Integer, primary_key=True, autoincrement=False),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("basis", String, primary_key=True),
    Column("known_from", BigInteger, primary_key=True, autoincrement=False),
    Column("known_until", BigInteger, nullable=False),
    Column("units", BigInteger, nullable=False),
    Column("nanos", Integer, nullable=False),
    sqlite_with_rowid=False,
)

# Sums of entries by tenant and by one dimension, each for every day (period YYYYMMDD) and
# for every month (YYYYMM). The order of the key is the order in which questions read it.
rollups = Table(
    "governance_cost_rollup",
    metadata,
    Column("basis", String, primary_key=True),
    Column("dimension", String, primary_key=True),
    Column("period", Integer, primary_key=True, autoincrement=False),
    Column("tenant", String, primary_key=True),
    Column("currency", String, primary_key=True),
    Column("value", String, primary_key=True),
    Column("known_from", BigInteger, nullable=False),
    Column("units", BigInteger, nullable=False),
    Column("nanos", Integer, nullable=False),
    # Entries in the sum: with the last of them the row goes, so that nothing is not 0.
    Column("entries", Integer, nullable=False),
    sqlite_with_rowid=False,
)

past_rollups = Table(
    "governance_cost_rollup_past",
    metadata,
    Column("basis", String, primary_key=True),
    Column("dimension", String, primary_key=True),
    Column("period", Integer, primary_key=True, autoincrement=False),
    Column("tenant", String, primary_key=True),
    Column("currency", String, primary_key=True),
    Column("value", String, primary_key=True),
    Column("known_from", BigInteger, primary_key=True, autoincrement=False),
    Column("known_until", BigInteger, nullable=False),
    Column("units", BigInteger, nullable=False),
    Column("nanos", Integer, nullable=False),
    Column("entries", Integer, nullable=False),
    sqlite_with_rowid=False,
)

observations = Table(
    "governance_cost_observation",
    metadata,
    Column("run", String, primary_key=True),
    Column("tenant", String, nullable=False),
    # A connection's id, or ``import``.
    Column("source", String, nullable=False),
    # What entries of this run bear as ``known_from``.
    Column("observed_at", BigInteger, nullable=False),
    Column("added", Integer, nullable=False),
    Column("restated", Integer, nullable=False),
    Column("lost", Integer, nullable=False),
    Index("governance_cost_observation_when", "tenant", "observed_at"),
)

scopes = Table(
    "governance_cost_scope",
    metadata,
    Column("tenant", String, primary_key=True),
    Column("scope", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("source", String, nullable=False),
    # When all of it was last read; NULL before the first time.
    Column("read_at", BigInteger),
    # The day (YYYYMMDD) from which on all days until then were read; NULL before the first time.
    Column("known_since", Integer),
    # Why it could not be read the last time; empty where it could.
    Column("missing", Text, nullable=False),
    # When the cloud first listed it no more; what it cost stays.
    Column("gone_at", BigInteger),
)

controls = Table(
    "governance_cost_control",
    metadata,
    Column("tenant", String, primary_key=True),
    Column("scope", String, primary_key=True),
    Column("cut", String, primary_key=True),
    Column("basis", String, primary_key=True),
    Column("month", Integer, primary_key=True, autoincrement=False),
    Column("currency", String, primary_key=True),
    Column("first", Integer, nullable=False),
    Column("last", Integer, nullable=False),
    # NULL: the cloud's own total is not known, and ``reason`` says why.
    Column("stated_units", BigInteger),
    Column("stated_nanos", Integer),
    Column("units", BigInteger, nullable=False),
    Column("nanos", Integer, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("verdict", String, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)

# Answers as they came, deflated: digits beyond a nano, and columns nobody here knows, stand here.
pages = Table(
    "governance_cost_page",
    metadata,
    Column("tenant", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("run", String, nullable=False),
    Column("scope", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

budgets = Table(
    "governance_cost_budget",
    metadata,
    Column("tenant", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("scope", String, nullable=False),
    Column("name", String, nullable=False),
    Column("read_at", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    Index("governance_cost_budget_scope", "tenant", "scope"),
)
