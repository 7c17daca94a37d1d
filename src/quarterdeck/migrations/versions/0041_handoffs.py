"""Notes of who ends a shift for who begins."""

import sqlalchemy as sa
from alembic import op

revision = "0041_handoffs"
down_revision = "0040_sync_by_changes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Expand: the release before this one still runs on it."""
    op.create_table(
        "operations_handoff",
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("schedule", sa.String(), nullable=False),
        sa.Column("turns_at", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("giver", sa.String(), nullable=False),
        sa.Column("taker", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("taken_by", sa.String(), nullable=False),
        sa.Column("taken_at", sa.BigInteger(), nullable=True),
        sa.Column("found", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "id"),
        sa.UniqueConstraint("tenant", "schedule", "turns_at"),
    )
