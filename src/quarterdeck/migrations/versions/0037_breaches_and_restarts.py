"""Promises about retention and residency that are broken, and restarts that were tried."""

import sqlalchemy as sa
from alembic import op

revision = "0037_breaches_and_restarts"
down_revision = "0036_people_statuspage"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Expand: the release before this one still runs on it."""
    op.create_table(
        "trail_compliance_scan",
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("rules", sa.String(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("tail", sa.BigInteger(), nullable=False),
        sa.Column("going", sa.Text(), nullable=False),
        sa.Column("fresh", sa.Text(), nullable=False),
        sa.Column("known", sa.Text()),
        sa.Column("rounds", sa.BigInteger(), nullable=False),
        sa.Column("judged", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant"),
    )
    op.create_table(
        "trail_breach",
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("promise", sa.String(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("records", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger()),
        sa.Column("investigation", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "promise"),
    )
    op.create_table(
        "operations_restart",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("environment", sa.String(), nullable=False),
        sa.Column("service", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("result", sa.String(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "operations_restart_service",
        "operations_restart",
        ["tenant", "environment", "service", "number"],
    )
    op.create_index("operations_restart_at", "operations_restart", ["at"])
