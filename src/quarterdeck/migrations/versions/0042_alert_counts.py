"""How many alerts are in each state, so that nobody counts a hundred thousand to show it."""

import sqlalchemy as sa
from alembic import op

revision = "0042_alert_counts"
down_revision = "0041_handoffs"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Expand: the release before this one still runs on it; the worker counts what it does not."""
    op.create_table(
        "operations_alert_count",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("by", sa.Integer(), nullable=False),
    )
    op.create_index("operations_alert_count_state", "operations_alert_count", ["tenant", "state"])
    op.execute(
        'INSERT INTO operations_alert_count (tenant, state, "by") '
        "SELECT tenant, state, count(*) FROM operations_alert "
        "WHERE state <> 'resolved' GROUP BY tenant, state"
    )
