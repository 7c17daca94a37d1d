"""Who hears of which alerts: configurations, groups, notifications."""

import sqlalchemy as sa
from alembic import op

revision = "0018_routing"
down_revision = "0017_alerting"
branch_labels = None
depends_on = None

OPEN = sa.text("state IN ('waiting', 'sending')")


def upgrade() -> None:
    """Expand: the release before this one still runs on it."""
    op.create_table(
        "operations_routing",
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "version"),
    )
    op.create_table(
        "operations_routing_turn",
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("taken", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant"),
    )
    op.create_table(
        "operations_alert_group",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("route", sa.String(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("labels", sa.Text(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("flushed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("operations_alert_group_due", "operations_alert_group", ["due_at"])
    op.create_index("operations_alert_group_tenant", "operations_alert_group", ["tenant"])
    op.create_table(
        "operations_alert_member",
        sa.Column("group", sa.String(), nullable=False),
        sa.Column("alert", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("tenant", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("group", "alert"),
    )
    op.create_index("operations_alert_member_alert", "operations_alert_member", ["alert"])
    op.create_table(
        "operations_alert_source",
        sa.Column("common", sa.String(), nullable=False),
        sa.Column("alert", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("both", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("common", "alert"),
    )
    op.create_index("operations_alert_source_alert", "operations_alert_source", ["alert"])
    op.create_table(
        "operations_told",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("firing", sa.Text(), nullable=False),
        sa.Column("resolved", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("forget_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_operations_told_forget_at", "operations_told", ["forget_at"])
    _notifications()


def _notifications() -> None:
    op.create_table(
        "operations_notification",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("told", sa.String(), nullable=False),
        sa.Column("group", sa.String(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("receiver", sa.String(), nullable=False),
        sa.Column("webhook", sa.Integer(), nullable=False),
        sa.Column("firing", sa.Text(), nullable=False),
        sa.Column("resolved", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("forget_after", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    for name, columns, where, unique in (
        ("open", ["told"], OPEN, True),
        ("due", ["due_at"], OPEN, False),
        ("tenant", ["tenant", "created_at"], None, False),
        ("ended", ["ended_at", "tenant"], None, False),
    ):
        op.create_index(
            f"operations_notification_{name}",
            "operations_notification",
            columns,
            unique=unique,
            sqlite_where=where,
            postgresql_where=where,
        )
