"""What came into each log while an investigation of all was open."""

import sqlalchemy as sa
from alembic import op

revision = "0038_quarantines"
down_revision = "0037_breaches_and_restarts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Expand: the release before this one still runs on it."""
    op.create_table(
        "trail_quarantine",
        sa.Column("investigation", sa.String(), nullable=False),
        sa.Column("log", sa.String(), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("end", sa.BigInteger()),
        sa.PrimaryKeyConstraint("investigation", "log"),
    )
    op.create_index("ix_trail_quarantine_log", "trail_quarantine", ["log"])
