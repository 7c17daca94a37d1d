"""What people call policies, folded, so that it is found in any case and alphabet."""

import sqlalchemy as sa
from alembic import op

revision = "0024_policy_name_keys"
down_revision = "0023_segment_verdicts"
branch_labels = None
depends_on = None

NAMES = "governance_policy_name"
INDEX = "governance_policy_name_title"
NAMED = sa.text(f"SELECT DISTINCT title FROM {NAMES} WHERE title <> ''")  # noqa: S608  no input
FOLD = sa.text(f"UPDATE {NAMES} SET title_key = :key WHERE title = :title")  # noqa: S608  no input


def upgrade() -> None:
    """Expand: the release before this one still runs on it."""
    op.add_column(NAMES, sa.Column("title_key", sa.String(), server_default="", nullable=False))
    _fold()
    op.drop_index(INDEX, NAMES)
    op.create_index(INDEX, NAMES, ["tenant", "title_key"])


def _fold() -> None:
    # Not in SQL: SQLite's lower() knows ASCII alone.
    db = op.get_bind()
    for title in db.scalars(NAMED).all():
        db.execute(FOLD, {"title": title, "key": title.casefold()})
