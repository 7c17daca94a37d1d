"""Tables of status pages: page, components and their spans, posts and updates, subscribers."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, Table, Text, text

from quarterdeck.kernel.db import metadata

GOES_ON, ANNOUNCES = text("until IS NULL"), text("maintenance <> ''")

pages = Table(
    "status_pages",
    metadata,
    Column("tenant", String, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("slug", String, nullable=False, unique=True),
    Column("published", Boolean, nullable=False),
    Column("spec", Text, nullable=False),
    Column("by", String, nullable=False),
    Column("at", BigInteger, nullable=False),
)

components = Table(
    "status_components",
    metadata,
    Column("tenant", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("position", Integer, nullable=False),
    Column("environment", String, nullable=False),
    Column("service", String, nullable=False),
    Column("spec", Text, nullable=False),
    Column("said", String),
    Column("post", String),
    Column("by", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("status_components_service", "tenant", "environment", "service"),
)

spans = Table(
    "status_component_spans",
    metadata,
    Column("tenant", String, primary_key=True),
    Column("component", String, primary_key=True),
    Column("since", BigInteger, primary_key=True),
    Column("until", BigInteger),
    Column("status", String, nullable=False),
    # A component is in one state at a time, whoever of two is quicker to say in which.
    Index(
        "status_component_spans_now",
        "tenant",
        "component",
        unique=True,
        sqlite_where=GOES_ON,
        postgresql_where=GOES_ON,
    ),
)

posts = Table(
    "status_posts",
    metadata,
    Column("id", String, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("kind", String, nullable=False),
    Column("maintenance", String, nullable=False),
    Column("is_open", Boolean, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("spec", Text, nullable=False),
    Index("status_posts_tenant", "tenant", "id"),
    # A window is announced once, however often it is heard of.
    Index(
        "status_posts_maintenance",
        "tenant",
        "maintenance",
        unique=True,
        sqlite_where=ANNOUNCES,
        postgresql_where=ANNOUNCES,
    ),
)

updates = Table(
    "status_updates",
    metadata,
    Column("id", String, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("post", String, nullable=False),
    Column("spec", Text, nullable=False),
    Index("status_updates_post", "tenant", "post", "id"),
)

subscribers = Table(
    "status_subscribers",
    metadata,
    Column("id", String, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("address", String, nullable=False),
    Column("digest", String, nullable=False),
    Column("asks", Integer, nullable=False),
    Column("asked_since", BigInteger, nullable=False),
    Column("asked_at", BigInteger, nullable=False),
    Column("confirmed_at", BigInteger),
    Index("status_subscribers_address", "tenant", "address", unique=True),
    Index("status_subscribers_digest", "digest"),
)

tables = (pages, components, spans, posts, updates, subscribers)
