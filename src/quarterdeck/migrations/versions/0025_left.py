"""Alerts that left their groups under other labels; sources of inhibition that fire no more."""

import sqlalchemy as sa
from alembic import op

revision = "0025_left"
down_revision = "0024_policy_name_keys"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Expand: the release before this one still runs on it."""
    op.add_column("operations_alert", sa.Column("was", sa.Text(), nullable=True))
    op.create_table(
        "operations_alert_left",
        sa.Column("group", sa.String(), nullable=False),
        sa.Column("alert", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("labels", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("group", "alert", "fingerprint"),
    )
    op.execute(
        "DELETE FROM operations_alert_source WHERE alert IN"
        " (SELECT id FROM operations_alert WHERE state = 'resolved')"
    )
