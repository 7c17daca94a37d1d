"""Where purge records stand in the log."""

import sqlalchemy as sa
from alembic import op

revision = "0015_purge_marks"
down_revision = "0014_holds"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Expand: the release before this one still runs on it."""
    op.create_table(
        "trail_purge_mark",
        sa.Column("log", sa.String(), nullable=False),
        sa.Column("leaf", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("end", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("log", "leaf"),
    )
