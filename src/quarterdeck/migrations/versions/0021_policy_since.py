"""Policy states: when all were last read, and up to when evaluations were seen."""

import sqlalchemy as sa
from alembic import op

revision = "0021_policy_since"
down_revision = "0020_policy_names"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Expand: the release before this one still runs on it."""
    for name in ("full_at", "evaluated_until"):
        op.add_column("governance_compliance_heard", sa.Column(name, sa.BigInteger()))
