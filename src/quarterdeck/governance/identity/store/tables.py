"""Tables of identity: what the directory sent, how it changed, and what follows from it."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, Table, Text

from quarterdeck.kernel.db import metadata

items = Table(
    "governance_identity_item",
    metadata,
    Column("connection", String, primary_key=True),
    Column("kind", String, primary_key=True),
    # The group whose members, or the subscription whose assignments these are; else empty.
    Column("part", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("tenant", String, nullable=False),
    # Of what makes a change worth keeping; a sign-in is none.
    Column("hash", String, nullable=False),
    Column("digest", String, nullable=False),
    Column("body", Text, nullable=False),
    Column("first_seen", BigInteger, nullable=False),
    Column("deleted_at", BigInteger),
)

changes = Table(
    "governance_identity_change",
    metadata,
    Column("run", String, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("connection", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("item", String, nullable=False),
    Column("what", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("before", String, nullable=False),
    Column("after", String, nullable=False),
    Column("replaced", Text, nullable=False),
    Index("governance_identity_change_item", "tenant", "item", "at"),
)

listings = Table(
    "governance_identity_listing",
    metadata,
    Column("connection", String, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("part", String, primary_key=True),
    Column("tenant", String, nullable=False),
    # The last listing that was followed to its end; NULL before the first.
    Column("listed_at", BigInteger),
    # What the last one lacked: role, permission or licence; empty where it came to its end.
    Column("missing", Text, nullable=False),
    # What of it could not be read, where all else is known; empty where there is none.
    Column("unread", Text, nullable=False, server_default=""),
)

users = Table(
    "governance_identity_user",
    metadata,
    Column("connection", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("name", String, nullable=False),
    Column("sign_in_name", String, nullable=False),
    Column("name_key", String, nullable=False),
    Column("guest", Boolean, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("created_at", BigInteger),
    Column("last_sign_in", BigInteger),
    # When the account was last known to be used, or else made; NULL where that is not told.
    Column("active_at", BigInteger),
    Column("privileged", String, nullable=False),
    Column("roles", Text, nullable=False),
    Column("registered", String, nullable=False),
    Column("enforced", String, nullable=False),
    Column("why", Text, nullable=False),
    Index("governance_identity_user_page", "tenant", "name_key", "connection", "id"),
)

credentials = Table(
    "governance_identity_credential",
    metadata,
    Column("connection", String, primary_key=True),
    Column("object", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("holder", String, nullable=False),
    Column("client", String, nullable=False),
    Column("application", String, nullable=False),
    Column("name", String, nullable=False),
    Column("ends_at", BigInteger),
    Index("governance_identity_credential_end", "tenant", "ends_at"),
)
