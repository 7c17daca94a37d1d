"""Status pages: components and their history, posts, subscribers."""

import sqlalchemy as sa
from alembic import op

revision = "0036_people_statuspage"
down_revision = "0035_rule_baselines"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Expand: the release before this one still runs on it."""
    op.create_table(
        "status_pages",
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("published", sa.Boolean(), nullable=False),
        sa.Column("spec", sa.Text(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant"),
        sa.UniqueConstraint("slug"),
    )
    _components()
    _posts()
    _subscribers()


def _components() -> None:
    goes_on = sa.text("until IS NULL")
    op.create_table(
        "status_components",
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("environment", sa.String(), nullable=False),
        sa.Column("service", sa.String(), nullable=False),
        sa.Column("spec", sa.Text(), nullable=False),
        sa.Column("said", sa.String(), nullable=True),
        sa.Column("post", sa.String(), nullable=True),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "name"),
    )
    followed = ["tenant", "environment", "service"]
    op.create_index("status_components_service", "status_components", followed)
    op.create_table(
        "status_component_spans",
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("component", sa.String(), nullable=False),
        sa.Column("since", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "component", "since"),
    )
    op.create_index(
        "status_component_spans_now",
        "status_component_spans",
        ["tenant", "component"],
        unique=True,
        sqlite_where=goes_on,
        postgresql_where=goes_on,
    )


def _posts() -> None:
    announces = sa.text("maintenance <> ''")
    op.create_table(
        "status_posts",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("maintenance", sa.String(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("spec", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("status_posts_tenant", "status_posts", ["tenant", "id"])
    op.create_index(
        "status_posts_maintenance",
        "status_posts",
        ["tenant", "maintenance"],
        unique=True,
        sqlite_where=announces,
        postgresql_where=announces,
    )
    op.create_table(
        "status_updates",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("post", sa.String(), nullable=False),
        sa.Column("spec", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("status_updates_post", "status_updates", ["tenant", "post", "id"])


def _subscribers() -> None:
    op.create_table(
        "status_subscribers",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("asks", sa.Integer(), nullable=False),
        sa.Column("asked_since", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("confirmed_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "status_subscribers_address", "status_subscribers", ["tenant", "address"], unique=True
    )
    op.create_index("status_subscribers_digest", "status_subscribers", ["digest"])
