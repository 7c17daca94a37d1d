"""Resources of a connection that is new lie together in every index, by how their ids begin."""

import sqlalchemy as sa
from alembic import op

revision = "0045_connection_prefixes"
down_revision = "0044_budget_scopes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Expand: the release before this one still runs on it.

    That release knows no prefix: of a directory that is connected while both run, it takes the
    resources for others. So connect directories before, or after.
    """
    new = sa.Column("prefix", sa.String(), server_default="", nullable=False)
    op.add_column("governance_connection", new)
