"""What committed fields are found by. On SQLite it has a file of its own, and this stays empty."""

import sqlalchemy as sa
from alembic import op

revision = "0031_field_search"
down_revision = "0030_contacts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Expand: the release before this one still runs on it."""
    for name in ("read_fields", "read_fields_beside"):
        op.create_table(
            name,
            sa.Column("log", sa.Integer(), autoincrement=False, nullable=False),
            sa.Column("term", sa.BigInteger(), autoincrement=False, nullable=False),
            sa.Column("at", sa.BigInteger(), autoincrement=False, nullable=False),
            sa.Column("idx", sa.BigInteger(), autoincrement=False, nullable=False),
            sa.Column("key", sa.BigInteger(), nullable=False),
            sa.PrimaryKeyConstraint("log", "term", "at", "idx"),
            sqlite_with_rowid=False,
        )
