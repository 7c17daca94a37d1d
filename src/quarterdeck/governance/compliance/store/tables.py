"""Tables of compliance. Bodies stand apart: lists and sums read none of them."""

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    text,
)

from quarterdeck.kernel.db import metadata

LIVE = text("closed_at IS NULL")

states = Table(
    "governance_policy_state",
    metadata,
    Column("id", String, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("connection", String, nullable=False),
    Column("subscription", String, nullable=False),
    Column("resource", String, nullable=False),
    # Folded, to sort and to compare by: clouds mind no case in ids.
    Column("resource_key", String, nullable=False),
    Column("resource_type", String, nullable=False),
    Column("location", String, nullable=False),
    Column("resource_group", String, nullable=False),
    Column("assignment", String, nullable=False),
    Column("assignment_name", String, nullable=False),
    Column("policy", String, nullable=False),
    Column("policy_name", String, nullable=False),
    Column("policy_set", String, nullable=False),
    Column("policy_set_name", String, nullable=False),
    Column("category", String, nullable=False),
    Column("effect", String, nullable=False),
    Column("word", String, nullable=False),
    Column("verdict", String, nullable=False),
    # The verdict before this one; NULL where there was none.
    Column("was", String),
    Column("evaluated_at", BigInteger),
    Column("hash", String, nullable=False),
    Column("first_seen", BigInteger, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("closed_at", BigInteger),
    Index(
        "governance_policy_state_page",
        "resource_key",
        "id",
        sqlite_where=LIVE,
        postgresql_where=LIVE,
    ),
    Index(
        "governance_policy_state_tally",
        "tenant",
        "subscription",
        "resource_group",
        "assignment_name",
        "policy_name",
        "verdict",
        sqlite_where=LIVE,
        postgresql_where=LIVE,
    ),
    Index(
        "governance_policy_state_drift",
        "verdict",
        "since",
        "id",
        sqlite_where=LIVE,
        postgresql_where=LIVE,
    ),
    Index("governance_policy_state_subscription", "connection", "subscription"),
)

bodies = Table(
    "governance_policy_state_body",
    metadata,
    Column(
        "state",
        String,
        ForeignKey("governance_policy_state.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("body", Text, nullable=False),
)

changes = Table(
    "governance_policy_change",
    metadata,
    Column("run", String, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("state", String, nullable=False),
    Column("cloud_id", String, nullable=False),
    Column("what", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("before", String, nullable=False),
    Column("after", String, nullable=False),
    Column("was", String),
    Column("became", String),
    Index("governance_policy_change_state", "state", "at"),
)

scores = Table(
    "governance_secure_score",
    metadata,
    Column("connection", String, primary_key=True),
    Column("subscription", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("title", String, nullable=False),
    Column("current", Double),
    Column("most", Double),
    Column("body", Text, nullable=False),
    Column("read_at", BigInteger, nullable=False),
)

# What people call policies, sets and assignments; a title that is empty is not known.
names = Table(
    "governance_policy_name",
    metadata,
    Column("tenant", String, primary_key=True),
    # The cloud's id, folded, and its last part.
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("title", String, nullable=False),
    Column("read_at", BigInteger, nullable=False),
    # Folded here: SQLite's lower() knows ASCII alone. Empty too where the release before wrote.
    Column("title_key", String, nullable=False, server_default=""),
    Index("governance_policy_name_title", "tenant", "title_key"),
)

advice = Table(
    "governance_advice",
    metadata,
    Column("id", String, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("connection", String, nullable=False),
    Column("subscription", String, nullable=False),
    Column("cloud_id", String, nullable=False),
    Column("category", String, nullable=False),
    Column("impact", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("resource", String, nullable=False),
    Column("concerned", String, nullable=False),
    Column("problem", Text, nullable=False),
    Column("solution", Text, nullable=False),
    Column("updated_at", BigInteger),
    Column("hash", String, nullable=False),
    Column("body", Text, nullable=False),
    Column("first_seen", BigInteger, nullable=False),
    Column("closed_at", BigInteger),
    Index("governance_advice_subscription", "connection", "subscription"),
    Index("governance_advice_tenant", "tenant", "id", sqlite_where=LIVE, postgresql_where=LIVE),
)

heard = Table(
    "governance_compliance_heard",
    metadata,
    Column("connection", String, primary_key=True),
    Column("subscription", String, primary_key=True),
    Column("part", String, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("name", String, nullable=False),
    # The last reading that was followed to its end; NULL before the first.
    Column("read_at", BigInteger),
    Column("failure", Text, nullable=False),
    Column("missing", Text, nullable=False),
    # Of policy states: the last reading of all of them, and the newest evaluation that was
    # seen, by the cloud's clock.
    Column("full_at", BigInteger),
    Column("evaluated_until", BigInteger),
    # Of that reading: items, and those of them that could not be read.
    Column("items", Integer, nullable=False, server_default="0"),
    Column("unread", Integer, nullable=False, server_default="0"),
)

# How each day ended, by subscription: the last reading of the day. A day without one has no row.
days = Table(
    "governance_compliance_day",
    metadata,
    Column("connection", String, primary_key=True),
    Column("subscription", String, primary_key=True),
    Column("day", String, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("compliant", Integer, nullable=False),
    Column("non_compliant", Integer, nullable=False),
    Column("not_known", Integer, nullable=False),
    Column("exempt", Integer, nullable=False),
    Column("not_applicable", Integer, nullable=False),
    Column("points", Double),
    Column("most_points", Double),
    Index("governance_compliance_day_tenant", "tenant", "day"),
)

checks = Table(
    "governance_compliance_check",
    metadata,
    Column("id", String, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("framework", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("by", String, nullable=False),
    Column("result", String, nullable=False),
    Column("reason", Text, nullable=False),
    Column("as_of", BigInteger),
    # Tally and findings, JSON: read whole, never searched.
    Column("found", Text, nullable=False),
    Index("governance_compliance_check_tenant", "tenant", "id"),
)
