"""What is usual of the numbers that rules look at."""

import sqlalchemy as sa
from alembic import op

revision = "0035_rule_baselines"
down_revision = "0034_people_incidents"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Expand: the release before this one still runs on it."""
    op.create_table(
        "operations_rule_baseline",
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("usual", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "rule"),
    )
