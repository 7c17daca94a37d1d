"""What a sync could not read of whole listings; runs that make the data current."""

import sqlalchemy as sa
from alembic import op

revision = "0019_unread"
down_revision = "0018_routing"
branch_labels = None
depends_on = None

COUNTS = (
    ("governance_sync_run", "unread"),
    ("governance_sync_latest", "seen"),
    ("governance_sync_latest", "unread"),
    ("governance_compliance_heard", "items"),
    ("governance_compliance_heard", "unread"),
)


def upgrade() -> None:
    """Expand: the release before this one still runs on it."""
    no = sa.text("false")
    op.add_column(
        "governance_sync_run",
        sa.Column("whole", sa.Boolean(), nullable=False, server_default=no),
    )
    op.execute(
        "UPDATE governance_sync_run SET whole = true "
        "WHERE state = 'success' OR (state = 'partial' AND failure = '')"
    )
    for table, column in COUNTS:
        many = sa.Column(column, sa.Integer(), nullable=False, server_default="0")
        op.add_column(table, many)
    fewest = sa.Column("fewest", sa.Integer(), nullable=False, server_default="3")
    op.add_column("governance_sync_policy", fewest)
    unread = sa.Column("unread", sa.Text(), nullable=False, server_default="")
    op.add_column("governance_identity_listing", unread)
