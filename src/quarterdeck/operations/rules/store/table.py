"""The tables of rules."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    Row,
    String,
    Table,
    Text,
    text,
)

from quarterdeck.kernel.clock import instant
from quarterdeck.kernel.db import metadata
from quarterdeck.operations.rules.document import kept
from quarterdeck.operations.rules.model import Kept, Standing, State, Version

rules = Table(
    "operations_rule",
    metadata,
    Column("tenant", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("text", Text, nullable=False),
    Column("by", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("state", String, nullable=False),
    Column("reason", Text, nullable=False),
    Column("value", Float),
    Column("firing", Integer, nullable=False, server_default=text("0")),
    Column("pending", Integer, nullable=False, server_default=text("0")),
    Column("unknown", Integer, nullable=False, server_default=text("0")),
    Column("series", Integer, nullable=False, server_default=text("0")),
    Column("evaluated_at", BigInteger),
)
"""What holds, and what it says; a rule that was deleted has versions alone."""

versions = Table(
    "operations_rule_version",
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

instances = Table(
    "operations_rule_instance",
    metadata,
    Column("tenant", String, primary_key=True),
    Column("rule", String, primary_key=True),
    Column("fingerprint", String, primary_key=True),
    Column("labels", Text, nullable=False),
    Column("state", String, nullable=False),
    Column("known", Boolean, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("true_at", BigInteger, nullable=False),
    Column("fired_at", BigInteger),
    Column("value", Float),
    Column("why", Text, nullable=False),
)
"""What of a rule is pending or fires."""

rounds = Table(
    "operations_rule_round",
    metadata,
    Column("tenant", String, primary_key=True),
    Column("due_at", BigInteger, nullable=False),
    Column("fence", Integer, nullable=False),
    Column("evaluated_at", BigInteger),
    Column("not_before", BigInteger, nullable=False),
    Index("operations_rule_round_due", "due_at"),
)
"""Whose turn it is to evaluate the rules of a tenant, and when."""

baselines = Table(
    "operations_rule_baseline",
    metadata,
    Column("tenant", String, primary_key=True),
    Column("rule", String, primary_key=True),
    Column("since", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("by", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("usual", Text, nullable=False),
)
"""What was usual of the numbers that a rule looks at."""

tables = (rules, versions, instances, rounds, baselines)


def version_of(row: Row[Any]) -> Version:
    """A row of ``versions`` as a value."""
    return Version(
        tenant=row.tenant,
        name=row.name,
        version=row.version,
        text=row.text,
        by=row.by,
        at=instant(row.at),
        how=row.how,
        why=row.why,
    )


def kept_of(row: Row[Any]) -> Kept:
    """A row of ``rules`` as a value."""
    return Kept(
        tenant=row.tenant,
        version=row.version,
        text=row.text,
        by=row.by,
        at=instant(row.at),
        rule=kept(row.text),
        standing=Standing(
            state=State(row.state) if row.enabled else State.DISABLED,
            reason=row.reason,
            value=row.value,
            firing=row.firing,
            pending=row.pending,
            unknown=row.unknown,
            series=row.series,
            at=None if row.evaluated_at is None else instant(row.evaluated_at),
        ),
    )
