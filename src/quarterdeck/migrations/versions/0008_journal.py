"""The trail's journal: which idempotency tags were used, where leaves stand in tables."""

import sqlalchemy as sa
from alembic import op

revision = "0008_journal"
down_revision = "0007_alerts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Expand: the release before this one still runs on it."""
    op.create_table(
        "trail_tag",
        sa.Column("log", sa.String(), nullable=False),
        sa.Column("tag", sa.LargeBinary(), nullable=False),
        sa.Column("idx", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("log", "tag"),
    )
