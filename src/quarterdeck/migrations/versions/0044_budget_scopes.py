"""Budgets are found by their subscription, not among all of a tenant's."""

from alembic import op

revision = "0044_budget_scopes"
down_revision = "0043_audiences"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Expand: the release before this one still runs on it."""
    op.create_index("governance_cost_budget_scope", "governance_cost_budget", ["tenant", "scope"])
