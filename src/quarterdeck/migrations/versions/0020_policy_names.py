"""What people call policies, policy sets and assignments."""

import sqlalchemy as sa
from alembic import op

revision = "0020_policy_names"
down_revision = "0019_unread"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Expand: the release before this one still runs on it."""
    op.create_table(
        "governance_policy_name",
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("read_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    op.create_index("governance_policy_name_title", "governance_policy_name", ["tenant", "title"])
