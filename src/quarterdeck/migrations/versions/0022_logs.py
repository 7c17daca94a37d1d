"""What keeps logs from being dropped."""

import sqlalchemy as sa
from alembic import op

revision = "0022_logs"
down_revision = "0021_policy_since"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Expand: the release before this one still runs on it."""
    op.create_table(
        "operations_log_hold",
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "cause"),
    )
