"""The table of messages."""

from typing import Any

import msgspec
from sqlalchemy import BigInteger, Column, Index, Integer, Row, String, Table, Text, text

from quarterdeck.kernel.clock import instant
from quarterdeck.kernel.db import metadata
from quarterdeck.operations.messages.model import SENDING, WAITING, Content, Message, Urgency

# Once, for indexes and queries: a partial index is used only where its very condition stands.
IS_OPEN = text(f"state IN ('{WAITING}', '{SENDING}')")

messages = Table(
    "operations_message",
    metadata,
    # Ids of one moment are in no order, and a resolve must not come before its trigger.
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("id", String, nullable=False, unique=True),
    Column("tenant", String, nullable=False),
    Column("key", String, nullable=False),
    Column("about", String, nullable=False),
    Column("way", String, nullable=False),
    Column("channel", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("address", String, nullable=False),
    Column("person", String, nullable=False),
    Column("urgency", String, nullable=False),
    Column("content", Text, nullable=False),
    Column("state", String, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),  # while it is sent: the end of the lease
    Column("give_up_at", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("fence", Integer, nullable=False),
    Column("error", Text, nullable=False),
    Column("receipt", Text, nullable=False),
    Column("ended_at", BigInteger),
    Index("operations_message_key", "tenant", "key", "way", unique=True),
    Index("operations_message_about", "tenant", "about"),
    Index("operations_message_due", "due_at", sqlite_where=IS_OPEN, postgresql_where=IS_OPEN),
    Index("operations_message_way", "tenant", "way", "seq"),
    Index("operations_message_ended", "ended_at", "tenant"),
)

tables = (messages,)


def message_of(row: Row[Any]) -> Message:
    """A row of it."""
    fields = row._asdict()
    for name in ("created_at", "due_at", "give_up_at", "ended_at"):
        fields[name] = None if fields[name] is None else instant(fields[name])
    content = msgspec.json.decode(fields.pop("content"), type=Content)
    return Message(**fields | {"content": content, "urgency": Urgency(fields["urgency"])})
