"""The tables of alerts."""

from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
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
from quarterdeck.operations.alerts.model import Alert, AlertState, Severity, Sign

# Once, for indexes and queries: a partial index is used only where its very condition stands.
IS_LIVE = text("state <> 'resolved'")
IS_UNROUTED = text("routed = 0 AND state <> 'resolved'")
IS_LASTING = text("expires_at IS NOT NULL AND state <> 'resolved'")

alerts = Table(
    "operations_alert",
    metadata,
    # A number, for runbook 000 writes it into addresses by hand (section 10.3).
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("key", String, nullable=False),
    Column("tenant", String, nullable=False),
    Column("type", String, nullable=False),
    Column("severity", String, nullable=False),
    Column("title", String, nullable=False),
    Column("labels", Text, nullable=False),
    Column("annotations", Text, nullable=False),
    Column("state", String, nullable=False),
    Column("starts_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("times", Integer, nullable=False),
    Column("ends_at", BigInteger),
    Column("resolved_by", String, nullable=False),
    Column("fingerprint", String, nullable=False, server_default=""),
    Column("generator_url", Text, nullable=False, server_default=""),
    Column("expires_at", BigInteger),
    Column("guessed", Boolean, nullable=False, server_default=text("false")),
    Column("acknowledged_at", BigInteger),
    Column("acknowledged_by", String, nullable=False, server_default=""),
    # The version of the tenant's routing that has put it into its groups; 0: none yet.
    Column("routed", Integer, nullable=False, server_default="0"),
    # The labels under which it is in its groups, where they have changed since.
    Column("was", Text),
    # Whoever comes second finds the first's row here.
    Index(
        "operations_alert_live", "key", unique=True, sqlite_where=IS_LIVE, postgresql_where=IS_LIVE
    ),
    Index("operations_alert_tenant", "tenant", "state"),
    Index(
        "operations_alert_newest", "tenant", "id", sqlite_where=IS_LIVE, postgresql_where=IS_LIVE
    ),
    Index("operations_alert_type", "tenant", "type"),
    Index("operations_alert_fingerprint", "tenant", "fingerprint"),
    Index(
        "operations_alert_expiring",
        "expires_at",
        sqlite_where=IS_LASTING,
        postgresql_where=IS_LASTING,
    ),
    Index(
        "operations_alert_unrouted",
        "tenant",
        sqlite_where=IS_UNROUTED,
        postgresql_where=IS_UNROUTED,
    ),
    sqlite_autoincrement=True,  # an id that was in somebody's shell never means another alert
)

changes = Table(
    "operations_alert_change",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("alert", Integer, nullable=False, index=True),
    Column("tenant", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("state", String, nullable=False),
    Column("by", String, nullable=False),
    Column("words", Text, nullable=False),
)

# By how much the number in a state has changed; the sum is how many there are.
counts = Table(
    "operations_alert_count",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("tenant", String, nullable=False),
    Column("state", String, nullable=False),
    Column("by", Integer, nullable=False),
    Index("operations_alert_count_state", "tenant", "state"),
)

tables = (alerts, changes, counts)


def alert_of(row: Row[Any]) -> Alert:
    """A row of ``alerts`` as a value."""
    # To ask a row itself by name takes eight times as long, and there may be 100,000 of them.
    said = dict(zip(row._fields, row, strict=True))
    return Alert(
        id=said["id"],
        sign=Sign(
            key=said["key"],
            tenant=said["tenant"],
            type=said["type"],
            severity=Severity(said["severity"]),
            title=said["title"],
            labels=orjson.loads(said["labels"]),
            annotations=orjson.loads(said["annotations"]),
            generator_url=said["generator_url"],
        ),
        fingerprint=said["fingerprint"],
        state=AlertState(said["state"]),
        starts_at=instant(said["starts_at"]),
        seen_at=instant(said["seen_at"]),
        times=said["times"],
        expires_at=_at(said["expires_at"]),
        guessed=said["guessed"],
        ends_at=_at(said["ends_at"]),
        resolved_by=said["resolved_by"],
        acknowledged_at=_at(said["acknowledged_at"]),
        acknowledged_by=said["acknowledged_by"],
        was=None if said["was"] is None else orjson.loads(said["was"]),
    )


def _at(moment: int | None) -> datetime | None:
    return None if moment is None else instant(moment)
