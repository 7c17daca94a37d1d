"""From where changes are read, what they missed, and what is not known to be gone."""

import sqlalchemy as sa
from alembic import op

revision = "0040_sync_by_changes"
down_revision = "0039_cards"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Expand: the release before this one still runs on it."""
    op.create_table(
        "governance_sync_doubt",
        sa.Column("connection", sa.String(), nullable=False),
        sa.Column("domain", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("subscription", sa.String(), nullable=False),
        sa.Column("items", sa.Integer(), nullable=False),
        sa.Column("again", sa.Boolean(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("connection", "domain", "place"),
    )
    op.create_table(
        "governance_sync_mark",
        sa.Column("connection", sa.String(), nullable=False),
        sa.Column("domain", sa.String(), nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("whole_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("connection", "domain", "part"),
    )
    op.add_column("governance_sync_run", sa.Column("since", sa.BigInteger()))
    op.add_column(
        "governance_sync_run",
        sa.Column("drift", sa.Integer(), server_default="0", nullable=False),
    )
