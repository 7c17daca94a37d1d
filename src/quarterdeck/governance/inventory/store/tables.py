"""Tables of the inventory.

The bodies stand apart: a list of resources reads none of them, and stays small to scan.
"""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text, text

from quarterdeck.kernel.db import metadata

LIVE = text("deleted_at IS NULL")
MOVED = text("was <> ''")


def _live(name: str, *columns: str) -> Index:
    return Index(name, *columns, sqlite_where=LIVE, postgresql_where=LIVE)


resources = Table(
    "governance_resource",
    metadata,
    Column("id", String, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("connection", String, nullable=False),
    Column("subscription", String, nullable=False),
    Column("cloud_id", String, nullable=False),
    Column("name", String, nullable=False),
    Column("type", String, nullable=False),
    # Folded, to sort and to compare by: clouds mind no case in either.
    Column("name_key", String, nullable=False),
    Column("type_key", String, nullable=False),
    Column("location", String, nullable=False),
    Column("hash", String, nullable=False),
    Column("first_seen", BigInteger, nullable=False),
    # Written with the row alone; a listing that changes nothing writes its subscription.
    Column("seen_at", BigInteger, nullable=False),
    Column("deleted_at", BigInteger),
    Column("group_key", String, nullable=False, server_default=""),
    # The edition of the rules that its findings come from.
    Column("judged", Integer, nullable=False, server_default="0"),
    Column("was", String, nullable=False, server_default=""),
    Index(
        "governance_resource_page",
        "type_key",
        "name_key",
        "id",
        "location",  # so that a filter by it reads the index alone, or whether it is there
        "deleted_at",
    ),
    Index(
        "governance_resource_tenant",
        "tenant",
        "type_key",
        "name_key",
        "id",
        "location",  # so that a filter by it reads the index alone, or whether it is there
        "deleted_at",
    ),
    Index("governance_resource_subscription", "connection", "subscription"),
    # One for each order and each filter that may find few among many.
    _live("governance_resource_name", "name_key", "id"),
    _live("governance_resource_tenant_name", "tenant", "name_key", "id"),
    _live("governance_resource_newest", "first_seen", "id"),
    _live("governance_resource_tenant_newest", "tenant", "first_seen", "id"),
    _live("governance_resource_location", "location", "type_key", "name_key", "id"),
    Index("governance_resource_was", "was", sqlite_where=MOVED, postgresql_where=MOVED),
    _live("governance_resource_group", "group_key", "type_key", "name_key", "id"),
)

bodies = Table(
    "governance_resource_body",
    metadata,
    Column(
        "resource",
        String,
        ForeignKey("governance_resource.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("body", Text, nullable=False),
)

tags = Table(
    "governance_resource_tag",
    metadata,
    Column(
        "resource",
        String,
        ForeignKey("governance_resource.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("name", String, primary_key=True),
    Column("name_key", String, nullable=False),
    Column("value", String, nullable=False),
    # The resource's own, once more: a page of those that bear a tag is then read in order
    # from one index, however many they are.
    Column("tenant", String, nullable=False, server_default=""),
    Column("type_key", String, nullable=False, server_default=""),
    Column("sort_key", String, nullable=False, server_default=""),
    Column("location", String, nullable=False, server_default=""),
    Index(
        "governance_resource_tag_value",
        *("name_key", "value", "type_key", "sort_key", "resource", "tenant", "location"),
    ),
    Index(
        "governance_resource_tag_any",
        *("name_key", "type_key", "sort_key", "resource", "tenant", "location"),
    ),
)

findings = Table(
    "governance_resource_finding",
    metadata,
    Column(
        "resource",
        String,
        ForeignKey("governance_resource.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("rule", String, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("verdict", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("since", BigInteger, nullable=False),
    Index("governance_resource_finding_rule", "rule", "verdict", "resource"),
    Index("governance_resource_finding_tenant", "tenant", "rule", "verdict", "resource"),
)

changes = Table(
    "governance_resource_change",
    metadata,
    Column("run", String, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("resource", String, nullable=False),
    Column("cloud_id", String, nullable=False),
    Column("what", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("before", String, nullable=False),
    Column("after", String, nullable=False),
    Column("replaced", Text, nullable=False),
    Index("governance_resource_change_resource", "resource", "at"),
)

subscriptions = Table(
    "governance_subscription",
    metadata,
    Column("connection", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("name", String, nullable=False),
    Column("state", String, nullable=False),
    # The last listing that was followed to its end; NULL before the first.
    Column("listed_at", BigInteger),
)

editions = Table(
    "governance_edition",
    metadata,
    Column("tenant", String, primary_key=True),
    # One more whenever a resource of the tenant changes: what is counted holds until then.
    Column("edition", BigInteger, nullable=False),
)
