"""Series of metrics, and their points."""

import sqlalchemy as sa
from alembic import op

revision = "0015_series"
down_revision = "0015_purge_marks"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Expand: the release before this one still runs on it."""
    op.create_table(
        "operations_chunk",
        sa.Column("series", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("start", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("end", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("series", "start"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "operations_family",
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("help", sa.Text(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "name"),
    )
    op.create_table(
        "operations_point",
        sa.Column("slot", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("series", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("bits", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("slot", "series", "at"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "operations_rollup",
        sa.Column("series", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("step_s", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("start", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("end", sa.BigInteger(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("series", "step_s", "start"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "operations_series",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("labels", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "operations_series_known", "operations_series", ["tenant", "digest"], unique=True
    )
    op.create_index("operations_series_name", "operations_series", ["tenant", "name"])
    op.create_table(
        "operations_unrolled",
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("series", sa.Integer(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("day", "series"),
        sqlite_with_rowid=False,
    )
