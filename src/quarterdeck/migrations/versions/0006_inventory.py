"""Inventory: orders, groups, moves, findings, search; views and exports that are kept."""

import sqlalchemy as sa
from alembic import op

from quarterdeck.governance.inventory.store import search

revision = "0006_inventory"
down_revision = "0005_identity"
branch_labels = None
depends_on = None

LIVE = sa.text("deleted_at IS NULL")
MOVED = sa.text("was <> ''")

INDEXES = {
    "governance_resource_name": ["name_key", "id"],
    "governance_resource_tenant_name": ["tenant", "name_key", "id"],
    "governance_resource_newest": ["first_seen", "id"],
    "governance_resource_tenant_newest": ["tenant", "first_seen", "id"],
    "governance_resource_location": ["location", "type_key", "name_key", "id"],
    "governance_resource_group": ["group_key", "type_key", "name_key", "id"],
}
"""Of live resources."""

GROUPS = {
    "sqlite": """
        UPDATE governance_resource SET group_key = substr(
            lower(cloud_id) || '/', instr(lower(cloud_id), '/resourcegroups/') + 16,
            instr(substr(lower(cloud_id) || '/',
                instr(lower(cloud_id), '/resourcegroups/') + 16), '/') - 1)
        WHERE instr(lower(cloud_id), '/resourcegroups/') > 0
        """,
    "postgresql": """
        UPDATE governance_resource SET group_key =
            split_part(split_part(lower(cloud_id), '/resourcegroups/', 2), '/', 1)
        WHERE strpos(lower(cloud_id), '/resourcegroups/') > 0
        """,
}

TAGS = """
    UPDATE governance_resource_tag SET (tenant, type_key, sort_key, location) = (
        SELECT tenant, type_key, name_key, location FROM governance_resource
        WHERE governance_resource.id = governance_resource_tag.resource)
    """


def upgrade() -> None:
    """Expand: the release before this one still runs on it."""
    _resources()
    _tags()
    _findings()
    _kept()
    op.execute(GROUPS[op.get_bind().dialect.name])
    op.execute(TAGS)
    search.create(op.get_bind())


def _resources() -> None:
    for column in (
        sa.Column("group_key", sa.String(), server_default="", nullable=False),
        sa.Column("judged", sa.Integer(), server_default="0", nullable=False),
        sa.Column("was", sa.String(), server_default="", nullable=False),
    ):
        op.add_column("governance_resource", column)
    for name, columns in (
        ("governance_resource_page", ["type_key", "name_key", "id"]),
        ("governance_resource_tenant", ["tenant", "type_key", "name_key", "id"]),
    ):
        op.drop_index(name, "governance_resource")
        op.create_index(name, "governance_resource", [*columns, "location", "deleted_at"])
    for name, columns in INDEXES.items():
        op.create_index(
            name, "governance_resource", columns, sqlite_where=LIVE, postgresql_where=LIVE
        )
    op.create_index(
        "governance_resource_was",
        "governance_resource",
        ["was"],
        sqlite_where=MOVED,
        postgresql_where=MOVED,
    )


def _tags() -> None:
    for name in ("tenant", "type_key", "sort_key", "location"):
        column = sa.Column(name, sa.String(), server_default="", nullable=False)
        op.add_column("governance_resource_tag", column)
    order = ["type_key", "sort_key", "resource", "tenant", "location"]
    op.drop_index("governance_resource_tag_name", "governance_resource_tag")
    op.create_index(
        "governance_resource_tag_value", "governance_resource_tag", ["name_key", "value", *order]
    )
    op.create_index("governance_resource_tag_any", "governance_resource_tag", ["name_key", *order])


def _findings() -> None:
    op.create_table(
        "governance_resource_finding",
        sa.Column("resource", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["resource"], ["governance_resource.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("resource", "rule"),
    )
    op.create_index(
        "governance_resource_finding_rule",
        "governance_resource_finding",
        ["rule", "verdict", "resource"],
    )
    op.create_index(
        "governance_resource_finding_tenant",
        "governance_resource_finding",
        ["tenant", "rule", "verdict", "resource"],
    )


def _kept() -> None:
    op.create_table(
        "governance_export",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("wanted", sa.Text(), nullable=False),
        sa.Column("form", sa.String(), nullable=False),
        sa.Column("every", sa.BigInteger(), nullable=False),
        sa.Column("kept", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("tenant", "name", name="governance_export_tenant_name"),
    )
    op.create_table(
        "governance_export_file",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("export", sa.String(), nullable=False),
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("form", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["export"], ["governance_export.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "governance_export_file_newest", "governance_export_file", ["export", "at", "id"]
    )
    op.create_table(
        "access_view",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("principal", sa.String(), nullable=False),
        sa.Column("page", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("principal", "page", "name", name="access_view_name"),
    )
